// SPDX-License-Identifier: Apache-2.0
#include "sources/files/file_source.h"

#include <fmt/format.h>

#include <utility>

#include "columnar/byte_stream.h"
#include "columnar/csv_record.h"
#include "ledger/records.h"
#include "sources/files/rows_reader.h"

namespace outfall::sources {
namespace {

constexpr std::string_view stdin_path = "-";

}  // namespace

Result<std::unique_ptr<FileSource>> FileSource::make(FileSourceOptions options) {
  Result<std::vector<Input>> listed = list_inputs(options.named, options.table, options.folders, options.missing);
  if (!listed) return fail(std::move(listed.error()));
  std::vector<normalize::SourceInput> inputs;
  std::vector<std::string> left_out;
  inputs.reserve(listed->size());
  for (Input& input : *listed) {
    if (!input.left_out_as.empty()) {
      left_out.push_back(std::move(input.left_out_as));
      continue;
    }
    // A pipe can be read once, whatever name it has; only what is sent to standard input may have a key.
    const bool is_there = input.presence == normalize::Presence::there;
    const bool is_stream = input.path == stdin_path || (input.mtime_ns == 0 && is_there);
    std::string identity = is_stream || !is_there ? "" : input.path;
    const bool has_key = input.path == stdin_path && !options.run_key.empty();
    if (has_key) identity = std::string(ledger::run_key_prefix) + options.run_key;
    std::string name = input.path == stdin_path ? "standard input" : "";
    const InputFormat format = options.format.value_or(format_of_file(input.path));
    inputs.push_back({.path = std::move(input.path),
                      .name = std::move(name),
                      .table = std::move(input.table),
                      .group = std::move(input.group),
                      .identity = std::move(identity),
                      .run_key = has_key ? options.run_key : std::string(),
                      .is_stream = is_stream,
                      .is_columns = is_columns(format),
                      .presence = input.presence,
                      .size = input.size,
                      .mtime_ns = input.mtime_ns});
  }
  std::unique_ptr<FileSource> source(new FileSource(std::move(options), std::move(inputs)));
  source->left_out_ = std::move(left_out);
  return source;
}

FileSource::FileSource(FileSourceOptions options, std::vector<normalize::SourceInput> inputs)
    : options_(std::move(options)),
      on_stop_(options_.stop, [this] { cancelled_.request_stop(); }),
      inputs_(std::move(inputs)),
      skipped_(inputs_.size()),
      faults_(inputs_.size()),
      contents_(inputs_.size()),
      pool_(options_.memory_bytes),
      csv_({.csv = options_.csv,
            .workers = options_.workers,
            .chunk_bytes = options_.chunk_bytes,
            .spool_folder = options_.spool_folder,
            .is_stated = options_.format.has_value()}) {
  for (std::size_t i = 0; i < inputs_.size(); ++i) skipped_[i] = inputs_[i].presence != normalize::Presence::there;
}

Result<normalize::InputContent> FileSource::survey(std::size_t input) {
  Result<normalize::InputContent> content = hash(input);
  // It is no content that was ever loaded.
  if (!content && take_fault(input, content.error())) return normalize::InputContent{};
  return content;
}

Result<normalize::InputContent> FileSource::hash(std::size_t input) const {
  auto stream = columnar::open_byte_stream(
      {.path = inputs_[input].path, .name = inputs_[input].called(), .stop = cancelled_.get_token()});
  if (!stream) return fail(std::move(stream.error()));
  Result<columnar::RawContent> content = columnar::read_to_end(**stream);
  if (!content) return fail(std::move(content.error()));
  return normalize::InputContent{.bytes = content->bytes, .hash = std::move(content->hash), .grew = content->grew};
}

Result<std::optional<normalize::Chunk>> FileSource::next() {
  if (!std::exchange(prepared_, true)) {
    if (Status prepared = prepare(); !prepared) return fail(std::move(prepared.error()));
  }
  while (true) {
    if (reader_ == nullptr) {
      while (current_ < inputs_.size() && skipped_[current_]) ++current_;
      if (current_ == inputs_.size()) return std::nullopt;
      if (Status opened = open_current(); !opened) return fail(std::move(opened.error()));
    }
    Result<std::optional<normalize::Chunk>> chunk = reader_->next();
    if (!chunk) return chunk;
    bytes_current_ = reader_->raw_bytes() / (csv_.contains(current_) ? 2 : 1);
    if (*chunk) return chunk;
    if (Status finished = finish_current(); !finished) return fail(std::move(finished.error()));
  }
}

Status FileSource::rewind() {
  current_ = 0;
  reader_.reset();
  bytes_current_ = 0;
  bytes_finished_ = 0;
  return {};
}

std::uint64_t FileSource::bytes_read() const {
  // Separated text is read twice, and each time it counts half.
  return bytes_finished_ + bytes_current_ + csv_.bytes_surveyed() / 2;
}

/// Finds out what the separated text among the inputs holds.
Status FileSource::prepare() {
  std::vector<CsvInputs::Input> inputs;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (skipped_[i] || format(i) != InputFormat::csv) continue;
    inputs.push_back({.index = i,
                      .path = inputs_[i].path,
                      .name = inputs_[i].called(),
                      .table = inputs_[i].table,
                      .is_file = !inputs_[i].is_stream});
  }
  const auto take = [this](std::size_t input, const Error& error) { return take_fault(input, error); };
  if (Status surveyed = csv_.survey(inputs, take, cancelled_.get_token()); !surveyed) return surveyed;
  return options_.on_bad_files == OnBadFiles::skip ? leave_out_bad() : Status();
}

/// What is bad in the middle of a file is known when rows of it are on their way: so all files are read before.
Status FileSource::leave_out_bad() {
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    if (skipped_[i] || inputs_[i].is_stream) continue;
    Status read = read_through(i);
    if (!read && !take_fault(i, read.error())) return read;
  }
  return {};
}

Status FileSource::read_through(std::size_t input) {
  auto reader = open_reader(input);
  if (!reader) return fail(std::move(reader.error()));
  columnar::CsvRecord record;
  while (true) {
    Result<std::optional<normalize::Chunk>> chunk = (*reader)->next();
    if (!chunk) return fail(std::move(chunk.error()));
    if (!*chunk) return {};
    const normalize::Chunk& read = **chunk;
    if (read.rows) continue;
    const normalize::DocumentSpan& last = read.documents.back();
    const std::string_view text(reinterpret_cast<const char*>(read.bytes.get()) + last.offset, last.length);
    // Such a field takes in all that follows, so only the last record can have it.
    const bool is_open = read.csv != nullptr && record.split(text, read.csv->dialect) == columnar::CsvFault::open_quote;
    const std::uint64_t line = last.line;
    pool_.give_back(std::move(**chunk));
    if (is_open) {
      return fail(fmt::format("{}, line {}: a quoted field of this record does not end", inputs_[input].called(), line),
                  "a quote inside a quoted field is written twice");
    }
  }
}

/// Whether the run goes on without the input.
bool FileSource::take_fault(std::size_t input, const Error& error) {
  const bool is_bad =
      options_.on_bad_files == OnBadFiles::skip && !inputs_[input].is_stream && error.blame != Blame::interrupted;
  if (!is_bad) return false;
  faults_[input] = error;
  skipped_[input] = true;
  csv_.leave_out(input);
  return true;
}

InputFormat FileSource::format(std::size_t input) const {
  return options_.format.value_or(format_of_file(inputs_[input].path));
}

bool FileSource::is_kept(std::size_t input) const {
  return options_.keeps_streams && inputs_[input].is_stream && format(input) != InputFormat::csv;
}

/// Where the bytes of an input are read from.
std::string FileSource::path(std::size_t input) const {
  const auto kept = kept_.find(input);
  return kept == kept_.end() ? inputs_[input].path : kept->second.spool.path();
}

Status FileSource::open_current() {
  if (is_kept(current_) && !kept_.contains(current_)) {
    const normalize::SourceInput& pipe = inputs_[current_];
    Result<KeptStream> kept =
        keep_stream({.path = pipe.path, .name = pipe.called(), .stop = cancelled_.get_token()}, options_.spool_folder);
    if (!kept) return fail(std::move(kept.error()));
    kept_.emplace(current_, std::move(*kept));
  }
  auto reader = open_reader(current_);
  if (!reader) return fail(std::move(reader.error()));
  normalize::SourceInput& input = inputs_[current_];
  const columnar::FileFacts& facts = (*reader)->facts();
  input.size = facts.size.value_or(0);
  input.mtime_ns = facts.mtime_ns.value_or(0);
  reader_ = std::move(*reader);
  return {};
}

Result<std::unique_ptr<ChunkReader>> FileSource::open_reader(std::size_t input) {
  const InputFormat written = format(input);
  if (!is_columns(written)) return open_documents(input);
  const RowsReaderOptions options{.path = path(input),
                                  .name = inputs_[input].called(),
                                  .input = static_cast<std::uint32_t>(input),
                                  .is_stream = inputs_[input].is_stream && !kept_.contains(input),
                                  .spool_folder = options_.spool_folder,
                                  .stop = cancelled_.get_token()};
  return written == InputFormat::parquet ? open_parquet_input(options) : open_arrow_input(options);
}

Result<std::unique_ptr<ChunkReader>> FileSource::open_documents(std::size_t input) {
  const bool is_csv = csv_.contains(input);
  auto stream = is_csv ? csv_.open(input, cancelled_.get_token())
                       : columnar::open_byte_stream(
                             {.path = path(input), .name = inputs_[input].called(), .stop = cancelled_.get_token()});
  if (!stream) return fail(std::move(stream.error()));
  return std::make_unique<DocumentReader>(std::move(*stream), pool_,
                                          DocumentReaderOptions{.name = inputs_[input].called(),
                                                                .input = static_cast<std::uint32_t>(input),
                                                                .chunk_bytes = options_.chunk_bytes,
                                                                .csv = is_csv ? csv_.layout(input) : nullptr,
                                                                .csv_header = csv_.header(),
                                                                .stop = cancelled_.get_token()});
}

Status FileSource::finish_current() {
  const bool is_csv = csv_.contains(current_);
  Result<columnar::RawContent> read = reader_->content();
  if (read && is_csv) read = csv_.content(current_, *read);
  if (!read) return fail(std::move(read.error()));
  if (const auto kept = kept_.find(current_); kept != kept_.end()) read = kept->second.content;
  columnar::RawContent& content = *read;
  bytes_current_ = 0;
  bytes_finished_ += is_csv ? content.bytes / 2 : content.bytes;
  contents_[current_] = {.bytes = content.bytes, .hash = std::move(content.hash), .grew = content.grew};
  reader_.reset();
  ++current_;
  return {};
}

}  // namespace outfall::sources
