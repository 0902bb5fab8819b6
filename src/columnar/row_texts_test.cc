// SPDX-License-Identifier: Apache-2.0
#include "columnar/row_texts.h"

#include <arrow/api.h>
#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "columnar/job_file_for_tests.h"

namespace outfall::columnar {
namespace {

using testing::HasSubstr;

class RowTextsTest : public for_tests::JobFile {
 protected:
  IpcFileReader documents(const std::vector<std::string>& texts, std::size_t batches = 1) {
    arrow::StringBuilder column;
    EXPECT_TRUE(column.AppendValues(texts).ok());
    return file(arrow::schema({arrow::field("_dlt_document", arrow::utf8(), false)}), {*column.Finish()}, batches);
  }
};

std::string rows(const IpcFileReader& file, const std::vector<RowTextColumn>& columns, const RowForm& form,
                 std::uint64_t first, std::uint64_t last) {
  auto texts = RowTexts::open(file, columns, form);
  std::string out;
  const Status appended = texts->append(first, last, out);
  return appended ? out : appended.error().message;
}

TEST_F(RowTextsTest, GivesDocumentsOfAnyBatch) {
  const IpcFileReader held = documents({R"({"b":1,"a":null})", R"({"c":2})"}, 3);
  const std::vector<RowTextColumn> columns{{.name = "b", .type = DataType::bigint}};
  EXPECT_EQ(rows(held, columns, {}, 1, 4), "{\"c\":2}\n{\"b\":1}\n{\"c\":2}\n");
  EXPECT_EQ(rows(held, columns, {.nulls = RowNulls::as_is}, 4, 5), "{\"b\":1,\"a\":null}\n");
  EXPECT_EQ(rows(held, columns, {.nulls = RowNulls::send}, 5, 6), "{\"c\":2,\"b\":null}\n");
  EXPECT_THAT(rows(held, columns, {}, 6, 7), HasSubstr("it has no row 6"));
}

TEST_F(RowTextsTest, SaysWhichRowIsNoDocument) {
  const IpcFileReader held = documents({"{}", "{\"a\":null"});
  EXPECT_EQ(rows(held, {}, {}, 0, 1), "{}\n");
  EXPECT_THAT(rows(held, {}, {}, 0, 2), HasSubstr("row 1 is no document"));
}

TEST_F(RowTextsTest, KeepsARowWhateverTheForm) {
  const IpcFileReader held = documents({R"({"id":9007199254740993,"a":null})"});
  auto texts = RowTexts::open(held, {}, {.nulls = RowNulls::omit, .ints_as_strings = true});
  std::string out;
  ASSERT_TRUE(texts->append(0, 1, out));
  EXPECT_EQ(out, "{\"id\":\"9007199254740993\"}\n");
  out.clear();
  ASSERT_TRUE(texts->append_as_kept(0, out));
  EXPECT_EQ(out, R"({"id":9007199254740993,"a":null})");
}

TEST_F(RowTextsTest, TellsWholeCellsAsARunTakesThemAgain) {
  arrow::Decimal128Builder prices(arrow::decimal128(10, 2));
  arrow::BinaryBuilder bytes;
  arrow::DoubleBuilder shares;
  ASSERT_TRUE(prices.Append(arrow::Decimal128(250)).ok() && bytes.Append(std::string("\0\xff", 2)).ok());
  ASSERT_TRUE(shares.Append(std::numeric_limits<double>::quiet_NaN()).ok());
  const IpcFileReader held =
      file(arrow::schema({arrow::field("price", prices.type()), arrow::field("raw", arrow::binary()),
                          arrow::field("share", arrow::float64())}),
           {*prices.Finish(), *bytes.Finish(), *shares.Finish()});
  const std::vector<RowTextColumn> columns{{.name = "price", .type = DataType::decimal},
                                           {.name = "raw", .type = DataType::binary},
                                           {.name = "share", .type = DataType::double_}};
  auto texts = RowTexts::open(held, columns, {});
  std::string out;
  ASSERT_TRUE(texts->append_cells(0, out, RowTextForm::whole));
  EXPECT_EQ(out, R"({"price":2.50,"raw":"0x00ff","share":"nan"})");
}

TEST_F(RowTextsTest, HasTheKeysOfADocumentWithTheValuesOfItsColumns) {
  arrow::TimestampBuilder moments(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC"), arrow::default_memory_pool());
  arrow::StringBuilder misfits;
  arrow::StringBuilder texts;
  ASSERT_TRUE(moments.AppendValues({1'704'164'645'000'000, 0, 0}, {true, false, false}).ok());
  ASSERT_TRUE(misfits.AppendNull().ok() && misfits.Append("soon").ok() && misfits.AppendNull().ok());
  ASSERT_TRUE(texts.Append(R"({"z":null,"\u0061t":"2024-01-02T03:04:05Z","deep":{"b":1.50}})").ok());
  ASSERT_TRUE(texts.Append(R"({"at":"soon"})").ok() && texts.AppendNull().ok());
  const IpcFileReader held =
      file(arrow::schema({arrow::field("at", moments.type()), arrow::field("at▶v_text", arrow::utf8()),
                          arrow::field("_dlt_document", arrow::utf8())}),
           {*moments.Finish(), *misfits.Finish(), *texts.Finish()});
  const std::vector<RowTextColumn> columns{
      {.name = "at", .type = DataType::timestamp}, {.name = "at▶v_text", .variant_of = "at"}, {.name = "z"}};
  EXPECT_EQ(rows(held, columns, {}, 0, 3),
            "{\"\\u0061t\":\"2024-01-02T03:04:05Z\",\"deep\":{\"b\":1.50}}\n{\"at\":\"soon\"}\n{}\n");
  auto row_texts = RowTexts::open(held, columns, {.nulls = RowNulls::send});
  std::string out;
  ASSERT_TRUE(row_texts->append(0, 3, out, RowTextForm::typed));
  EXPECT_EQ(out,
            "{\"z\":null,\"\\u0061t\":\"2024-01-02T03:04:05+00:00\",\"deep\":{\"b\":1.50}}\n"
            "{\"at\":\"soon\",\"z\":null}\n"
            "{\"at\":null,\"at▶v_text\":null,\"z\":null}\n");
  out.clear();
  ASSERT_TRUE(row_texts->append_separated(0, 2, true, out));
  EXPECT_EQ(out, "at,at▶v_text,z\n2024-01-02T03:04:05Z,,\n,soon,\n");
}

TEST_F(RowTextsTest, MakesRowsFromColumns) {
  arrow::Int64Builder ids;
  arrow::StringBuilder names;
  EXPECT_TRUE(ids.AppendValues({1, 9'007'199'254'740'993}).ok());
  EXPECT_TRUE(names.AppendNull().ok());
  EXPECT_TRUE(names.Append("\"n\"").ok());
  const IpcFileReader held =
      file(arrow::schema({arrow::field("id", arrow::int64()), arrow::field("name", arrow::utf8())}),
           {*ids.Finish(), *names.Finish()});
  const std::vector<RowTextColumn> columns{
      {.name = "name"}, {.name = "id", .type = DataType::bigint}, {.name = "gone", .type = DataType::bool_}};
  const std::string plain = "{\"id\":1}\n{\"name\":\"\\\"n\\\"\",\"id\":9007199254740993}\n";
  EXPECT_EQ(rows(held, columns, {}, 0, 2), plain);
  EXPECT_EQ(rows(held, columns, {.nulls = RowNulls::as_is}, 0, 2), plain);
  EXPECT_EQ(rows(held, columns, {.nulls = RowNulls::send, .ints_as_strings = true}, 0, 2),
            "{\"name\":null,\"id\":1,\"gone\":null}\n"
            "{\"name\":\"\\\"n\\\"\",\"id\":\"9007199254740993\",\"gone\":null}\n");
  auto texts = RowTexts::open(held, columns, {.nulls = RowNulls::send});
  std::string out;
  ASSERT_TRUE(texts->append_as_kept(0, out));
  EXPECT_EQ(out, "{\"id\":1}");
}

TEST_F(RowTextsTest, ValuesThatBecomeNullAreCountedOnceAndForgotten) {
  arrow::DoubleBuilder one;
  arrow::DoubleBuilder other;
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_TRUE(one.AppendValues({infinity, 1, -infinity, 2}, {true, true, true, false}).ok());
  EXPECT_TRUE(other.AppendValues({std::nan(""), 1, 2, 3}).ok());
  const IpcFileReader held =
      file(arrow::schema({arrow::field("one", arrow::float64()), arrow::field("other", arrow::float64())}),
           {*one.Finish(), *other.Finish()});
  const std::vector<RowTextColumn> columns{{.name = "one", .type = DataType::double_},
                                           {.name = "other", .type = DataType::double_}};
  auto texts = RowTexts::open(held, columns, {});
  std::string out;
  ASSERT_TRUE(texts->append_as_kept(0, out));
  EXPECT_EQ(texts->take_not_numbers(4), 0U) << "a letter is not sent";
  ASSERT_TRUE(texts->append(0, 3, out));
  ASSERT_TRUE(texts->append(0, 4, out, RowTextForm::typed));
  EXPECT_EQ(texts->take_not_numbers(1), 2U);
  EXPECT_EQ(texts->take_not_numbers(4), 1U);
  EXPECT_EQ(texts->take_not_numbers(4), 0U);
}

}  // namespace
}  // namespace outfall::columnar
