// SPDX-License-Identifier: Apache-2.0
#include "columnar/csv_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outfall::columnar {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> fields_of(std::string_view record, const CsvDialect& dialect = {}) {
  CsvRecord split;
  EXPECT_EQ(split.split(record, dialect), CsvFault::none) << record;
  std::vector<std::string> fields;
  for (const CsvField& field : split.fields()) fields.push_back((field.quoted ? "Q:" : "") + std::string(field.text));
  return fields;
}

TEST(CsvRecord, FieldsStandBetweenDelimiters) {
  EXPECT_THAT(fields_of("a,b,c"), ElementsAre("a", "b", "c"));
  EXPECT_THAT(fields_of(""), ElementsAre(""));
  EXPECT_THAT(fields_of(","), ElementsAre("", ""));
  EXPECT_THAT(fields_of(" a , b "), ElementsAre(" a ", " b "));
  EXPECT_THAT(fields_of("a;b,c", {.delimiter = ';'}), ElementsAre("a", "b,c"));
}

TEST(CsvRecord, QuotedFieldsHoldDelimitersLineEndsAndQuotes) {
  EXPECT_THAT(fields_of("\"a,b\",c"), ElementsAre("Q:a,b", "c"));
  EXPECT_THAT(fields_of("\"a\nb\",\"\""), ElementsAre("Q:a\nb", "Q:"));
  EXPECT_THAT(fields_of("\"say \"\"hi\"\"\",\"\"\"\""), ElementsAre("Q:say \"hi\"", "Q:\""));
  EXPECT_THAT(fields_of("'it''s',\"x\"", {.quote = '\''}), ElementsAre("Q:it's", "\"x\""));
}

TEST(CsvRecord, QuotesInsideAFieldAreText) {
  EXPECT_THAT(fields_of("5\" pipe,a \"b\""), ElementsAre("5\" pipe", "a \"b\""));
}

TEST(CsvRecord, FieldsKnowWhereTheyStand) {
  CsvRecord split;
  ASSERT_EQ(split.split("ab,\"c\"\"d\",e", {}), CsvFault::none);
  EXPECT_EQ(split.fields()[1].offset, 3U);
  EXPECT_EQ(split.fields()[2].offset, 10U);
}

TEST(CsvRecord, FaultsSayWhichField) {
  CsvRecord split;
  EXPECT_EQ(split.split("a,\"b", {}), CsvFault::open_quote);
  EXPECT_EQ(split.fault_offset(), 2U);
  EXPECT_EQ(split.split("a,\"b\"c,d", {}), CsvFault::text_behind_quote);
  EXPECT_EQ(split.fault_offset(), 2U);
}

TEST(CsvRecord, ManyQuotedFieldsDoNotMove) {
  std::string record;
  for (int i = 0; i < 1000; ++i) record += "\"x\"\"y\",";
  CsvRecord split;
  ASSERT_EQ(split.split(record, {}), CsvFault::none);
  ASSERT_EQ(split.fields().size(), 1001U);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(split.fields()[static_cast<std::size_t>(i)].text, "x\"y");
}

TEST(CsvRecordEnd, IsTheFirstLineEndOutsideQuotes) {
  EXPECT_EQ(csv_record_end("a,b\nc", 0, {}), 3U);
  EXPECT_EQ(csv_record_end("a,b\nc\n", 4, {}), 5U);
  EXPECT_EQ(csv_record_end("a,\"x\ny\"\nc", 0, {}), 7U);
  EXPECT_EQ(csv_record_end("\"x\n\"\"\n\",b\nc", 0, {}), 9U);
  EXPECT_EQ(csv_record_end("5\" pipe,b\nc", 0, {}), 9U);
  EXPECT_EQ(csv_record_end("\"a\"x\nb", 0, {}), 4U);
  EXPECT_EQ(csv_record_end("a\rb", 0, {.line_end = '\r'}), 1U);
}

TEST(CsvRecordEnd, IsNotThereBeforeTheRestIsRead) {
  EXPECT_EQ(csv_record_end("a,b", 0, {}), std::string_view::npos);
  EXPECT_EQ(csv_record_end("a,\"b\n", 0, {}), std::string_view::npos);
  EXPECT_EQ(csv_record_end("a,\"b\n\"", 0, {}), std::string_view::npos);
  EXPECT_EQ(csv_record_end("", 0, {}), std::string_view::npos);
}

}  // namespace
}  // namespace outfall::columnar
