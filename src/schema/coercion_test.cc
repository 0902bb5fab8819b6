// SPDX-License-Identifier: Apache-2.0
//
// The recorded cases of dlt judge the matrix as a whole (tests/vectors); here stand its borders, and that the functions
// of the hot path and the matrix agree.
#include "schema/coercion.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace outfall::schema {
namespace {

constexpr std::int64_t int64_min = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();

std::string coerced(DataType to, const Value& from, CoercionOptions options = {}) {
  const auto value = coerce(to, from, options);
  if (!value) return "fails";
  std::string text;
  append_text(text, *value);
  return text;
}

TEST(TextToBigint, BorderCases) {
  EXPECT_EQ(text_to_bigint("9223372036854775807"), int64_max);
  EXPECT_EQ(text_to_bigint("-9223372036854775808"), int64_min);
  EXPECT_EQ(text_to_bigint("9223372036854775808"), std::nullopt);
  EXPECT_EQ(text_to_bigint(" +1_000\t"), 1000);
  EXPECT_EQ(text_to_bigint("0x7fffffffffffffff"), int64_max);
  EXPECT_EQ(text_to_bigint("0x -1f"), -31);
  EXPECT_EQ(text_to_bigint("\u3000１２"), 12);
  for (const char* text : {"", "-", "+-1", "1.0", "1e3", "0X1F", "1__0", "_1", "abc", "é"}) {
    EXPECT_EQ(text_to_bigint(text), std::nullopt) << text;
  }
}

TEST(TextToBigint, WiderIntegersAreStillIntegersForTheMatrix) {
  EXPECT_EQ(coerced(DataType::bigint, Value::text("12345678901234567890")), "12345678901234567890");
  EXPECT_EQ(text_to_integer(std::string(4300, '9'))->integer_digit_count(), 4300);
  EXPECT_EQ(text_to_integer(std::string(4301, '9')), std::nullopt);
}

TEST(TextToDouble, BorderCases) {
  EXPECT_EQ(text_to_double(" 1_0.5e1\n"), 105.0);
  EXPECT_EQ(text_to_double("0x1F"), 31.0);
  EXPECT_EQ(text_to_double("-Infinity"), -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(*text_to_double("+NaN")));
  EXPECT_EQ(text_to_double("1e-999"), 0.0);
  EXPECT_EQ(text_to_double("1e999"), std::nullopt);
  EXPECT_EQ(text_to_double("0x" + std::string(300, 'f')), std::nullopt);
  for (const char* text : {"", ".", "1e", "nan(1)", "infin", "0x1p3", "1_.5", "1,5", "--1"}) {
    EXPECT_EQ(text_to_double(text), std::nullopt) << text;
  }
}

TEST(DoubleToBigint, OnlyWhole64BitNumbers) {
  EXPECT_EQ(double_to_bigint(-9223372036854775808.0), int64_min);
  EXPECT_EQ(double_to_bigint(9223372036854775808.0), std::nullopt);
  EXPECT_EQ(double_to_bigint(1.5), std::nullopt);
  EXPECT_EQ(double_to_bigint(std::nan("")), std::nullopt);
  EXPECT_EQ(coerced(DataType::bigint, Value::real(1e23)), "99999999999999991611392");
}

TEST(TextToBool, WordsInAnyCase) {
  EXPECT_EQ(text_to_bool("YES"), true);
  EXPECT_EQ(text_to_bool("n"), false);
  for (const char* text : {"", " 1", "on", "yess"}) EXPECT_EQ(text_to_bool(text), std::nullopt) << text;
}

TEST(Timestamps, SecondsOfEveryKind) {
  EXPECT_EQ(text_to_timestamp("1e3"), (Timestamp{1'000'000'000, 0}));
  EXPECT_EQ(text_to_timestamp("2024-01-15"), (Timestamp{1'705'276'800'000'000, std::nullopt}));
  EXPECT_EQ(text_to_timestamp("0x10"), std::nullopt);
  EXPECT_EQ(text_to_timestamp("10:20"), std::nullopt);
  EXPECT_EQ(bigint_to_timestamp(-62'135'596'800), (Timestamp{microseconds_min, 0}));
  EXPECT_EQ(bigint_to_timestamp(-62'135'596'801), std::nullopt);
  EXPECT_EQ(bigint_to_timestamp(253'402'300'800), std::nullopt);
  EXPECT_EQ(bigint_to_timestamp(int64_min), std::nullopt);
  EXPECT_EQ(bigint_to_date(int64_max), std::nullopt);
  EXPECT_EQ(bigint_to_date(-1), Date{-1});
}

TEST(Timestamps, FractionsRoundToEvenMicroseconds) {
  EXPECT_EQ(double_to_timestamp(1.5e-6)->microseconds_utc, 2);
  EXPECT_EQ(double_to_timestamp(2.5e-6)->microseconds_utc, 2);
  EXPECT_EQ(double_to_timestamp(-1.5)->microseconds_utc, -1'500'000);
  EXPECT_EQ(double_to_timestamp(253'402'300'800.0), std::nullopt);
  EXPECT_EQ(double_to_timestamp(-62'135'596'800.5), std::nullopt);
  EXPECT_EQ(double_to_timestamp(std::nan("")), std::nullopt);
  EXPECT_EQ(double_to_date(-0.5), Date{-1});
}

TEST(Decimals, EveryKindOfNumberIsScaled) {
  constexpr DecimalShape shape{.precision = 38, .scale = 9};
  EXPECT_TRUE(text_to_decimal(" 1_0.5 ", shape) == Int128{10'500'000'000});
  EXPECT_TRUE(text_to_decimal("0x1F", shape) == Int128{31'000'000'000});
  EXPECT_TRUE(double_to_decimal(0.1, shape) == Int128{100'000'000});
  EXPECT_TRUE(double_to_decimal(1e20, shape) == power_of_ten(29));
  EXPECT_TRUE(bigint_to_decimal(-7, shape) == Int128{-7'000'000'000});
  EXPECT_FALSE(text_to_decimal("NaN", shape).has_value());
  EXPECT_FALSE(double_to_decimal(1e-10, shape).has_value());
  EXPECT_FALSE(double_to_decimal(std::numeric_limits<double>::infinity(), shape).has_value());
}

TEST(Binary, FailureLeavesTheOutputAlone) {
  std::string out = "x";
  EXPECT_TRUE(text_to_binary("0x1f 2F\n", BinaryText::hex, out));
  EXPECT_EQ(out, "x\x1f/");
  EXPECT_FALSE(text_to_binary("0x1f2", BinaryText::hex, out));
  EXPECT_FALSE(text_to_binary("true", BinaryText::hex, out));
  EXPECT_FALSE(bigint_to_binary(-1, out));
  EXPECT_EQ(out, "x\x1f/");
  EXPECT_TRUE(bigint_to_binary(256, out));
  EXPECT_EQ(out, std::string("x\x1f/\0\1", 5));
}

TEST(Binary, OnlyADeclaredColumnDecodesBase64) {
  EXPECT_EQ(coerced(DataType::binary, Value::text("AAE=")), "fails");
  EXPECT_EQ(coerced(DataType::binary, Value::text("AAE="), {.binary_text = BinaryText::hex_or_base64}), "AAE=");
  EXPECT_EQ(coerced(DataType::binary, Value::text("AAE"), {.binary_text = BinaryText::hex_or_base64}), "fails");
}

TEST(Coerce, NumbersNeverBecomeBools) {
  EXPECT_EQ(coerce(DataType::bool_, Value::bigint(1)).error(), CoercionFailure::no_such_conversion);
  EXPECT_EQ(coerce(DataType::bool_, Value::real(0)).error(), CoercionFailure::no_such_conversion);
  EXPECT_EQ(coerce(DataType::bigint, Value::boolean(true)).error(), CoercionFailure::no_such_conversion);
}

TEST(Coerce, FailuresSayWhy) {
  EXPECT_EQ(coerce(DataType::bigint, Value::text("x")).error(), CoercionFailure::not_of_the_form);
  EXPECT_EQ(coerce(DataType::timestamp, Value::bigint(int64_max)).error(), CoercionFailure::out_of_range);
  EXPECT_EQ(coerce(DataType::bigint, Value::real(1.5)).error(), CoercionFailure::not_integral);
  EXPECT_EQ(coerce(DataType::double_, Value::decimal(*Decimal::parse("1E+999"))).error(),
            CoercionFailure::out_of_range);
  EXPECT_FALSE(reason(CoercionFailure::not_integral).empty());
}

TEST(Coerce, IntegralDecimalsBecomeBigintsUpTo28Digits) {
  EXPECT_EQ(coerced(DataType::bigint, Value::decimal(*Decimal::parse("1E+27"))), "1" + std::string(27, '0'));
  EXPECT_EQ(coerced(DataType::bigint, Value::wei(*Decimal::parse("1E+28"))), "fails");
  EXPECT_EQ(coerced(DataType::bigint, Value::decimal(*Decimal::parse("1.5"))), "fails");
}

TEST(Coerce, NullAndTheOwnTypeStay) {
  EXPECT_TRUE(coerce(DataType::bigint, Value())->is_null());
  EXPECT_EQ(coerce(DataType::decimal, Value::decimal(*Decimal::parse("1.50"))),
            Value::decimal(*Decimal::parse("1.50")));
}

TEST(Coerce, TextIsWhatPythonPrints) {
  EXPECT_EQ(coerced(DataType::text, Value::boolean(true)), "True");
  EXPECT_EQ(coerced(DataType::text, Value::real(1e16)), "1e+16");
  EXPECT_EQ(coerced(DataType::text, Value::binary("abc")), "YWJj");
  EXPECT_EQ(coerced(DataType::text, Value::json("[1]")), "[1]");
}

}  // namespace
}  // namespace outfall::schema
