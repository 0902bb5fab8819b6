// SPDX-License-Identifier: Apache-2.0
#include "schema/value.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

#include "schema/value_text.h"

namespace outfall::schema {
namespace {

std::string real_text(double value) {
  std::array<char, number_text_max> buffer;
  return std::string(double_text(value, buffer));
}

TEST(Value, BigintsAreNarrowWhereTheyFit) {
  EXPECT_EQ(Value::bigint(*Decimal::parse("1E+3")), Value::bigint(1000));
  const Value wide = Value::bigint(*Decimal::parse("12345678901234567890"));
  EXPECT_EQ(wide.as_int64(), nullptr);
  EXPECT_EQ(wide.as_decimal()->text(), "12345678901234567890");
  EXPECT_EQ(wide.type(), DataType::bigint);
}

TEST(Value, TypesTellEqualContentApart) {
  EXPECT_NE(Value::text("1"), Value::json("1"));
  EXPECT_NE(Value::text(""), Value());
  EXPECT_TRUE(Value().is_null());
}

TEST(ValueText, DoublesAreWrittenAsPythonDoes) {
  EXPECT_EQ(real_text(1.0), "1.0");
  EXPECT_EQ(real_text(-0.0), "-0.0");
  EXPECT_EQ(real_text(0.1), "0.1");
  EXPECT_EQ(real_text(0.0001), "0.0001");
  EXPECT_EQ(real_text(0.00001), "1e-05");
  EXPECT_EQ(real_text(1.5e-7), "1.5e-07");
  EXPECT_EQ(real_text(1234567890123456.0), "1234567890123456.0");
  EXPECT_EQ(real_text(1e16), "1e+16");
  EXPECT_EQ(real_text(1e100), "1e+100");
  EXPECT_EQ(real_text(-std::numeric_limits<double>::max()), "-1.7976931348623157e+308");
  EXPECT_EQ(real_text(std::numeric_limits<double>::denorm_min()), "5e-324");
  EXPECT_EQ(real_text(-std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(real_text(std::numeric_limits<double>::quiet_NaN()), "nan");
}

TEST(ValueText, DescribeCutsLongTextBetweenCharacters) {
  EXPECT_EQ(describe(Value()), "null");
  EXPECT_EQ(describe(Value::text("a\"b")), R"("a\"b")");
  EXPECT_EQ(describe(Value::bigint(5)), "5");
  const std::string described = describe(Value::text(std::string(79, 'a') + "éé"));
  EXPECT_EQ(described, "\"" + std::string(79, 'a') + "...\"");
}

}  // namespace
}  // namespace outfall::schema
