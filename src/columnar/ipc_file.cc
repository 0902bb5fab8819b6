// SPDX-License-Identifier: Apache-2.0
//
// Arrow IPC files are read through Arrow C++: column buffers go from the mapping to the consumer without a copy
// between.
#include "columnar/ipc_file.h"

#include <arrow/api.h>
#include <arrow/c/bridge.h>
#include <arrow/io/file.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>
#include <arrow/scalar.h>
#include <arrow/util/byte_size.h>
#include <arrow/util/key_value_metadata.h>
#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <ranges>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/file.h"
#include "base/hash.h"
#include "columnar/arrow_batch.h"
#include "columnar/ipc_file_parts.h"
#include "columnar/ipc_file_state.h"

namespace outfall::columnar {

Error damaged(const std::string& path, const arrow::Status& answer) {
  return {.message = fmt::format("cannot read {}: the file is damaged ({})", path, answer.message()),
          .hint = "it cannot be delivered: `outfall package drop` gives the package up, then load its inputs again"};
}

namespace {

// Rows differ in size: no more than this is copied together, however many rows are wanted.
constexpr int64_t gathered_bytes_max = int64_t{64} << 20;

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

namespace {

/// Nulls, as one run.
arrow::Result<std::shared_ptr<arrow::Array>> nulls(const arrow::DataType& type, std::int64_t rows) {
  ARROW_ASSIGN_OR_RAISE(auto null, arrow::MakeArrayOfNull(plain_type(type), 1));
  if (rows == 0) return null->Slice(0, 0);
  ARROW_ASSIGN_OR_RAISE(auto end, arrow::MakeArrayFromScalar(arrow::Int32Scalar(static_cast<std::int32_t>(rows)), 1));
  ARROW_ASSIGN_OR_RAISE(auto runs, arrow::RunEndEncodedArray::Make(rows, end, null));
  return runs;
}

/// With all of the columns; those that it has not are null.
arrow::Result<std::shared_ptr<arrow::RecordBatch>> widen(std::shared_ptr<arrow::RecordBatch> batch,
                                                         const arrow::Schema& schema) {
  if (batch->schema()->Equals(schema, false)) return batch;
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (const std::shared_ptr<arrow::Field>& field : schema.fields()) {
    std::shared_ptr<arrow::Array> column = batch->GetColumnByName(field->name());
    if (column == nullptr) {
      ARROW_ASSIGN_OR_RAISE(column, nulls(*field->type(), batch->num_rows()));
    }
    fields.push_back(field->WithType(column->type()));
    columns.push_back(std::move(column));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), batch->num_rows(), std::move(columns));
}

}  // namespace

arrow::Result<std::shared_ptr<arrow::RecordBatch>> plain_batch(const std::shared_ptr<arrow::RecordBatch>& batch) {
  arrow::FieldVector fields;
  arrow::ArrayVector columns;
  for (int i = 0; i < batch->num_columns(); ++i) {
    ARROW_ASSIGN_OR_RAISE(columns.emplace_back(), plain_array(batch->column(i)));
    fields.push_back(batch->schema()->field(i)->WithType(columns.back()->type()));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), batch->num_rows(), std::move(columns));
}

arrow::Result<std::shared_ptr<arrow::RecordBatch>> read_checked_batch(const IpcFileReader::State& file, int index) {
  const auto place = static_cast<std::size_t>(index);
  ARROW_RETURN_NOT_OK(file.check_part(place));
  const FileSection& section = file.section_of(place);
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::RecordBatch> batch,
                        section.reader->ReadRecordBatch(static_cast<int>(place - section.first_batch)));
  ARROW_RETURN_NOT_OK(check_bounds(*batch));
  const std::int64_t begin = index == 0 ? 0 : file.batch_ends[place - 1];
  if (batch->num_rows() != file.batch_ends[place] - begin)
    return arrow::Status::Invalid("a batch has ", batch->num_rows(), " rows, and is said to end at row ",
                                  file.batch_ends[place]);
  return file.sections.size() == 1 ? batch : widen(std::move(batch), *file.schema);
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
  FileBatches(std::shared_ptr<const IpcFileReader::State> file, int64_t rows_wanted, Encodings encodings)
      : file_(std::move(file)),
        rows_wanted_(rows_wanted),
        is_plain_(encodings == Encodings::none || file_->sections.size() > 1),
        schema_(is_plain_ ? plain_schema(*file_->schema) : file_->schema) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    if (rest_ == nullptr && is_read()) return arrow::Status::OK();
    arrow::Status read = gather(batch);
    if (read.ok()) return read;
    batch->reset();
    return read.WithMessage(damaged(file_->path, read).message);
  }

 private:
  bool is_read() const { return static_cast<std::size_t>(next_) == file_->batch_ends.size(); }

  arrow::Status gather(std::shared_ptr<arrow::RecordBatch>* batch) {
    if (rows_wanted_ == 0) return read_checked(batch);
    arrow::RecordBatchVector parts;
    int64_t missing = rows_wanted_;
    int64_t bytes = 0;
    while (missing > 0 && bytes < gathered_bytes_max && (rest_ != nullptr || !is_read())) {
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
    return is_plain_ ? plain_batch(*batch).Value(batch) : arrow::Status::OK();
  }

  std::shared_ptr<const IpcFileReader::State> file_;
  int64_t rows_wanted_;
  bool is_plain_;
  std::shared_ptr<arrow::Schema> schema_;
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
  auto state = std::make_shared<IpcFileReader::State>();
  state->path = path;
  state->mapping = bytes;
  state->size.bytes = static_cast<std::uint64_t>(bytes->size());
  if (const arrow::Status known = state->find_sections(); !known.ok()) return fail(damaged(path, known));
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

namespace {

arrow::Result<std::shared_ptr<arrow::ipc::RecordBatchFileReader>> open_stretch(
    const std::shared_ptr<arrow::Buffer>& mapping, std::uint64_t begin, std::uint64_t end) {
  const auto stretch =
      arrow::SliceBuffer(mapping, static_cast<std::int64_t>(begin), static_cast<std::int64_t>(end - begin));
  return arrow::ipc::RecordBatchFileReader::Open(std::make_shared<arrow::io::BufferReader>(stretch), read_options());
}

std::optional<std::string> footer_text(const FileSection& section, const char* key) {
  const std::shared_ptr<const arrow::KeyValueMetadata> footer = section.reader->metadata();
  const int place = footer == nullptr ? -1 : footer->FindKey(key);
  return place < 0 ? std::nullopt : std::optional(footer->value(place));
}

/// The columns of all sections; what not all have may be null.
std::shared_ptr<arrow::Schema> schema_of_all(const std::vector<FileSection>& sections) {
  if (sections.size() == 1) return sections.front().reader->schema();
  arrow::FieldVector fields = sections.back().reader->schema()->fields();
  std::unordered_map<std::string, std::size_t> places;
  for (std::size_t i = 0; i < fields.size(); ++i) places.emplace(fields[i]->name(), i);
  std::vector<std::size_t> sections_that_have(fields.size(), 1);
  for (std::size_t i = 0; i + 1 < sections.size(); ++i) {
    for (const std::shared_ptr<arrow::Field>& field : sections[i].reader->schema()->fields()) {
      const auto [found, is_new] = places.emplace(field->name(), fields.size());
      if (is_new) {
        fields.push_back(field);
        sections_that_have.push_back(0);
      }
      ++sections_that_have[found->second];
    }
  }
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (sections_that_have[i] < sections.size()) fields[i] = fields[i]->WithNullable(true);
  }
  return arrow::schema(std::move(fields));
}

}  // namespace

/// Each section says where the one before it ends. The last one ends with the file.
arrow::Status IpcFileReader::State::find_sections() {
  std::optional<std::string> tail_hash = "";
  for (std::uint64_t end = size.bytes; tail_hash;) {
    FileSection section{.reader = nullptr, .end = end, .tail_hash = std::move(*tail_hash)};
    ARROW_ASSIGN_OR_RAISE(section.reader, open_stretch(mapping, 0, end));
    tail_hash.reset();
    if (const std::optional<std::string> text = footer_text(section, section_before_key)) {
      Result<SectionBefore> before = read_section_before(*text);
      if (!before) return arrow::Status::Invalid(before.error().message);
      if (before->bytes_end == 0 || section_begin(before->bytes_end) >= end)
        return arrow::Status::Invalid("its footer says that a section ends at byte ", before->bytes_end);
      section.begin = before->bytes_end;
      tail_hash = std::move(before->tail_hash);
      ARROW_ASSIGN_OR_RAISE(section.reader, open_stretch(mapping, section_begin(section.begin), end));
      end = section.begin;
    }
    sections.push_back(std::move(section));
  }
  std::ranges::reverse(sections);
  for (FileSection& section : sections) ARROW_RETURN_NOT_OK(find_batches(section));
  schema = schema_of_all(sections);
  size.rows = batch_ends.empty() ? 0 : static_cast<std::uint64_t>(batch_ends.back());
  return arrow::Status::OK();
}

/// Where its batches end, and as what parts they were written.
arrow::Status IpcFileReader::State::find_batches(FileSection& section) {
  section.first_batch = batch_ends.size();
  section.tail_begin = section.begin;
  const std::optional<std::string> text = footer_text(section, file_parts_key);
  if (!text) {
    if (sections.size() > 1) return arrow::Status::Invalid("a section does not say what its parts are");
    return count_rows(*section.reader, *mapping).Value(&batch_ends);
  }
  const Result<std::vector<FilePart>> found = read_file_parts(*text);
  if (!found) return arrow::Status::Invalid(found.error().message);
  if (found->size() != static_cast<std::size_t>(section.reader->num_record_batches()))
    return arrow::Status::Invalid("its footer has ", section.reader->num_record_batches(), " batches in ",
                                  found->size(), " parts");
  if (!parts) parts.emplace();
  for (const FilePart& part : *found) {
    const std::int64_t rows_before = batch_ends.empty() ? 0 : batch_ends.back();
    if (static_cast<std::int64_t>(part.rows_end) < rows_before || part.bytes_end < section.tail_begin ||
        part.bytes_end > section.end)
      return arrow::Status::Invalid("its footer does not say what its batches are");
    section.tail_begin = part.bytes_end;
    if (part.has_dictionaries) section.dictionaries.push_back(parts->size());
    batch_ends.push_back(static_cast<std::int64_t>(part.rows_end));
    parts->push_back(part);
  }
  return arrow::Status::OK();
}

const FileSection& IpcFileReader::State::section_of(std::size_t batch) const {
  return *(std::ranges::upper_bound(sections, batch, {}, &FileSection::first_batch) - 1);
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
  if (unchecked.empty()) return arrow::Status::OK();
  const FileSection& section = section_of(index);
  for (const std::size_t dictionary : section.dictionaries) ARROW_RETURN_NOT_OK(check_bytes_of(dictionary, section));
  return check_bytes_of(index, section);
}

arrow::Status IpcFileReader::State::check_bytes_of(std::size_t index, const FileSection& section) const {
  if (!unchecked[index]) return arrow::Status::OK();
  const FilePart& part = (*parts)[index];
  const std::uint64_t begin = index == section.first_batch ? section.begin : (*parts)[index - 1].bytes_end;
  ARROW_RETURN_NOT_OK(check_bytes(begin, part.bytes_end, part.hash));
  unchecked[index] = false;
  return arrow::Status::OK();
}

/// What is behind all parts says what these are, and how to read them.
arrow::Status IpcFileReader::State::check(const std::string& hash) {
  if (!parts) return check_bytes(0, size.bytes, hash);
  for (const FileSection& section : std::views::reverse(sections)) {
    const bool is_last = &section == &sections.back();
    ARROW_RETURN_NOT_OK(check_bytes(section.tail_begin, section.end, is_last ? hash : section.tail_hash));
  }
  unchecked = std::vector<std::atomic<bool>>(parts->size());
  for (std::atomic<bool>& part : unchecked) part = true;
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
  if (arrow::Status exported = arrow::ExportSchema(*state_->schema, out); !exported.ok()) {
    return fail(damaged(state_->path, exported));
  }
  return {};
}

Status IpcFileReader::stream(ArrowArrayStream* out, std::uint64_t rows_wanted, Encodings encodings) const {
  auto batches = std::make_shared<FileBatches>(state_, static_cast<int64_t>(rows_wanted), encodings);
  if (arrow::Status exported = arrow::ExportRecordBatchReader(std::move(batches), out); !exported.ok()) {
    return fail(damaged(state_->path, exported));
  }
  return {};
}

}  // namespace outfall::columnar
