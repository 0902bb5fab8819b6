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
    const bool is_stream = input.path == stdin_path;
    std::string identity = is_stream ? "" : input.path;
    if (is_stream && !options.run_key.empty()) identity = std::string(ledger::run_key_prefix) + options.run_key;
    inputs.push_back({.path = std::move(input.path),
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
      pool_(options_.memory_bytes) {}

Result<normalize::InputContent> FileSource::survey(std::size_t input) {
  auto stream = columnar::open_byte_stream({.path = inputs_[input].path, .name = "", .stop = cancelled_.get_token()});
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
  while (true) {
    if (reader_ == nullptr) {
      while (current_ < inputs_.size() && skipped_[current_]) ++current_;
      if (current_ == inputs_.size()) return std::nullopt;
      if (Status opened = open_current(); !opened) return fail(std::move(opened.error()));
    }
    Result<std::optional<normalize::Chunk>> chunk = reader_->next();
    if (!chunk) return chunk;
    bytes_current_ = reader_->stream().raw_bytes();
    if (*chunk) return chunk;
    finish_current();
  }
}

Status FileSource::open_current() {
  normalize::SourceInput& input = inputs_[current_];
  auto stream = columnar::open_byte_stream({.path = input.path, .name = "", .stop = cancelled_.get_token()});
  if (!stream) return fail(std::move(stream.error()));
  const columnar::FileFacts& facts = (*stream)->facts();
  input.size = facts.size.value_or(0);
  input.mtime_ns = facts.mtime_ns.value_or(0);
  reader_ = std::make_unique<DocumentReader>(
      std::move(*stream), pool_,
      DocumentReaderOptions{.name = input.path == stdin_path ? "standard input" : input.path,
                            .input = static_cast<std::uint32_t>(current_),
                            .chunk_bytes = options_.chunk_bytes,
                            .stop = cancelled_.get_token()});
  return {};
}

void FileSource::finish_current() {
  columnar::RawContent content = reader_->stream().raw_content();
  bytes_current_ = 0;
  bytes_finished_ += content.bytes;
  contents_[current_] = {.bytes = content.bytes, .hash = std::move(content.hash), .grew = content.grew};
  reader_.reset();
  ++current_;
}

}  // namespace outfall::sources
