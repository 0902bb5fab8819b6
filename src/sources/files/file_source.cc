// SPDX-License-Identifier: Apache-2.0
#include "sources/files/file_source.h"

#include <utility>

#include "columnar/byte_stream.h"
#include "ledger/records.h"

namespace outfall::sources {
namespace {

constexpr std::size_t hash_read_bytes = std::size_t{1} << 20;
constexpr std::string_view stdin_path = "-";

}  // namespace

Result<std::unique_ptr<FileSource>> FileSource::make(FileSourceOptions options) {
  Result<std::vector<Input>> listed = list_inputs(options.named, options.table);
  if (!listed) return fail(std::move(listed.error()));
  std::vector<normalize::SourceInput> inputs;
  inputs.reserve(listed->size());
  for (Input& input : *listed) {
    // A pipe can be read once, whatever name it has; only what is sent to standard input may have a key.
    const bool is_stream = input.path == stdin_path || input.mtime_ns == 0;
    std::string identity = is_stream ? "" : input.path;
    if (input.path == stdin_path && !options.run_key.empty())
      identity = std::string(ledger::run_key_prefix) + options.run_key;
    std::string name = input.path == stdin_path ? "standard input" : "";
    inputs.push_back({.path = std::move(input.path),
                      .name = std::move(name),
                      .table = std::move(input.table),
                      .identity = std::move(identity),
                      .is_stream = is_stream,
                      .size = input.size,
                      .mtime_ns = input.mtime_ns});
  }
  return std::unique_ptr<FileSource>(new FileSource(std::move(options), std::move(inputs)));
}

FileSource::FileSource(FileSourceOptions options, std::vector<normalize::SourceInput> inputs)
    : options_(std::move(options)),
      on_stop_(options_.stop, [this] { cancelled_.request_stop(); }),
      inputs_(std::move(inputs)),
      skipped_(inputs_.size()),
      contents_(inputs_.size()),
      pool_(options_.memory_bytes),
      csv_({.csv = options_.csv,
            .workers = options_.workers,
            .chunk_bytes = options_.chunk_bytes,
            .spool_folder = options_.spool_folder}) {}

Result<normalize::InputContent> FileSource::survey(std::size_t input) {
  auto stream = columnar::open_byte_stream(
      {.path = inputs_[input].path, .name = inputs_[input].called(), .stop = cancelled_.get_token()});
  if (!stream) return fail(std::move(stream.error()));
  std::vector<std::byte> buffer(hash_read_bytes);
  while (true) {
    const Result<std::size_t> count = (*stream)->read(buffer);
    if (!count) return fail(count.error());
    if (*count > 0) continue;
    columnar::RawContent content = (*stream)->raw_content();
    return normalize::InputContent{.bytes = content.bytes, .hash = std::move(content.hash), .grew = content.grew};
  }
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
    bytes_current_ = reader_->stream().raw_bytes() / (csv_.contains(current_) ? 2 : 1);
    if (*chunk) return chunk;
    if (Status finished = finish_current(); !finished) return fail(std::move(finished.error()));
  }
}

std::uint64_t FileSource::bytes_read() const {
  // Separated text is read twice, and each time it counts half.
  return bytes_finished_ + bytes_current_ + csv_.bytes_surveyed() / 2;
}

/// Finds out what the separated text among the inputs holds.
Status FileSource::prepare() {
  std::vector<CsvInputs::Input> inputs;
  for (std::size_t i = 0; i < inputs_.size(); ++i) {
    const std::string& path = inputs_[i].path;
    if (skipped_[i] || options_.format.value_or(format_of_file(path)) != InputFormat::csv) continue;
    inputs.push_back({.index = i,
                      .path = path,
                      .name = inputs_[i].called(),
                      .table = inputs_[i].table,
                      .is_file = !inputs_[i].is_stream});
  }
  return csv_.survey(inputs, cancelled_.get_token());
}

Result<std::unique_ptr<columnar::ByteStream>> FileSource::open(std::size_t input) const {
  if (csv_.contains(input)) return csv_.open(input, cancelled_.get_token());
  return columnar::open_byte_stream(
      {.path = inputs_[input].path, .name = inputs_[input].called(), .stop = cancelled_.get_token()});
}

Status FileSource::open_current() {
  normalize::SourceInput& input = inputs_[current_];
  auto stream = open(current_);
  if (!stream) return fail(std::move(stream.error()));
  const columnar::FileFacts& facts = (*stream)->facts();
  input.size = facts.size.value_or(0);
  input.mtime_ns = facts.mtime_ns.value_or(0);
  reader_ = std::make_unique<DocumentReader>(
      std::move(*stream), pool_,
      DocumentReaderOptions{.name = input.called(),
                            .input = static_cast<std::uint32_t>(current_),
                            .chunk_bytes = options_.chunk_bytes,
                            .csv = csv_.contains(current_) ? csv_.layout(current_) : nullptr,
                            .csv_header = csv_.header(),
                            .stop = cancelled_.get_token()});
  return {};
}

Status FileSource::finish_current() {
  columnar::RawContent content = reader_->stream().raw_content();
  const bool is_csv = csv_.contains(current_);
  if (is_csv) {
    Result<columnar::RawContent> checked = csv_.content(current_, std::move(content));
    if (!checked) return fail(std::move(checked.error()));
    content = std::move(*checked);
  }
  bytes_current_ = 0;
  bytes_finished_ += is_csv ? content.bytes / 2 : content.bytes;
  contents_[current_] = {.bytes = content.bytes, .hash = std::move(content.hash), .grew = content.grew};
  reader_.reset();
  ++current_;
  return {};
}

}  // namespace outfall::sources
