// SPDX-License-Identifier: Apache-2.0
#include "schema/type_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outfall::schema {
namespace {

using testing::HasSubstr;

TEST(TypeText, ReadsTypesWithTheirNumbers) {
  EXPECT_EQ(parse_type("text").value(), (ColumnType{.type = DataType::text}));
  EXPECT_EQ(parse_type(" Decimal( 38, 9 ) ").value(),
            (ColumnType{.type = DataType::decimal, .precision = 38, .scale = 9}));
  EXPECT_EQ(parse_type("timestamp(3)").value(), (ColumnType{.type = DataType::timestamp, .precision = 3}));
  EXPECT_EQ(parse_type("bigint(32)").value(), (ColumnType{.type = DataType::bigint, .precision = 32}));
}

TEST(TypeText, WritesWhatItReads) {
  for (const char* text : {"text", "text(64)", "decimal(10)", "decimal(38,9)", "bool", "json"}) {
    EXPECT_EQ(type_text(parse_type(text).value()), text);
  }
}

TEST(TypeText, UnknownTypesSuggestTheNearest) {
  const Result<ColumnType> misspelt = parse_type("bigitn");
  ASSERT_FALSE(misspelt);
  EXPECT_THAT(misspelt.error().message, HasSubstr("\"bigitn\""));
  EXPECT_THAT(misspelt.error().hint, HasSubstr("did you mean \"bigint\"?"));
  EXPECT_EQ(misspelt.error().blame, Blame::usage);
  EXPECT_THAT(parse_type("VARCHAR(20)").error().hint, HasSubstr("did you mean \"text\"?"));
  const std::string hint = parse_type("quaternion").error().hint;
  EXPECT_THAT(hint, testing::Not(HasSubstr("did you mean")));
  EXPECT_THAT(hint, HasSubstr("text, bigint, double, bool, timestamp, date, time, decimal, wei, binary, json"));
}

TEST(TypeText, RefusesNumbersThatATypeDoesNotTake) {
  for (const char* text :
       {"", "decimal(39,9)", "decimal(0)", "decimal(5,6)", "decimal(1,2,3)", "decimal()", "decimal(", "decimal(5",
        "decimal(5)x", "decimal(-1)", "decimal(a)", "bool(1)", "timestamp(10)", "bigint(65)", "text(99999999999)"}) {
    const Result<ColumnType> type = parse_type(text);
    ASSERT_FALSE(type) << text;
    EXPECT_FALSE(type.error().hint.empty()) << text;
  }
}

}  // namespace
}  // namespace outfall::schema
