// SPDX-License-Identifier: Apache-2.0
//
// Rows in the formats of whoever takes them: nulls beside empty texts, nested values, decimals and moments, read back
// by others than those who wrote them.
#include "columnar/row_bytes.h"

#include <arrow/api.h>
#include <arrow/io/api.h>
#include <arrow/ipc/api.h>
#include <arrow/json/from_string.h>
#include <gmock/gmock.h>
#include <parquet/arrow/reader.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>

#include "columnar/job_file_for_tests.h"

namespace outfall::columnar {
namespace {

using testing::HasSubstr;

const std::vector<RowTextColumn>& columns() {
  static const std::vector<RowTextColumn> all{
      {.name = "id", .type = DataType::bigint}, {.name = "t"},
      {.name = "d", .type = DataType::decimal}, {.name = "at", .type = DataType::timestamp},
      {.name = "x", .type = DataType::binary},  {.name = "j", .type = DataType::json},
      {.name = "r", .type = DataType::double_}};
  return all;
}

class RowBytes : public for_tests::JobFile {
 protected:
  /// Three rows with values, without, and with empty ones; `times` over.
  void hold(std::size_t times = 1) {
    const auto made = [](const std::shared_ptr<arrow::DataType>& type, const char* json) {
      return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
    };
    const auto moment = arrow::timestamp(arrow::TimeUnit::MICRO, "UTC");
    file_.emplace(
        file(arrow::schema({arrow::field("id", arrow::int64()), arrow::field("t", arrow::utf8()),
                            arrow::field("d", arrow::decimal128(10, 2)), arrow::field("at", moment),
                            arrow::field("x", arrow::binary()), arrow::field("j", arrow::utf8()),
                            arrow::field("r", arrow::float64())}),
             {made(arrow::int64(), "[1, 2, 3]"), made(arrow::utf8(), R"(["a,\"b\"\n", null, ""])"),
              made(arrow::decimal128(10, 2), R"(["-12.50", null, "0.00"])"), made(moment, "[1500000, null, 0]"),
              made(arrow::binary(), R"(["\u0001", null, ""])"),
              made(arrow::utf8(), R"(["{\"a\":[1,2.50]}", null, "[]"])"), made(arrow::float64(), "[2.5, null, 0]")},
             times));
    texts_.emplace(RowTexts::open(*file_, columns(), {}).value());
    reader_.emplace(RowsReader::open(*file_, columns()));
  }

  std::string bytes(std::uint64_t first, std::uint64_t last, LoaderFileFormat format) {
    std::string out;
    const Status appended = append_rows({*texts_, *reader_}, first, last, format, out);
    return appended ? out : appended.error().message;
  }

  std::string file_bytes(std::uint64_t last, LoaderFileFormat format) {
    const std::string path = folder_ / "rows";
    const Status written = write_rows_to({*texts_, *reader_}, 0, last, format, path);
    EXPECT_TRUE(written) << written.error().message;
    struct stat facts{};
    EXPECT_EQ(::stat(path.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777U, 0400U);
    std::ostringstream all;
    all << std::ifstream(path).rdbuf();
    return all.str();
  }

  static std::shared_ptr<arrow::Table> parquet(const std::string& bytes) {
    auto source = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes));
    const std::unique_ptr<parquet::arrow::FileReader> reader =
        parquet::arrow::OpenFile(source, arrow::default_memory_pool()).ValueOrDie();
    return reader->ReadTable().ValueOrDie();
  }

  static std::shared_ptr<arrow::Table> ipc(const std::string& bytes) {
    auto source = std::make_shared<arrow::io::BufferReader>(arrow::Buffer::FromString(bytes));
    return arrow::ipc::RecordBatchStreamReader::Open(source).ValueOrDie()->ToTable().ValueOrDie();
  }

  /// What rows are, as Arrow prints them.
  static std::string told(const arrow::Table& table, std::int64_t row) {
    std::string out;
    for (const std::shared_ptr<arrow::ChunkedArray>& column : table.columns())
      out += column->GetScalar(row).ValueOrDie()->ToString() + "|";
    return out;
  }

  std::optional<IpcFileReader> file_;
  std::optional<RowTexts> texts_;
  std::optional<RowsReader> reader_;
};

constexpr const char* first_row = "1|a,\"b\"\n|-12.50|1970-01-01 00:00:01.500000Z|\x01|{\"a\":[1,2.50]}|2.5|";
constexpr const char* second_row = "2|null|null|null|null|null|null|";
constexpr const char* third_row = "3||0.00|1970-01-01 00:00:00.000000Z||[]|0|";

TEST_F(RowBytes, ParquetKeepsTypesNullsAndEmptyValues) {
  hold();
  const auto table = parquet(bytes(0, 3, LoaderFileFormat::parquet));
  ASSERT_TRUE(table->ValidateFull().ok());
  EXPECT_EQ(told(*table, 0), first_row);
  EXPECT_EQ(told(*table, 1), second_row);
  EXPECT_EQ(told(*table, 2), third_row);
  EXPECT_EQ(table->schema()->field(3)->type()->ToString(), "timestamp[us, tz=UTC]");
}

TEST_F(RowBytes, ArrowIsAStreamOfTheRowsThatAreAskedFor) {
  hold();
  const auto table = ipc(bytes(1, 3, LoaderFileFormat::arrow));
  ASSERT_EQ(table->num_rows(), 2);
  EXPECT_EQ(told(*table, 0), second_row);
  EXPECT_EQ(told(*table, 1), third_row);
}

TEST_F(RowBytes, SeparatedTextTellsNullsFromEmptyTexts) {
  hold();
  EXPECT_EQ(bytes(0, 3, LoaderFileFormat::csv),
            "id,t,d,at,x,j,r\n"
            "1,\"a,\"\"b\"\"\n\",-12.50,1970-01-01T00:00:01.500000Z,AQ==,\"{\"\"a\"\":[1,2.50]}\",2.5\n"
            "2,,,,,,\n"
            "3,\"\",0.00,1970-01-01T00:00:00Z,\"\",[],0.0\n");
}

TEST_F(RowBytes, LinesAreMarkedOnRequest) {
  hold();
  EXPECT_EQ(
      bytes(0, 1, LoaderFileFormat::jsonl),
      R"({"id":1,"t":"a,\"b\"\n","d":"-12.50","at":"1970-01-01T00:00:01.500000Z","x":"AQ==","j":{"a":[1,2.50]},"r":2.5})"
      "\n");
  EXPECT_EQ(
      bytes(0, 1, LoaderFileFormat::typed_jsonl),
      "{\"id\":1,\"t\":\"a,\\\"b\\\"\\n\",\"d\":\"\uf026-12.50\",\"at\":\"\uf0271970-01-01T00:00:01.500000+00:00\","
      "\"x\":\"\uf02bAQ==\",\"j\":{\"a\":[1,2.50]},\"r\":2.5}\n");
  EXPECT_EQ(bytes(1, 2, LoaderFileFormat::typed_jsonl), "{\"id\":2}\n");
}

// A file is written some rows at a time: no piece lacks a row, and separated text has its names once.
TEST_F(RowBytes, FilesOfManyRowsAreWhole) {
  constexpr std::uint64_t rows = 3 * 40'000;
  hold(rows / 3);
  const auto table = parquet(file_bytes(rows, LoaderFileFormat::parquet));
  ASSERT_EQ(table->num_rows(), static_cast<std::int64_t>(rows));
  EXPECT_EQ(told(*table, 65'535), first_row);
  EXPECT_EQ(told(*table, static_cast<std::int64_t>(rows) - 1), third_row);
  const auto stream = ipc(file_bytes(rows, LoaderFileFormat::arrow));
  ASSERT_EQ(stream->num_rows(), static_cast<std::int64_t>(rows));
  EXPECT_EQ(told(*stream, static_cast<std::int64_t>(rows) - 1), third_row);
  const std::string separated = file_bytes(rows, LoaderFileFormat::csv);
  EXPECT_EQ(separated.find("id,t,d", 1), std::string::npos);
  EXPECT_EQ(std::ranges::count(separated, '\n'), static_cast<std::ptrdiff_t>(1 + rows + rows / 3));
  EXPECT_EQ(std::ranges::count(file_bytes(rows, LoaderFileFormat::jsonl), '\n'), static_cast<std::ptrdiff_t>(rows));
}

TEST_F(RowBytes, NoRowsAreAFileWithoutRows) {
  hold();
  EXPECT_EQ(parquet(bytes(0, 0, LoaderFileFormat::parquet))->num_rows(), 0);
  EXPECT_EQ(ipc(bytes(0, 0, LoaderFileFormat::arrow))->num_rows(), 0);
  EXPECT_EQ(bytes(0, 0, LoaderFileFormat::csv), "id,t,d,at,x,j,r\n");
  EXPECT_EQ(bytes(0, 0, LoaderFileFormat::jsonl), "");
}

TEST_F(RowBytes, WhatNoColumnTakesIsInTextAlone) {
  arrow::StringBuilder documents;
  ASSERT_TRUE(documents.Append(R"({"n":7})").ok() && documents.Append(R"({"n":"a\u002cb"})").ok());
  ASSERT_TRUE(documents.Append(R"({"n":true})").ok());
  arrow::Int64Builder numbers;
  ASSERT_TRUE(numbers.AppendValues({7, 0, 0}, {true, false, false}).ok());
  arrow::Int64Builder misfits;
  ASSERT_TRUE(misfits.AppendNulls(3).ok());
  const std::vector<RowTextColumn> columns{{.name = "n", .type = DataType::bigint},
                                           {.name = "n\u25b6v_text", .type = DataType::bigint, .variant_of = "n"}};
  file_.emplace(file(arrow::schema({arrow::field("n", arrow::int64()), arrow::field("n\u25b6v_text", arrow::int64()),
                                    arrow::field("_dlt_document", arrow::utf8())}),
                     {*numbers.Finish(), *misfits.Finish(), *documents.Finish()}));
  texts_.emplace(RowTexts::open(*file_, columns, {}).value());
  reader_.emplace(RowsReader::open(*file_, columns));
  EXPECT_EQ(bytes(0, 3, LoaderFileFormat::csv), "n,n\u25b6v_text\n7,\n\"a,b\",\ntrue,\n");
  EXPECT_EQ(bytes(0, 3, LoaderFileFormat::typed_jsonl), "{\"n\":7}\n{\"n\":\"a\\u002cb\"}\n{\"n\":true}\n");
  EXPECT_TRUE(check_columns_take({*texts_, *reader_}, 0, 3, LoaderFileFormat::csv));
  for (const auto format : {LoaderFileFormat::arrow, LoaderFileFormat::parquet}) {
    const Status taken = check_columns_take({*texts_, *reader_}, 0, 3, format);
    ASSERT_FALSE(taken);
    EXPECT_THAT(taken.error().message, HasSubstr("row 1 of "));
    EXPECT_THAT(taken.error().message, HasSubstr("has a value of \"n\" that no column of the table takes"));
    EXPECT_TRUE(check_columns_take({*texts_, *reader_}, 0, 1, format));
  }
}

TEST_F(RowBytes, DocumentsAloneHaveNoColumns) {
  arrow::StringBuilder column;
  ASSERT_TRUE(column.Append(R"({"id":1})").ok());
  file_.emplace(file(arrow::schema({arrow::field("_dlt_document", arrow::utf8(), false)}), {*column.Finish()}));
  texts_.emplace(RowTexts::open(*file_, columns(), {}).value());
  reader_.emplace(RowsReader::open(*file_, columns()));
  EXPECT_EQ(bytes(0, 1, LoaderFileFormat::jsonl), "{\"id\":1}\n");
  for (const auto format :
       {LoaderFileFormat::csv, LoaderFileFormat::arrow, LoaderFileFormat::parquet, LoaderFileFormat::typed_jsonl}) {
    EXPECT_THAT(bytes(0, 1, format), HasSubstr("holds documents, and the format wants columns"));
  }
}

}  // namespace
}  // namespace outfall::columnar
