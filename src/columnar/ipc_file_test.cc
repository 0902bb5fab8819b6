// SPDX-License-Identifier: Apache-2.0
#include "columnar/ipc_file.h"

#include <arrow/api.h>
#include <arrow/c/bridge.h>
#include <arrow/io/file.h>
#include <arrow/ipc/writer.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "base/file.h"
#include "base/hash.h"
#include "base/scratch_folder.h"

namespace outfall::columnar {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::shared_ptr<arrow::Schema> example_schema() {
  return arrow::schema({arrow::field("id", arrow::int64(), false), arrow::field("name", arrow::utf8()),
                        arrow::field("load", arrow::dictionary(arrow::int8(), arrow::utf8())),
                        arrow::field("rare", arrow::run_end_encoded(arrow::int32(), arrow::utf8()))});
}

/// A text in the last row, nulls before it.
std::shared_ptr<arrow::Array> rare_column(int64_t rows) {
  arrow::Int32Builder ends;
  arrow::StringBuilder texts;
  if (rows > 1) {
    EXPECT_TRUE(ends.Append(static_cast<int32_t>(rows - 1)).ok());
    EXPECT_TRUE(texts.AppendNull().ok());
  }
  if (rows > 0) {
    EXPECT_TRUE(ends.Append(static_cast<int32_t>(rows)).ok());
    EXPECT_TRUE(texts.Append("last").ok());
  }
  return *arrow::RunEndEncodedArray::Make(rows, *ends.Finish(), *texts.Finish());
}

std::shared_ptr<arrow::RecordBatch> example_batch(int64_t first, int64_t rows, const std::string& load) {
  arrow::Int64Builder ids;
  arrow::StringBuilder names;
  arrow::Int8Builder indices;
  for (int64_t i = first; i < first + rows; ++i) {
    EXPECT_TRUE(ids.Append(i).ok());
    EXPECT_TRUE((i % 3 == 0 ? names.AppendNull() : names.Append("name " + std::to_string(i))).ok());
    EXPECT_TRUE(indices.Append(0).ok());
  }
  arrow::StringBuilder dictionary;
  EXPECT_TRUE(dictionary.Append(load).ok());
  auto loads =
      arrow::DictionaryArray::FromArrays(example_schema()->field(2)->type(), *indices.Finish(), *dictionary.Finish());
  return arrow::RecordBatch::Make(example_schema(), rows, {*ids.Finish(), *names.Finish(), *loads, rare_column(rows)});
}

class IpcFileTest : public testing::Test {
 protected:
  Status append(IpcFileWriter& writer, const std::shared_ptr<arrow::RecordBatch>& batch) {
    ArrowArray array{};
    EXPECT_TRUE(arrow::ExportRecordBatch(*batch, &array).ok());
    const Status status = writer.append(&array);
    EXPECT_EQ(array.release, nullptr) << "a batch is consumed whatever happens";
    return status;
  }

  Result<IpcFileWriter> create(const std::string& path) {
    ArrowSchema schema{};
    EXPECT_TRUE(arrow::ExportSchema(*example_schema(), &schema).ok());
    Result<IpcFileWriter> writer = IpcFileWriter::create(path, schema);
    EXPECT_NE(schema.release, nullptr) << "the schema stays the caller's";
    schema.release(&schema);
    return writer;
  }

  std::string write_example(int batches, int64_t rows) {
    Result<IpcFileWriter> writer = create(path_);
    EXPECT_TRUE(writer);
    for (int i = 0; i < batches; ++i) EXPECT_TRUE(append(*writer, example_batch(i * rows, rows, "load 1")));
    EXPECT_TRUE(writer->finish());
    EXPECT_TRUE(writer->sync());
    return read_file(path_).value();
  }

  /// Everything in the file, or the first error.
  Result<std::shared_ptr<arrow::Table>> read_table(std::uint64_t rows_wanted = 0) {
    Result<IpcFileReader> reader = IpcFileReader::open(path_);
    if (!reader) return fail(reader.error());
    ArrowArrayStream stream{};
    if (Status opened = reader->stream(&stream, rows_wanted); !opened) return fail(opened.error());
    auto imported = arrow::ImportRecordBatchReader(&stream);
    if (!imported.ok()) return fail(imported.status().message());
    auto table = (*imported)->ToTable();
    if (!table.ok()) return fail(table.status().message());
    return *table;
  }

  /// Four batches of 20 rows, of which the second has another dictionary than the first.
  IpcFileSize write_growing_dictionary() {
    Result<IpcFileWriter> writer = create(path_);
    EXPECT_TRUE(writer);
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(append(*writer, example_batch(i * 20, 20, i == 0 ? "load 1" : "load 2")));
    const Result<IpcFileSize> size = writer->finish();
    EXPECT_TRUE(size);
    return *size;
  }

  /// Three sections of 20, 20 and 20 rows: the columns of the example, other ones, and the first ones again.
  IpcFileSize write_changing_columns();

  /// Reads the file as one that has the hash. `rows` were read before the first error, and are those of `expected`.
  Status read_checked(const std::string& hash, const arrow::Table& expected, std::int64_t& rows) {
    Result<IpcFileReader> reader = IpcFileReader::open(path_);
    if (!reader) return fail(reader.error());
    if (Status checked = reader->check(hash); !checked) return checked;
    ArrowArrayStream stream{};
    if (Status opened = reader->stream(&stream); !opened) return opened;
    const auto batches = arrow::ImportRecordBatchReader(&stream);
    if (!batches.ok()) return fail(batches.status().message());
    while (true) {
      const auto batch = (*batches)->Next();
      if (!batch.ok()) return fail(batch.status().message());
      if (*batch == nullptr) return {};
      const auto same = expected.Slice(rows, (*batch)->num_rows())->CombineChunksToBatch();
      EXPECT_TRUE((*batch)->Equals(**same));
      rows += (*batch)->num_rows();
    }
  }

  /// One bit is wrong, of each `step`th byte in turn. `rows_before`: how many could be read before it was found.
  void damage_each(std::size_t step, const std::string& bytes, const std::string& hash, const arrow::Table& whole,
                   std::set<std::int64_t>& rows_before) {
    for (std::size_t at = 0; at < bytes.size(); at += step) {
      std::string damaged = bytes;
      damaged[at] = static_cast<char>(damaged[at] ^ 4);
      overwrite(damaged);
      std::int64_t rows = 0;
      const Status read = read_checked(hash, whole, rows);
      ASSERT_FALSE(read) << "byte " << at;
      EXPECT_THAT(read.error().message, HasSubstr(path_));
      rows_before.insert(rows);
    }
  }

  void overwrite(std::string_view bytes) { std::ofstream(path_, std::ios::binary | std::ios::trunc) << bytes; }

  ScratchFolder folder_;
  std::string path_ = folder_ / "job.arrow";
};

TEST_F(IpcFileTest, GivesBackWhatWasWritten) {
  const std::string bytes = write_example(3, 1000);
  const auto table = read_table();
  ASSERT_TRUE(table) << table.error().message;
  arrow::RecordBatchVector batches;
  for (int i = 0; i < 3; ++i) batches.push_back(example_batch(i * 1000, 1000, "load 1"));
  EXPECT_TRUE((*table)->Equals(**arrow::Table::FromRecordBatches(batches)));
  const IpcFileSize size = IpcFileReader::open(path_)->size();
  EXPECT_EQ(size.rows, 3000u);
  EXPECT_EQ(size.bytes, bytes.size());
}

TEST_F(IpcFileTest, TheFirstRowsOfABatchAreAFileInMemory) {
  ArrowArray array{};
  ArrowSchema schema{};
  ASSERT_TRUE(arrow::ExportRecordBatch(*example_batch(0, 100, "load 1"), &array, &schema).ok());
  {
    const Result<IpcFileReader> reader = IpcFileReader::in_memory(schema, array, 7);
    ASSERT_TRUE(reader) << reader.error().message;
    EXPECT_EQ(reader->size().rows, 7u);
    ArrowArrayStream stream{};
    ASSERT_TRUE(reader->stream(&stream));
    const auto table = (*arrow::ImportRecordBatchReader(&stream))->ToTable();
    ASSERT_TRUE(table.ok());
    EXPECT_TRUE((*table)->Equals(**arrow::Table::FromRecordBatches({example_batch(0, 100, "load 1")->Slice(0, 7)})));
    EXPECT_EQ(IpcFileReader::in_memory(schema, array, 1000)->size().rows, 100u);
  }
  ASSERT_NE(array.release, nullptr) << "both stay the caller's";
  array.release(&array);
  schema.release(&schema);
}

TEST_F(IpcFileTest, GathersAsManyRowsAsAreWanted) {
  write_example(5, 7);
  const auto as_they_are = read_table();
  for (const int64_t wanted : {1, 5, 7, 10, 34, 35, 100}) {
    const auto table = read_table(static_cast<std::uint64_t>(wanted));
    ASSERT_TRUE(table) << table.error().message;
    ASSERT_TRUE((*table)->ValidateFull().ok());
    EXPECT_TRUE((*table)->Equals(**as_they_are)) << wanted;
    for (int i = 0; i < (*table)->column(0)->num_chunks(); ++i) {
      EXPECT_EQ((*table)->column(0)->chunk(i)->length(), std::min(wanted, 35 - i * wanted)) << wanted;
    }
  }
}

TEST_F(IpcFileTest, GathersNoMoreThanFitsTogether) {
  Result<IpcFileWriter> writer = create(path_);
  const std::string large(std::size_t{8} << 20, 'x');
  for (int i = 0; i < 4; ++i) {
    arrow::StringBuilder names;
    for (int row = 0; row < 3; ++row) EXPECT_TRUE(names.Append(large).ok());
    const auto batch = example_batch(0, 3, "load 1")->SetColumn(1, example_schema()->field(1), *names.Finish());
    ASSERT_TRUE(append(*writer, *batch));
  }
  ASSERT_TRUE(writer->finish());
  const auto table = read_table(1'000);
  ASSERT_TRUE(table) << table.error().message;
  ASSERT_EQ((*table)->column(0)->num_chunks(), 2);
  EXPECT_EQ((*table)->column(0)->chunk(0)->length(), 9);
}

TEST_F(IpcFileTest, TheWriterCountsWhatTheFileHolds) {
  Result<IpcFileWriter> writer = create(path_);
  ASSERT_TRUE(append(*writer, example_batch(0, 10, "load 1")));
  EXPECT_EQ(writer->size().rows, 10u);
  const Result<IpcFileSize> size = writer->finish();
  ASSERT_TRUE(size);
  EXPECT_EQ(size->bytes, stat_file(path_)->size);
}

TEST_F(IpcFileTest, AnEmptyFileHasColumnsAndNoRows) {
  write_example(0, 0);
  Result<IpcFileReader> reader = IpcFileReader::open(path_);
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ(reader->size().rows, 0u);
  ArrowSchema schema{};
  ASSERT_TRUE(reader->schema(&schema));
  EXPECT_TRUE((*arrow::ImportSchema(&schema))->Equals(*example_schema()));
}

TEST_F(IpcFileTest, ArraysOutliveReaderAndStream) {
  write_example(1, 1000);
  ArrowArray array{};
  {
    Result<IpcFileReader> reader = IpcFileReader::open(path_);
    ArrowArrayStream stream{};
    ASSERT_TRUE(reader->stream(&stream));
    ASSERT_EQ(stream.get_next(&stream, &array), 0);
    stream.release(&stream);
  }
  const auto batch = arrow::ImportRecordBatch(&array, example_schema());
  EXPECT_TRUE((*batch)->Equals(*example_batch(0, 1000, "load 1")));
}

TEST_F(IpcFileTest, DictionariesMayChangeBetweenBatches) {
  Result<IpcFileWriter> writer = create(path_);
  for (const char* load : {"load 1", "load 2", "load 1", "load 3"}) {
    const Status appended = append(*writer, example_batch(0, 5, load));
    ASSERT_TRUE(appended) << appended.error().message;
  }
  ASSERT_TRUE(writer->finish());
  const auto table = read_table();
  ASSERT_TRUE(table) << table.error().message;
  std::string loads;
  for (const auto& chunk : (*table)->column(2)->chunks()) {
    const auto scalar = std::static_pointer_cast<arrow::DictionaryScalar>(*chunk->GetScalar(4));
    loads += (*scalar->GetEncodedValue())->ToString() + " ";
  }
  EXPECT_EQ(loads, "load 1 load 2 load 1 load 3 ");
}

TEST_F(IpcFileTest, AnExistingFileIsNotOverwritten) {
  write_example(1, 1);
  EXPECT_FALSE(create(path_));
}

TEST_F(IpcFileTest, EveryTruncationIsAnError) {
  const std::string bytes = write_example(2, 100);
  for (std::size_t size = 0; size < bytes.size(); size += size < 100 || size + 300 > bytes.size() ? 1 : 37) {
    overwrite(std::string_view(bytes).substr(0, size));
    const auto table = read_table();
    ASSERT_FALSE(table) << size;
    EXPECT_THAT(table.error().message, HasSubstr("the file is damaged")) << size;
  }
}

TEST_F(IpcFileTest, DamageAnywhereNeverLeadsOutsideTheFile) {
  const std::string bytes = write_example(2, 40);
  for (std::size_t at = 0; at < bytes.size(); at += 3) {
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x80);
    overwrite(damaged);
    const auto table = read_table();
    // A changed value may go unnoticed here; what is handed out must be safe to read.
    if (table) {
      EXPECT_EQ((*table)->Equals(**table), true);
    }
  }
}

TEST_F(IpcFileTest, AnotherBitIsFoundBeforeARowOfItsBatchIsRead) {
  const IpcFileSize written = write_growing_dictionary();
  const std::string bytes = read_file(path_).value();
  const auto whole = read_table();
  ASSERT_TRUE(whole) << whole.error().message;
  std::set<std::int64_t> rows_before_damage;
  ASSERT_NO_FATAL_FAILURE(damage_each(1, bytes, written.hash, **whole, rows_before_damage));
  EXPECT_THAT(rows_before_damage, ElementsAre(0, 40, 60)) << "dictionaries are of all batches";
  overwrite(bytes);
  std::int64_t rows = 0;
  const Status read = read_checked(written.hash, **whole, rows);
  EXPECT_TRUE(read) << read.error().message;
  EXPECT_EQ(rows, 80);
}

TEST_F(IpcFileTest, OnlyTheBatchesThatAreAskedForAreLookedAt) {
  const IpcFileSize written = write_growing_dictionary();
  std::string bytes = read_file(path_).value();
  const std::size_t last_batch = bytes.find("name 50");
  ASSERT_NE(last_batch, std::string::npos);
  bytes[last_batch] = 'N';
  overwrite(bytes);
  Result<IpcFileReader> reader = IpcFileReader::open(path_);
  ASSERT_TRUE(reader);
  ASSERT_TRUE(reader->check(written.hash));
  EXPECT_TRUE(reader->check_rows(0, 40));
  const Status checked = reader->check_rows(0, 41);
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().hint, HasSubstr("outfall package drop"));
  EXPECT_FALSE(reader->check_rows(59, 60)) << "it is not forgotten";
}

/// A column is added, one is left out, and one is no dictionary any more.
std::shared_ptr<arrow::RecordBatch> changed_batch(int64_t first, int64_t rows, const std::string& load) {
  const auto example = example_batch(first, rows, load);
  arrow::StringBuilder loads;
  for (int64_t i = 0; i < rows; ++i) EXPECT_TRUE(loads.Append(load).ok());
  return arrow::RecordBatch::Make(
      arrow::schema({arrow::field("id", arrow::int64(), false), arrow::field("new", arrow::int64(), false),
                     arrow::field("load", arrow::utf8()), example_schema()->field(3)}),
      rows, {example->column(0), example->column(0), *loads.Finish(), example->column(3)});
}

IpcFileSize IpcFileTest::write_changing_columns() {
  Result<IpcFileWriter> writer = create(path_);
  EXPECT_TRUE(writer);
  EXPECT_TRUE(append(*writer, example_batch(0, 10, "load 1")));
  EXPECT_TRUE(append(*writer, example_batch(10, 10, "load 1")));
  for (const auto& batch : {changed_batch(20, 20, "load 2"), example_batch(40, 10, "load 3")}) {
    ArrowSchema schema{};
    EXPECT_TRUE(arrow::ExportSchema(*batch->schema(), &schema).ok());
    const Status changed = writer->change_columns(schema);
    EXPECT_TRUE(changed) << changed.error().message;
    schema.release(&schema);
    EXPECT_TRUE(append(*writer, batch));
  }
  EXPECT_TRUE(append(*writer, example_batch(50, 10, "load 4")));
  const Result<IpcFileSize> size = writer->finish();
  EXPECT_TRUE(size);
  return *size;
}

TEST_F(IpcFileTest, ColumnsMayChangeInTheMiddle) {
  const IpcFileSize written = write_changing_columns();
  const auto table = read_table();
  ASSERT_TRUE(table) << table.error().message;
  ASSERT_TRUE((*table)->ValidateFull().ok());
  EXPECT_EQ((*table)->num_rows(), 60);
  EXPECT_EQ((*table)->schema()->ToString(), "id: int64 not null\nname: string\nload: string\nrare: string\nnew: int64");
  const auto ids = (*table)->CombineChunksToBatch().ValueOrDie();
  EXPECT_EQ(ids->column(0)->ToString(), example_batch(0, 60, "")->column(0)->ToString());
  EXPECT_EQ(ids->column(1)->null_count(), 20 + 13);
  EXPECT_EQ((*ids->column(4)->GetScalar(39))->ToString(), "39");
  EXPECT_EQ((*ids->column(2)->GetScalar(20))->ToString(), "load 2");
  EXPECT_EQ((*ids->column(3)->GetScalar(9))->ToString(), "last");
  EXPECT_EQ(ids->column(4)->null_count(), 40);
  const auto gathered = read_table(25);
  ASSERT_TRUE(gathered) << gathered.error().message;
  EXPECT_TRUE((*gathered)->Equals(**table));
  EXPECT_EQ(written.rows, 60U);
}

TEST_F(IpcFileTest, AnotherBitIsFoundInEachSection) {
  const IpcFileSize written = write_changing_columns();
  const std::string bytes = read_file(path_).value();
  EXPECT_EQ(written.bytes, bytes.size());
  const auto whole = read_table();
  ASSERT_TRUE(whole) << whole.error().message;
  std::set<std::int64_t> rows_before_damage;
  ASSERT_NO_FATAL_FAILURE(damage_each(3, bytes, written.hash, **whole, rows_before_damage));
  EXPECT_THAT(rows_before_damage, ElementsAre(0, 10, 20, 40)) << "dictionaries are of all batches of their section";
  for (std::size_t size = 1; size < bytes.size(); size += size < bytes.size() - 9 ? 8 : 1) {
    overwrite(std::string_view(bytes).substr(0, size));
    std::int64_t rows = 0;
    ASSERT_FALSE(read_checked(written.hash, **whole, rows)) << size;
    ASSERT_EQ(rows, 0) << size;
  }
}

TEST_F(IpcFileTest, AFileWithoutPartsIsHashedAsAWhole) {
  const auto batch = example_batch(0, 100, "load 1");
  {
    const auto stream = arrow::io::FileOutputStream::Open(path_).ValueOrDie();
    const auto writer = arrow::ipc::MakeFileWriter(stream, batch->schema()).ValueOrDie();
    for (int i = 0; i < 2; ++i) ASSERT_TRUE(writer->WriteRecordBatch(*batch).ok());
    ASSERT_TRUE(writer->Close().ok() && stream->Close().ok());
  }
  std::string bytes = read_file(path_).value();
  ContentHash hash;
  hash.update(bytes);
  Result<IpcFileReader> reader = IpcFileReader::open(path_);
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ(reader->size().rows, 200U);
  EXPECT_TRUE(reader->check(hash.hex()));
  EXPECT_TRUE(reader->check_rows(0, 200));
  bytes[bytes.rfind("name 50")] = 'N';
  overwrite(bytes);
  EXPECT_FALSE(IpcFileReader::open(path_)->check(hash.hex()));
}

TEST_F(IpcFileTest, AMissingFileSaysWhatToCheck) {
  const Result<IpcFileReader> missing = IpcFileReader::open(path_);
  ASSERT_FALSE(missing);
  EXPECT_FALSE(missing.error().hint.empty());
}

}  // namespace
}  // namespace outfall::columnar
