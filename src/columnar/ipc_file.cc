// SPDX-License-Identifier: Apache-2.0
//
// Arrow IPC files through Arrow C++. Column buffers go from the batch to the kernel, and from the mapping to the
// consumer, without a copy between.
#include "columnar/ipc_file.h"

#include <arrow/api.h>
#include <arrow/c/bridge.h>
#include <arrow/io/file.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/util/byte_size.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/hash.h"
#include "columnar/ipc_file_dictionaries.h"
#include "columnar/ipc_file_parts.h"
#include "columnar/ipc_file_state.h"

namespace outfall::columnar {

Error damaged(const std::string& path, const arrow::Status& answer) {
  return {.message = fmt::format("cannot read {}: the file is damaged ({})", path, answer.message()),
          .hint = "it cannot be delivered: `outfall package drop` gives the package up, then load its inputs again"};
}

namespace {

// Metadata and padding come in small pieces, which are gathered; anything as large as this goes to the kernel directly.
constexpr std::size_t write_buffer_bytes = std::size_t{64} << 10;
// A package is synced at its seal: by then most of it should be on the disk.
constexpr std::uint64_t write_back_bytes = std::uint64_t{8} << 20;
// Rows differ in size: no more than this is copied together, however many rows are wanted.
constexpr int64_t gathered_bytes_max = int64_t{64} << 20;
// Buffers begin at such offsets, which is what Arrow recommends for vector instructions.
constexpr int buffer_alignment = 64;

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
  arrow::Result<int64_t> Tell() const override { return static_cast<int64_t>(position_); }

  File& file() { return file_; }
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
  std::uint64_t written_ = 0;
  std::uint64_t written_back_ = 0;  ///< of these, the kernel was asked to bring to the disk
  std::optional<Error> error_;
};

/// An ArrowSchema that Arrow may consume while the owner keeps it: Arrow calls only the outermost release.
ArrowSchema borrow(const ArrowSchema& schema) {
  ArrowSchema borrowed = schema;
  borrowed.release = [](ArrowSchema* consumed) { consumed->release = nullptr; };
  return borrowed;
}

arrow::ipc::IpcWriteOptions write_options() {
  arrow::ipc::IpcWriteOptions options = arrow::ipc::IpcWriteOptions::Defaults();
  options.alignment = buffer_alignment;
  options.use_threads = false;  // nothing to compress, and no thread of Arrow's may outlive us
  options.emit_dictionary_deltas = true;
  return options;
}

arrow::ipc::IpcReadOptions read_options() {
  arrow::ipc::IpcReadOptions options = arrow::ipc::IpcReadOptions::Defaults();
  options.use_threads = false;
  return options;
}

/// Text is checked like binary: where it lies, not what it says.
std::shared_ptr<arrow::ArrayData> without_encoding(const std::shared_ptr<arrow::ArrayData>& column) {
  const bool is_runs = column->type->id() == arrow::Type::RUN_END_ENCODED;
  if (!is_runs && column->type->id() != arrow::Type::STRING) return column;
  std::shared_ptr<arrow::ArrayData> data = column->Copy();
  if (is_runs) {
    data->child_data[1] = without_encoding(data->child_data[1]);
    data->type = arrow::run_end_encoded(data->child_data[0]->type, data->child_data[1]->type);
  } else {
    data->type = arrow::binary();
  }
  return data;
}

/// Refuses offsets and dictionary indices that point outside their buffers; consumers trust them blindly.
arrow::Status check_bounds(const arrow::RecordBatch& batch) {
  for (const std::shared_ptr<arrow::Array>& column : batch.columns()) {
    ARROW_RETURN_NOT_OK(column->Validate());
    ARROW_RETURN_NOT_OK(arrow::MakeArray(without_encoding(column->data()))->ValidateFull());
  }
  return arrow::Status::OK();
}

}  // namespace

struct IpcFileWriter::State {
  std::string path;
  std::shared_ptr<arrow::Schema> schema;
  std::shared_ptr<FileStream> stream;
  std::shared_ptr<arrow::ipc::RecordBatchWriter> writer;
  std::shared_ptr<arrow::KeyValueMetadata> footer;  ///< written last
  DictionaryUnion dictionaries;
  std::vector<FilePart> parts;
  std::uint64_t rows = 0;

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

  arrow::Status finish() {
    footer->Append(file_parts_key, file_parts_text(parts));
    ARROW_RETURN_NOT_OK(writer->Close());
    return stream->Flush();
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
  ArrowSchema borrowed = borrow(schema);
  arrow::Result<std::shared_ptr<arrow::Schema>> imported = arrow::ImportSchema(&borrowed);
  if (!imported.ok()) {
    return fail(
        fmt::format("cannot write {}: its columns have no Arrow schema: {}", path, imported.status().message()));
  }
  Result<File> file = File::open(path, OpenMode::create_new);
  if (!file) return fail(std::move(file).error());

  auto state = std::make_unique<State>();
  state->path = path;
  state->schema = *imported;
  state->stream = std::make_shared<FileStream>(std::move(*file));
  state->footer = std::make_shared<arrow::KeyValueMetadata>();
  arrow::Result<std::shared_ptr<arrow::ipc::RecordBatchWriter>> writer =
      arrow::ipc::MakeFileWriter(state->stream, state->schema, write_options(), state->footer);
  if (!writer.ok()) return fail(state->error(writer.status()));
  state->writer = *writer;
  return IpcFileWriter(std::move(state));
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
  if (const arrow::Status closed = state_->finish(); !closed.ok()) return fail(state_->error(closed));
  IpcFileSize finished = size();
  finished.hash = state_->stream->take_hash();
  return finished;
}

Status IpcFileWriter::sync() {
  if (Status synced = state_->stream->file().sync_data(); !synced) return synced;
  return state_->stream->file().close();
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> read_checked_batch(const IpcFileReader::State& file, int index) {
  ARROW_RETURN_NOT_OK(file.check_part(static_cast<std::size_t>(index)));
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::RecordBatch> batch, file.reader->ReadRecordBatch(index));
  ARROW_RETURN_NOT_OK(check_bounds(*batch));
  const auto place = static_cast<std::size_t>(index);
  const std::int64_t begin = index == 0 ? 0 : file.batch_ends[place - 1];
  if (batch->num_rows() != file.batch_ends[place] - begin)
    return arrow::Status::Invalid("a batch has ", batch->num_rows(), " rows, and is said to end at row ",
                                  file.batch_ends[place]);
  return batch;
}

namespace {

/// Bytes of a mapped file that stay in memory behind those who read it.
constexpr int64_t bytes_held_max = int64_t{64} << 20;
/// A file is hashed in such pieces.
constexpr std::size_t hashed_bytes = std::size_t{256} << 10;

/// Pages that nobody looks at go; they are in the file.
void let_go(const arrow::Buffer& mapping) {
  (void)::madvise(const_cast<std::uint8_t*>(mapping.data()), static_cast<std::size_t>(mapping.size()), MADV_DONTNEED);
}

/// The batches of a file in order, each checked before a consumer sees it; `rows_wanted` rows together.
class FileBatches final : public arrow::RecordBatchReader {
 public:
  FileBatches(std::shared_ptr<const IpcFileReader::State> file, int64_t rows_wanted)
      : file_(std::move(file)), rows_wanted_(rows_wanted) {}

  std::shared_ptr<arrow::Schema> schema() const override { return file_->reader->schema(); }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    if (rest_ == nullptr && next_ == file_->reader->num_record_batches()) return arrow::Status::OK();
    arrow::Status read = gather(batch);
    if (read.ok()) return read;
    batch->reset();
    return read.WithMessage(damaged(file_->path, read).message);
  }

 private:
  arrow::Status gather(std::shared_ptr<arrow::RecordBatch>* batch) {
    if (rows_wanted_ == 0) return read_checked(batch);
    arrow::RecordBatchVector parts;
    int64_t missing = rows_wanted_;
    int64_t bytes = 0;
    while (missing > 0 && bytes < gathered_bytes_max &&
           (rest_ != nullptr || next_ < file_->reader->num_record_batches())) {
      if (rest_ == nullptr) ARROW_RETURN_NOT_OK(read_checked(&rest_));
      const int64_t taken = std::min(missing, rest_->num_rows());
      parts.push_back(rest_->Slice(0, taken));
      ARROW_ASSIGN_OR_RAISE(const int64_t size, arrow::util::ReferencedBufferSize(*parts.back()));
      bytes += size;
      rest_ = taken == rest_->num_rows() ? nullptr : rest_->Slice(taken);
      missing -= taken;
    }
    if (parts.size() == 1) {
      *batch = parts.front();
      return arrow::Status::OK();
    }
    return arrow::ConcatenateRecordBatches(parts).Value(batch);
  }

  arrow::Status read_checked(std::shared_ptr<arrow::RecordBatch>* batch) {
    ARROW_ASSIGN_OR_RAISE(*batch, read_checked_batch(*file_, next_++));
    ARROW_ASSIGN_OR_RAISE(const int64_t size, arrow::util::ReferencedBufferSize(**batch));
    bytes_touched_ += size;
    if (bytes_touched_ > bytes_held_max) {
      let_go(*file_->mapping);  // the batches before it, as a rule; what is still looked at comes back by itself
      bytes_touched_ = size;
    }
    return arrow::Status::OK();
  }

  std::shared_ptr<const IpcFileReader::State> file_;
  int64_t rows_wanted_;
  int64_t bytes_touched_ = 0;
  std::shared_ptr<arrow::RecordBatch> rest_;  ///< of the last batch that was read; null: none
  int next_ = 0;
};

/// In a file that does not say what its parts are, how many rows a batch has stands in front of it, all over the file.
/// The pages that were looked at are let go again and again: a file is not to be in memory as a whole for being
/// counted.
arrow::Result<std::vector<int64_t>> count_rows(arrow::ipc::RecordBatchFileReader& reader,
                                               const arrow::Buffer& mapping) {
  constexpr int batches_between = 256;
  std::vector<int64_t> ends;
  ends.reserve(static_cast<std::size_t>(reader.num_record_batches()));
  int64_t rows = 0;
  for (int i = 0; i < reader.num_record_batches(); ++i) {
    ARROW_ASSIGN_OR_RAISE(const std::shared_ptr<arrow::RecordBatch> batch, reader.ReadRecordBatch(i));
    rows += batch->num_rows();
    ends.push_back(rows);
    if ((i + 1) % batches_between == 0) let_go(mapping);
  }
  return ends;
}

}  // namespace

arrow::Result<BatchOfRow> find_batch(const IpcFileReader::State& file, std::int64_t row) {
  const auto end = std::ranges::upper_bound(file.batch_ends, row);
  if (end == file.batch_ends.end()) return arrow::Status::IndexError("it has no row ", row);
  const auto index = static_cast<int>(end - file.batch_ends.begin());
  return BatchOfRow{.index = index, .begin = index == 0 ? 0 : *(end - 1), .end = *end};
}

IpcFileReader::IpcFileReader(std::shared_ptr<State> state) : state_(std::move(state)) {}
IpcFileReader::IpcFileReader(IpcFileReader&&) noexcept = default;
IpcFileReader& IpcFileReader::operator=(IpcFileReader&&) noexcept = default;
IpcFileReader::~IpcFileReader() = default;

namespace {

arrow::Result<std::shared_ptr<arrow::Buffer>> file_of(const arrow::RecordBatch& batch) {
  ARROW_ASSIGN_OR_RAISE(const auto bytes, arrow::io::BufferOutputStream::Create());
  ARROW_ASSIGN_OR_RAISE(const auto writer, arrow::ipc::MakeFileWriter(bytes, batch.schema(), write_options()));
  ARROW_RETURN_NOT_OK(writer->WriteRecordBatch(batch));
  ARROW_RETURN_NOT_OK(writer->Close());
  return bytes->Finish();
}

Result<std::shared_ptr<IpcFileReader::State>> state_of(const std::string& path,
                                                       const std::shared_ptr<arrow::Buffer>& bytes) {
  auto reader =
      arrow::ipc::RecordBatchFileReader::Open(std::make_shared<arrow::io::BufferReader>(bytes), read_options());
  if (!reader.ok()) return fail(damaged(path, reader.status()));
  auto state = std::make_shared<IpcFileReader::State>();
  state->path = path;
  state->reader = *reader;
  state->mapping = bytes;
  state->size.bytes = static_cast<std::uint64_t>(bytes->size());
  if (const arrow::Status known = state->find_batches(); !known.ok()) return fail(damaged(path, known));
  return state;
}

}  // namespace

Result<IpcFileReader> IpcFileReader::open(const std::string& path) {
  // Asked first, because our own error for a missing file has the hint that Arrow's has not.
  Result<FileStat> found = stat_file(path);
  if (!found) return fail(std::move(found).error());
  if (found->size == 0) return fail(damaged(path, arrow::Status::Invalid("it is empty")));

  arrow::Result<std::shared_ptr<arrow::io::MemoryMappedFile>> mapping =
      arrow::io::MemoryMappedFile::Open(path, arrow::io::FileMode::READ);
  if (!mapping.ok()) return fail(fmt::format("cannot map {}: {}", path, mapping.status().message()));
  // Arrow would read a file's end in a thread of its own, which outlives us; a buffer it reads here.
  const arrow::Result<std::shared_ptr<arrow::Buffer>> mapped = (*mapping)->Read(static_cast<int64_t>(found->size));
  if (!mapped.ok()) return fail(damaged(path, mapped.status()));
  Result<std::shared_ptr<State>> state = state_of(path, *mapped);
  return state ? Result<IpcFileReader>(IpcFileReader(std::move(*state))) : fail(std::move(state.error()));
}

Result<IpcFileReader> IpcFileReader::in_memory(const ArrowSchema& schema, const ArrowArray& batch, std::uint64_t rows) {
  constexpr const char* called = "rows in memory";
  ArrowSchema columns = borrow(schema);
  ArrowArray borrowed = batch;
  borrowed.release = [](ArrowArray* consumed) { consumed->release = nullptr; };
  const auto imported = arrow::ImportRecordBatch(&borrowed, &columns);
  if (!imported.ok()) return fail(damaged(called, imported.status()));
  const auto first = std::min((*imported)->num_rows(), static_cast<int64_t>(rows));
  const auto bytes = file_of(*(*imported)->Slice(0, first));
  if (!bytes.ok()) return fail(damaged(called, bytes.status()));
  Result<std::shared_ptr<State>> state = state_of(called, *bytes);
  return state ? Result<IpcFileReader>(IpcFileReader(std::move(*state))) : fail(std::move(state.error()));
}

/// Where its batches end, and as what parts they were written.
arrow::Status IpcFileReader::State::find_batches() {
  const std::shared_ptr<const arrow::KeyValueMetadata> footer = reader->metadata();
  if (const int key = footer == nullptr ? -1 : footer->FindKey(file_parts_key); key >= 0) {
    Result<std::vector<FilePart>> found = read_file_parts(footer->value(key));
    if (!found) return arrow::Status::Invalid(found.error().message);
    if (found->size() != static_cast<std::size_t>(reader->num_record_batches()))
      return arrow::Status::Invalid("its footer has ", reader->num_record_batches(), " batches in ", found->size(),
                                    " parts");
    parts = std::move(*found);
    for (const FilePart& part : *parts) batch_ends.push_back(static_cast<std::int64_t>(part.rows_end));
  } else {
    ARROW_ASSIGN_OR_RAISE(batch_ends, count_rows(*reader, *mapping));
  }
  size.rows = batch_ends.empty() ? 0 : static_cast<std::uint64_t>(batch_ends.back());
  return arrow::Status::OK();
}

arrow::Status IpcFileReader::State::check_bytes(std::uint64_t begin, std::uint64_t end, const std::string& hash) const {
  Result<File> file = File::open(path, OpenMode::read);  // read, not mapped: a bad disk is an answer, not a signal
  if (!file) return arrow::Status::IOError(file.error().message);
  const auto buffer = std::make_unique_for_overwrite<std::byte[]>(hashed_bytes);
  ContentHash hashed;
  for (std::uint64_t at = begin; at < end;) {
    const Result<std::size_t> count = file->read_at(at, {buffer.get(), std::min<std::size_t>(hashed_bytes, end - at)});
    if (!count) return arrow::Status::IOError(count.error().message);
    if (*count == 0) return arrow::Status::Invalid("it ends at byte ", at);
    hashed.update(std::span<const std::byte>(buffer.get(), *count));
    at += *count;
  }
  if (hashed.hex() == hash) return arrow::Status::OK();
  return arrow::Status::Invalid("its bytes ", begin, " to ", end, " are not those that were written");
}

arrow::Status IpcFileReader::State::check_part(std::size_t index) const {
  if (unchecked.empty() || !unchecked[index]) return arrow::Status::OK();
  const FilePart& part = (*parts)[index];
  const std::uint64_t begin = index == 0 ? 0 : (*parts)[index - 1].bytes_end;
  ARROW_RETURN_NOT_OK(check_bytes(begin, part.bytes_end, part.hash));
  unchecked[index] = false;
  return arrow::Status::OK();
}

/// What is behind all parts says what these are, and how to read them.
arrow::Status IpcFileReader::State::check(const std::string& hash) {
  if (!parts) return check_bytes(0, size.bytes, hash);
  const std::uint64_t parts_end = parts->empty() ? 0 : parts->back().bytes_end;
  ARROW_RETURN_NOT_OK(check_bytes(parts_end, size.bytes, hash));
  unchecked = std::vector<std::atomic<bool>>(parts->size());
  for (std::atomic<bool>& part : unchecked) part = true;
  for (std::size_t i = 0; i < parts->size(); ++i) {
    if ((*parts)[i].has_dictionaries) ARROW_RETURN_NOT_OK(check_part(i));
  }
  return arrow::Status::OK();
}

arrow::Status IpcFileReader::State::check_rows(std::int64_t first, std::int64_t last) const {
  while (first < last) {
    ARROW_ASSIGN_OR_RAISE(const BatchOfRow found, find_batch(*this, first));
    ARROW_RETURN_NOT_OK(check_part(static_cast<std::size_t>(found.index)));
    first = found.end;
  }
  return arrow::Status::OK();
}

Status IpcFileReader::check(const std::string& hash) {
  if (const arrow::Status checked = state_->check(hash); !checked.ok()) return fail(damaged(state_->path, checked));
  return {};
}

Status IpcFileReader::check_rows(std::uint64_t first, std::uint64_t last) const {
  const arrow::Status checked = state_->check_rows(static_cast<std::int64_t>(first), static_cast<std::int64_t>(last));
  if (!checked.ok()) return fail(damaged(state_->path, checked));
  return {};
}

IpcFileSize IpcFileReader::size() const {
  return state_->size;
}

Status IpcFileReader::schema(ArrowSchema* out) const {
  if (arrow::Status exported = arrow::ExportSchema(*state_->reader->schema(), out); !exported.ok()) {
    return fail(damaged(state_->path, exported));
  }
  return {};
}

Status IpcFileReader::stream(ArrowArrayStream* out, std::uint64_t rows_wanted) const {
  auto batches = std::make_shared<FileBatches>(state_, static_cast<int64_t>(rows_wanted));
  if (arrow::Status exported = arrow::ExportRecordBatchReader(std::move(batches), out); !exported.ok()) {
    return fail(damaged(state_->path, exported));
  }
  return {};
}

}  // namespace outfall::columnar
