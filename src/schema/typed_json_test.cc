// SPDX-License-Identifier: Apache-2.0
#include "schema/typed_json.h"

#include <gtest/gtest.h>

#include <limits>

namespace outfall::schema {
namespace {

TEST(TypedJson, ValuesComeBackAsWhatTheyWere) {
  for (const Value& value :
       {Value::text("x"), Value::bigint(-5), Value::bigint(*Decimal::parse("99999999999999999999")), Value::real(1.5),
        Value::boolean(false), Value::timestamp({1'000'600, 0}), Value::timestamp({0, std::nullopt}),
        Value::date({19724}), Value::time({7}), Value::decimal(*Decimal::parse("1.50")),
        Value::wei(*Decimal::parse("1E+3")), Value::binary("ab\1"), Value::json("{\"a\":[1,null]}"), Value()}) {
    EXPECT_EQ(from_typed_json(to_typed_json(value)), value) << to_json(to_typed_json(value));
  }
}

TEST(TypedJson, UnreadableMarksStayText) {
  for (const TypeMark mark : {TypeMark::decimal, TypeMark::timestamp, TypeMark::date, TypeMark::uuid,
                              TypeMark::hex_binary, TypeMark::binary, TypeMark::wei, TypeMark::time}) {
    const std::string text = mark_text(mark) + "?";
    EXPECT_EQ(from_typed_json(Json(text)), Value::text(text));
    EXPECT_EQ(from_typed_json(Json(mark_text(mark))), Value::text(mark_text(mark)));
  }
  EXPECT_EQ(from_typed_json(Json("\uf02e1")), Value::text("\uf02e1"));  // behind the last mark
}

TEST(TypedJson, ReadsMarksThatWeDoNotWrite) {
  EXPECT_EQ(from_typed_json(Json("\uf02a0x01ff")), Value::binary("\x01\xff"));
  EXPECT_EQ(from_typed_json(Json("\uf0272024-01-02")), Value::timestamp({1'704'153'600'000'000, std::nullopt}));
  EXPECT_EQ(from_typed_json(Json("\uf02912345678-1234-1234-1234-123456789abc")),
            Value::text("12345678-1234-1234-1234-123456789abc"));
}

TEST(TypedJson, PlainHasNoMarks) {
  EXPECT_EQ(to_json(to_plain_json(Value::decimal(*Decimal::parse("1.50")))), "\"1.50\"");
  EXPECT_EQ(to_json(to_plain_json(Value::binary("\1"))), "\"AQ==\"");
  EXPECT_EQ(to_json(to_plain_json(Value::real(std::numeric_limits<double>::infinity()))), "null");
}

}  // namespace
}  // namespace outfall::schema
