// SPDX-License-Identifier: Apache-2.0
//
// Arrow IPC files are written through Arrow C++: column buffers go from the batch to the kernel without a copy between.
#include <arrow/api.h>
#include <arrow/c/bridge.h>
#include <arrow/ipc/writer.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/hash.h"
#include "columnar/ipc_file.h"
#include "columnar/ipc_file_dictionaries.h"
#include "columnar/ipc_file_parts.h"
#include "columnar/ipc_file_state.h"

namespace outfall::columnar {

ArrowSchema borrow(const ArrowSchema& schema) {
  ArrowSchema borrowed = schema;
  borrowed.release = [](ArrowSchema* consumed) { consumed->release = nullptr; };
  return borrowed;
}

arrow::ipc::IpcWriteOptions write_options() {
  arrow::ipc::IpcWriteOptions options = arrow::ipc::IpcWriteOptions::Defaults();
  options.alignment = static_cast<std::int32_t>(section_alignment);
  options.use_threads = false;  // nothing to compress, and no thread of Arrow's may outlive us
  options.emit_dictionary_deltas = true;
  return options;
}

namespace {

// Metadata and padding come in small pieces, which are gathered; anything as large as this goes to the kernel directly.
constexpr std::size_t write_buffer_bytes = std::size_t{64} << 10;
// A package is synced at its seal: by then most of it should be on the disk.
constexpr std::uint64_t write_back_bytes = std::uint64_t{8} << 20;

/// Arrow's view of a File. Errors of the File are kept as they are, so that their hints survive the way through Arrow.
class FileStream final : public arrow::io::OutputStream {
 public:
  explicit FileStream(File file)
      : file_(std::move(file)), buffer_(std::make_unique_for_overwrite<std::byte[]>(write_buffer_bytes)) {}

  using OutputStream::Write;

  arrow::Status Write(const void* data, int64_t count) override {
    const std::span bytes(static_cast<const std::byte*>(data), static_cast<std::size_t>(count));
    position_ += bytes.size();
    hash_.update(bytes);
    if (bytes.size() > write_buffer_bytes - buffered_) ARROW_RETURN_NOT_OK(Flush());
    if (bytes.size() >= write_buffer_bytes) return write(bytes);
    if (!bytes.empty()) std::memcpy(buffer_.get() + buffered_, bytes.data(), bytes.size());
    buffered_ += bytes.size();
    return arrow::Status::OK();
  }

  arrow::Status Flush() override { return write({buffer_.get(), std::exchange(buffered_, 0)}); }
  arrow::Status Close() override { return Flush(); }
  bool closed() const override { return false; }
  /// In the section, as which Arrow knows no more than a file.
  arrow::Result<int64_t> Tell() const override { return static_cast<int64_t>(position_ - section_begin_); }

  arrow::Status begin_section() {
    constexpr std::array<std::byte, section_alignment> nothing{};
    const std::uint64_t begin = section_begin(position_);
    ARROW_RETURN_NOT_OK(Write(nothing.data(), static_cast<int64_t>(begin - position_)));
    section_begin_ = begin;
    return arrow::Status::OK();
  }

  File& file() { return file_; }
  /// In the file.
  std::uint64_t position() const { return position_; }
  /// Of what was written since it was last asked for.
  std::string take_hash() { return std::exchange(hash_, ContentHash()).hex(); }
  const std::optional<Error>& error() const { return error_; }

 private:
  arrow::Status write(std::span<const std::byte> bytes) {
    if (Status written = file_.write(bytes); !written) {
      error_ = std::move(written).error();
      return arrow::Status::IOError(error_->message);
    }
    written_ += bytes.size();
    if (written_ - written_back_ >= write_back_bytes) {
      file_.begin_write_back(written_back_, written_ - written_back_);
      written_back_ = written_;
    }
    return arrow::Status::OK();
  }

  File file_;
  ContentHash hash_;
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t buffered_ = 0;
  std::uint64_t position_ = 0;
  std::uint64_t section_begin_ = 0;
  std::uint64_t written_ = 0;
  std::uint64_t written_back_ = 0;  ///< of these, the kernel was asked to bring to the disk
  std::optional<Error> error_;
};

}  // namespace

struct IpcFileWriter::State {
  std::string path;
  std::shared_ptr<FileStream> stream;
  std::uint64_t rows = 0;

  // Of the section in hand.
  std::shared_ptr<arrow::Schema> schema;
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer;
  std::shared_ptr<arrow::KeyValueMetadata> footer;  ///< written last
  DictionaryUnion dictionaries;
  std::vector<FilePart> parts;

  arrow::Status begin_section(const ArrowSchema& columns, const std::optional<SectionBefore>& before) {
    ArrowSchema borrowed = borrow(columns);
    ARROW_ASSIGN_OR_RAISE(schema, arrow::ImportSchema(&borrowed));
    ARROW_RETURN_NOT_OK(stream->begin_section());
    footer = std::make_shared<arrow::KeyValueMetadata>();
    if (before) footer->Append(section_before_key, section_before_text(*before));
    ARROW_ASSIGN_OR_RAISE(writer, arrow::ipc::MakeFileWriter(stream, schema, write_options(), footer));
    dictionaries = {};
    parts.clear();
    return arrow::Status::OK();
  }

  arrow::Status write(ArrowArray* array) {
    ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::RecordBatch> batch, arrow::ImportRecordBatch(array, schema));
    ARROW_ASSIGN_OR_RAISE(batch, dictionaries.extend(batch));
    const std::int64_t dictionaries_before = writer->stats().num_dictionary_batches;
    ARROW_RETURN_NOT_OK(writer->WriteRecordBatch(*batch));
    rows += static_cast<std::uint64_t>(batch->num_rows());
    parts.push_back({.bytes_end = stream->position(),
                     .rows_end = rows,
                     .has_dictionaries = writer->stats().num_dictionary_batches > dictionaries_before,
                     .hash = stream->take_hash()});
    return arrow::Status::OK();
  }

  arrow::Result<SectionBefore> end_section() {
    footer->Append(file_parts_key, file_parts_text(parts));
    ARROW_RETURN_NOT_OK(writer->Close());
    return SectionBefore{.bytes_end = stream->position(), .tail_hash = stream->take_hash()};
  }

  Error error(const arrow::Status& answer) const {
    if (stream->error()) return *stream->error();
    return {.message = fmt::format("cannot write {}: {}", path, answer.message()), .hint = ""};
  }
};

IpcFileWriter::IpcFileWriter(std::unique_ptr<State> state) : state_(std::move(state)) {}
IpcFileWriter::IpcFileWriter(IpcFileWriter&&) noexcept = default;
IpcFileWriter& IpcFileWriter::operator=(IpcFileWriter&&) noexcept = default;
IpcFileWriter::~IpcFileWriter() = default;

Result<IpcFileWriter> IpcFileWriter::create(const std::string& path, const ArrowSchema& schema) {
  Result<File> file = File::open(path, OpenMode::create_new);
  if (!file) return fail(std::move(file).error());
  auto state = std::make_unique<State>();
  state->path = path;
  state->stream = std::make_shared<FileStream>(std::move(*file));
  if (const arrow::Status begun = state->begin_section(schema, {}); !begun.ok()) return fail(state->error(begun));
  return IpcFileWriter(std::move(state));
}

Status IpcFileWriter::change_columns(const ArrowSchema& schema) {
  const arrow::Result<SectionBefore> before = state_->end_section();
  const arrow::Status changed = before.ok() ? state_->begin_section(schema, *before) : before.status();
  if (!changed.ok()) return fail(state_->error(changed));
  return {};
}

Status IpcFileWriter::append(ArrowArray* batch) {
  const arrow::Status written = state_->write(batch);
  if (batch->release != nullptr) batch->release(batch);
  if (!written.ok()) return fail(state_->error(written));
  return {};
}

IpcFileSize IpcFileWriter::size() const {
  return {.rows = state_->rows, .bytes = state_->stream->position()};
}

Result<IpcFileSize> IpcFileWriter::finish() {
  const arrow::Result<SectionBefore> last = state_->end_section();
  const arrow::Status closed = last.ok() ? state_->stream->Flush() : last.status();
  if (!closed.ok()) return fail(state_->error(closed));
  IpcFileSize finished = size();
  finished.hash = last->tail_hash;
  return finished;
}

Status IpcFileWriter::sync() {
  if (Status synced = state_->stream->file().sync_data(); !synced) return synced;
  return state_->stream->file().close();
}

}  // namespace outfall::columnar
