// SPDX-License-Identifier: Apache-2.0
#include "columnar/arrow_reader.h"

#include <arrow/api.h>
#include <arrow/c/bridge.h>
#include <arrow/io/file.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/writer.h>
#include <arrow/json/from_string.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <parquet/arrow/writer.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/scratch_folder.h"

namespace outfall::columnar {
namespace {

using testing::HasSubstr;

enum class Kind { parquet, file, stream };

class ArrowReaders : public testing::TestWithParam<Kind> {
 protected:
  std::string path() const { return folder_.path() + "/rows"; }

  /// Rows with ids from 0 and a text of `text_bytes` each, `batch_rows` in a batch.
  void write(std::int64_t rows, std::int64_t batch_rows, std::size_t text_bytes = 3) {
    const auto schema = arrow::schema({arrow::field("id", arrow::int64(), false), arrow::field("t", arrow::utf8())});
    arrow::RecordBatchVector batches;
    for (std::int64_t begin = 0; begin < rows; begin += batch_rows) {
      arrow::Int64Builder ids;
      arrow::StringBuilder texts;
      for (std::int64_t row = begin; row < std::min(rows, begin + batch_rows); ++row) {
        EXPECT_TRUE(ids.Append(row).ok());
        EXPECT_TRUE(texts.Append(std::string(text_bytes, 'x')).ok());
      }
      const std::int64_t length = ids.length();
      batches.push_back(
          arrow::RecordBatch::Make(schema, length, {ids.Finish().ValueOrDie(), texts.Finish().ValueOrDie()}));
    }
    const auto out = arrow::io::FileOutputStream::Open(path()).ValueOrDie();
    if (GetParam() == Kind::parquet) {
      const auto table = arrow::Table::FromRecordBatches(schema, batches).ValueOrDie();
      EXPECT_TRUE(parquet::arrow::WriteTable(*table, arrow::default_memory_pool(), out, batch_rows).ok());
    } else {
      const auto writer = GetParam() == Kind::file ? arrow::ipc::MakeFileWriter(out, schema).ValueOrDie()
                                                   : arrow::ipc::MakeStreamWriter(out, schema).ValueOrDie();
      for (const auto& batch : batches) EXPECT_TRUE(writer->WriteRecordBatch(*batch).ok());
      EXPECT_TRUE(writer->Close().ok());
    }
    EXPECT_TRUE(out->Close().ok());
  }

  Result<std::unique_ptr<ArrowReader>> open() {
    if (GetParam() == Kind::parquet) return open_parquet(path(), "rows");
    auto bytes = open_byte_stream({.path = path()});
    EXPECT_TRUE(bytes);
    bytes_ = std::move(*bytes);
    return open_arrow_ipc(*bytes_, "rows");
  }

  /// Reads to the end: how many rows, or what was said.
  std::string read_all() {
    auto reader = open();
    if (!reader) return reader.error().message;
    std::int64_t expected = 0;
    while (true) {
      auto rows = (*reader)->next();
      if (!rows) return rows.error().message;
      if (!*rows) return fmt::format("{} rows", expected);
      EXPECT_GT((*rows)->rows(), 0);
      std::string scratch;
      EXPECT_EQ((*rows)->value(0, 0, scratch).integer, expected);
      expected += (*rows)->rows();
      parts_ += 1;
    }
  }

  ScratchFolder folder_;
  std::unique_ptr<ByteStream> bytes_;
  int parts_ = 0;
};

INSTANTIATE_TEST_SUITE_P(Kinds, ArrowReaders, testing::Values(Kind::parquet, Kind::file, Kind::stream),
                         [](const auto& kind) {
                           return std::string(
                               std::array{"parquet", "file", "stream"}[static_cast<std::size_t>(kind.param)]);
                         });

TEST_P(ArrowReaders, ReadsAllRowsInOrder) {
  write(10'000, 3'000);
  EXPECT_EQ(read_all(), "10000 rows");
  auto reader = open();
  ASSERT_TRUE(reader);
  EXPECT_EQ((*reader)->fields()[0].name, "id");
  EXPECT_FALSE((*reader)->fields()[0].nullable);
  EXPECT_TRUE((*reader)->fields()[1].nullable);
}

TEST_P(ArrowReaders, LargeBatchesComeInParts) {
  write(64, 64, std::size_t{1} << 20);
  EXPECT_EQ(read_all(), "64 rows");
  EXPECT_GE(parts_, 16);
}

TEST_P(ArrowReaders, NoRowsAreNoError) {
  write(0, 1);
  EXPECT_EQ(read_all(), "0 rows");
}

TEST_P(ArrowReaders, AFileThatWasCutIsNeverTakenForAWholeOne) {
  write(1'000, 100);
  const std::uintmax_t size = std::filesystem::file_size(path());
  for (std::uintmax_t left = size - 1; left > 0; left -= std::min<std::uintmax_t>(left, 97)) {
    std::filesystem::resize_file(path(), left);
    EXPECT_THAT(read_all(), testing::AnyOf(HasSubstr("cannot read rows"), HasSubstr("without the mark"))) << left;
  }
  std::filesystem::resize_file(path(), 0);
  EXPECT_THAT(read_all(), HasSubstr("rows"));
  EXPECT_THAT(read_all(), testing::Not(HasSubstr("0 rows")));
}

TEST_P(ArrowReaders, DamagedBytesAreAnErrorOrOtherValues) {
  write(200, 50);
  std::string whole;
  {
    std::ifstream file(path(), std::ios::binary);
    whole.assign(std::istreambuf_iterator<char>(file), {});
  }
  for (std::size_t at = 0; at < whole.size(); at += 7) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x55);
    std::ofstream(path(), std::ios::binary | std::ios::trunc) << damaged;
    auto reader = open();
    if (!reader) continue;
    // It must come to an end; values that lie in the file may be others.
    for (int i = 0; i < 1000; ++i) {
      const auto rows = (*reader)->next();
      if (!rows || !*rows) break;
    }
  }
}

TEST_P(ArrowReaders, SomethingElseIsNamedSo) {
  std::ofstream(path()) << R"({"id": 1})" << '\n';
  EXPECT_THAT(read_all(), HasSubstr("cannot read rows: it is not"));
}

TEST(ArrowStreams, WhatAProgramHandsOver) {
  const auto schema = arrow::schema({arrow::field("id", arrow::int64())});
  const auto ids = arrow::json::ArrayFromJSONString(arrow::int64(), "[1, 2, 3]").ValueOrDie();
  const auto batches =
      arrow::RecordBatchReader::Make({arrow::RecordBatch::Make(schema, 3, {ids})}, schema).ValueOrDie();
  ArrowArrayStream stream;
  ASSERT_TRUE(arrow::ExportRecordBatchReader(batches, &stream).ok());
  auto reader = open_arrow_stream(&stream, "pushed rows");
  ASSERT_TRUE(reader);
  const auto rows = (*reader)->next();
  ASSERT_TRUE(rows && *rows);
  EXPECT_EQ((*rows)->rows(), 3u);
  EXPECT_EQ(stream.release, nullptr);
}

/// A stream of one column of texts.
void export_texts(const char* json, ArrowArrayStream* stream) {
  const auto schema = arrow::schema({arrow::field("c", arrow::utf8())});
  const auto texts = arrow::json::ArrayFromJSONString(arrow::utf8(), json).ValueOrDie();
  const auto batches =
      arrow::RecordBatchReader::Make({arrow::RecordBatch::Make(schema, texts->length(), {texts})}, schema);
  EXPECT_TRUE(arrow::ExportRecordBatchReader(batches.ValueOrDie(), stream).ok());
}

TEST(ArrowStreams, TextsThatStandForSomethingElse) {
  ArrowArrayStream stream;
  export_texts(R"(["1.50", null, "-0.001", "NaN", "7"])", &stream);
  const ColumnType decimal{.type = DataType::decimal, .precision = 5, .scale = 2};
  auto reader = open_arrow_stream(&stream, "rows", {{"c", decimal}});
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ((*reader)->fields()[0].type, decimal);
  const ArrowRows rows = **(*reader)->next();
  ColumnBuilder cells(decimal);
  EXPECT_EQ(rows.append(0, 0, 2, cells).fit, ArrowRows::Fit::all);
  const ArrowRows::Taken taken = rows.append(0, 2, 5, cells);
  EXPECT_EQ(taken.fit, ArrowRows::Fit::not_all) << "it is not rounded";
  EXPECT_EQ(taken.row, 2u);
  std::string scratch;
  EXPECT_EQ(rows.value(0, 2, scratch).text, "-0.001");
  EXPECT_EQ(rows.value(0, 2, scratch).kind, DataType::text);
  EXPECT_EQ(rows.value(0, 3, scratch).kind, DataType::text) << "NaN";
  EXPECT_EQ(rows.value(0, 4, scratch).kind, DataType::decimal);

  const ArrowRows last = rows.slice(4, 1);
  EXPECT_EQ(last.rows(), 1u);
  EXPECT_EQ(last.value(0, 0, scratch).text, "7");
  EXPECT_GT(rows.bytes(), last.bytes());
}

TEST(ArrowStreams, JsonThatComesAsTexts) {
  ArrowArrayStream stream;
  export_texts(R"(["{\"a\": 1.10}", "[1", "\"x\""])", &stream);
  auto reader = open_arrow_stream(&stream, "rows", {{"c", {.type = DataType::json}}});
  ASSERT_TRUE(reader) << reader.error().message;
  const ArrowRows rows = **(*reader)->next();
  ColumnBuilder cells({.type = DataType::json});
  EXPECT_EQ(rows.append(0, 0, 3, cells).row, 1u) << "it is no JSON";
  std::string scratch;
  EXPECT_EQ(rows.value(0, 0, scratch).text, R"({"a": 1.10})") << "as it is written";
}

TEST(ArrowStreams, OnlyTextsStandForSomethingElse) {
  ArrowArrayStream stream;
  export_texts(R"(["1"])", &stream);
  EXPECT_FALSE(open_arrow_stream(&stream, "rows", {{"c", {.type = DataType::bigint}}}));
  EXPECT_EQ(stream.release, nullptr) << "taken over all the same";
}

}  // namespace
}  // namespace outfall::columnar
