// SPDX-License-Identifier: Apache-2.0
#include "columnar/file_rows.h"

#include <gmock/gmock.h>

#include <optional>

#include "columnar/job_file_for_tests.h"

namespace outfall::columnar {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class FileRowsTest : public for_tests::JobFile {
 protected:
  /// Batches of four rows: n from 0, and a text that is a dictionary.
  IpcFileReader twelve() {
    arrow::RecordBatchVector batches;
    const auto schema = arrow::schema(
        {arrow::field("n", arrow::int64()), arrow::field("word", arrow::dictionary(arrow::int8(), arrow::utf8()))});
    for (std::int64_t first : {0, 4, 8}) {
      arrow::Int64Builder numbers;
      arrow::Int8Builder indices;
      arrow::StringBuilder words;
      for (std::int64_t i = 0; i < 4; ++i) {
        EXPECT_TRUE(numbers.Append(first + i).ok());
        EXPECT_TRUE(indices.Append(static_cast<std::int8_t>(i % 2)).ok());
      }
      EXPECT_TRUE(words.AppendValues({"even", "odd"}).ok());
      const auto dictionary =
          arrow::DictionaryArray::FromArrays(schema->field(1)->type(), *indices.Finish(), *words.Finish());
      batches.push_back(arrow::RecordBatch::Make(schema, 4, {*numbers.Finish(), *dictionary}));
    }
    return file(batches);
  }

  /// As `n=word`.
  static std::vector<std::string> read(FileRows& rows, std::vector<RowRange> ranges) {
    ArrowArrayStream stream{};
    EXPECT_TRUE(rows.stream(std::move(ranges), &stream));
    const auto table = (*arrow::ImportRecordBatchReader(&stream))->ToTable();
    EXPECT_TRUE(table.ok()) << table.status().ToString();
    std::vector<std::string> found;
    for (std::int64_t row = 0; row < (*table)->num_rows(); ++row) {
      found.push_back((*(*table)->column(0)->GetScalar(row))->ToString() + "=" +
                      (*(*table)->column(1)->GetScalar(row))->ToString());
    }
    return found;
  }
};

TEST_F(FileRowsTest, AreThoseOfTheRangesAsPlainArrays) {
  const IpcFileReader file = twelve();
  FileRows rows(file);
  EXPECT_THAT(read(rows, {{.begin = 1, .end = 2}, {.begin = 3, .end = 5}, {.begin = 11, .end = 12}}),
              ElementsAre("1=odd", "3=odd", "4=even", "11=odd"));
  EXPECT_THAT(read(rows, {{.begin = 2, .end = 10}}),
              ElementsAre("2=even", "3=odd", "4=even", "5=odd", "6=even", "7=odd", "8=even", "9=odd"));
  EXPECT_THAT(read(rows, {{.begin = 3, .end = 3}}), IsEmpty());
  EXPECT_THAT(read(rows, {}), IsEmpty());
}

TEST_F(FileRowsTest, ThatAreNotThereAreAnError) {
  const IpcFileReader file = twelve();
  FileRows rows(file);
  ArrowArrayStream stream{};
  ASSERT_TRUE(rows.stream({{.begin = 11, .end = 13}}, &stream));
  EXPECT_FALSE((*arrow::ImportRecordBatchReader(&stream))->ToTable().ok());
}

}  // namespace
}  // namespace outfall::columnar
