// SPDX-License-Identifier: Apache-2.0
#include "schema/decimal.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "schema/decimal_digits.h"

namespace outfall::schema {
namespace {

std::string round_trip(std::string_view text) {
  const std::optional<Decimal> decimal = Decimal::parse(text);
  return decimal ? decimal->text() : "none";
}

TEST(Decimal, TextKeepsWhatWasWritten) {
  for (const char* text : {"0", "-0", "1.50", "-0.00", "1E+3", "0E-10", "0.000001", "1E-7", "NaN", "-NaN", "sNaN",
                           "NaN123", "Infinity", "-Infinity", "1.2E+999999999999999999"}) {
    EXPECT_EQ(round_trip(text), text);
  }
}

TEST(Decimal, ReadsWhatPythonReads) {
  EXPECT_EQ(round_trip(" 1e5\n"), "1E+5");
  EXPECT_EQ(round_trip("+.5"), "0.5");
  EXPECT_EQ(round_trip("5."), "5");
  EXPECT_EQ(round_trip("1__0_"), "10");
  EXPECT_EQ(round_trip("0.0000001"), "1E-7");
  EXPECT_EQ(round_trip("007"), "7");
  EXPECT_EQ(round_trip("iNf"), "Infinity");
  EXPECT_EQ(round_trip("\u3000١٢"), "12");
}

TEST(Decimal, RefusesWhatPythonRefuses) {
  for (const char* text : {"", ".", "+", "_", "1e", "1e+", "1.2.3", "1 0", "0x1F", "1e5.0", "infin", "--1",
                           "1e1000000000000000000", "12e999999999999999999", "1e-1999999999999999998"}) {
    EXPECT_EQ(Decimal::parse(text), std::nullopt) << text;
  }
}

TEST(Decimal, HexadecimalOfAnySize) {
  EXPECT_EQ(Decimal::parse_hex("1F")->text(), "31");
  EXPECT_EQ(Decimal::parse_hex("-1_f")->text(), "-31");
  EXPECT_EQ(Decimal::parse_hex("0x_1f")->text(), "31");
  EXPECT_EQ(Decimal::parse_hex("0000")->text(), "0");
  EXPECT_EQ(Decimal::parse_hex(std::string(40, 'f'))->text(), "1461501637330902918203684832716283019655932542975");
  for (const char* text : {"", "_1", "1_", "1__1", "g", "1p3"}) EXPECT_EQ(Decimal::parse_hex(text), std::nullopt);
  EXPECT_EQ(Decimal::parse_hex(std::string(5000, 'f')), std::nullopt);
}

TEST(Decimal, ComesFromADoubleByItsShortestText) {
  EXPECT_EQ(Decimal::from_double(2.0).text(), "2.0");
  EXPECT_EQ(Decimal::from_double(-0.0).text(), "-0.0");
  EXPECT_EQ(Decimal::from_double(1e-7).text(), "1E-7");
  EXPECT_EQ(Decimal::from_double(1e15).text(), "1000000000000000.0");
  EXPECT_EQ(Decimal::from_double(1e16).text(), "1E+16");
  EXPECT_EQ(Decimal::from_double(123456789.123).text(), "123456789.123");
  EXPECT_EQ(Decimal::from_double(std::numeric_limits<double>::infinity()).text(), "Infinity");
  EXPECT_TRUE(Decimal::from_double(std::nan("")).is_nan());
}

TEST(Decimal, IntegersAreTakenExactly) {
  EXPECT_TRUE(Decimal::parse("1.0")->is_integral());
  EXPECT_TRUE(Decimal::parse("0.00")->is_integral());
  EXPECT_FALSE(Decimal::parse("10.01")->is_integral());
  EXPECT_FALSE(Decimal::parse("1E-3")->is_integral());
  EXPECT_FALSE(Decimal::parse("inf")->is_integral());
  EXPECT_EQ(Decimal::parse("1E+3")->to_int64(), 1000);
  EXPECT_EQ(Decimal::parse("-9223372036854775808")->to_int64(), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(Decimal::parse("9223372036854775808")->to_int64(), std::nullopt);
  EXPECT_EQ(Decimal(std::numeric_limits<std::int64_t>::min()).text(), "-9223372036854775808");
  EXPECT_EQ(Decimal::parse("1E+27")->to_integer(28)->text(), "1" + std::string(27, '0'));
  EXPECT_EQ(Decimal::parse("1E+28")->to_integer(28), std::nullopt);
  EXPECT_EQ(Decimal::parse("1E+999999999999999999")->to_integer(28), std::nullopt);
}

TEST(Decimal, DoublesAreTheNearest) {
  EXPECT_EQ(Decimal::parse("9007199254740993")->to_double(), 9007199254740992.0);
  EXPECT_EQ(Decimal::parse("1E-10")->to_double(), 1e-10);
  EXPECT_EQ(Decimal::parse("1E-999")->to_double(), 0.0);
  EXPECT_EQ(Decimal::parse("-1E+999")->to_double(), -std::numeric_limits<double>::infinity());
  EXPECT_TRUE(std::isnan(Decimal::parse("NaN")->to_double()));
}

constexpr DecimalShape money{.precision = 10, .scale = 2};

TEST(DecimalScaled, NumbersFitExactlyOrNotAtAll) {
  EXPECT_TRUE(decimal_from_number_text("1.5", money) == Int128{150});
  EXPECT_TRUE(decimal_from_number_text("-12.50e1", money) == Int128{-12500});
  EXPECT_TRUE(decimal_from_number_text("1.500000000000000000000000000000000000000000000000000", money) == Int128{150});
  EXPECT_TRUE(decimal_from_number_text("0e99", money) == Int128{0});
  EXPECT_TRUE(decimal_from_number_text("99999999.99", money) == Int128{9999999999});
  EXPECT_TRUE(decimal_from_number_text("1E+3", money) == Int128{100000});
  for (const char* text : {"100000000", "1.234", "1e8", "1e-3", "", "-", ".", "1e", "1x", "1e99999999999999999999"}) {
    EXPECT_FALSE(decimal_from_number_text(text, money).has_value()) << text;
  }
}

TEST(DecimalScaled, ReachesTheEndsOf38Digits) {
  const std::string nines(38, '9');
  const DecimalShape widest{.precision = 38, .scale = 0};
  EXPECT_TRUE(decimal_from_number_text(nines, widest) == power_of_ten(38) - 1);
  EXPECT_TRUE(decimal_from_number_text("-" + nines, widest) == 1 - power_of_ten(38));
  EXPECT_FALSE(decimal_from_number_text("1" + nines, widest).has_value());
  EXPECT_TRUE(decimal_from_number_text("0." + nines, {.precision = 38, .scale = 38}) == power_of_ten(38) - 1);
  // Twenty digits leave 64 bits.
  EXPECT_TRUE(decimal_from_number_text("18446744073709551617", widest) ==
              static_cast<Int128>(std::numeric_limits<std::uint64_t>::max()) + 2);
}

TEST(DecimalScaled, AllWaysAgree) {
  for (const char* text : {"0", "-1", "42.5", "1E+3", "123456.78", "0.01", "-0.10"}) {
    EXPECT_TRUE(Decimal::parse(text)->scaled(money) == decimal_from_number_text(text, money)) << text;
  }
  EXPECT_FALSE(Decimal::parse("NaN")->scaled(money).has_value());
  EXPECT_TRUE(decimal_from_int64(-99999999, money) == Int128{-9999999900});
  EXPECT_FALSE(decimal_from_int64(100000000, money).has_value());
  EXPECT_FALSE(decimal_from_int64(std::numeric_limits<std::int64_t>::min(), money).has_value());
}

TEST(DecimalDigits, AsciiIsNotCopied) {
  std::string storage;
  const std::string_view text = "12.5";
  EXPECT_EQ(ascii_number(text, storage).data(), text.data());
  EXPECT_EQ(trim_number(text).data(), text.data());
  EXPECT_EQ(ascii_number("１é", storage), "1?");
}

TEST(DecimalDigits, UnderscoresStandBetweenDigits) {
  std::string storage;
  EXPECT_EQ(without_underscores("1_0", UnderscoreRule::between_digits, storage), "10");
  EXPECT_EQ(without_underscores("1__0", UnderscoreRule::between_digits, storage), std::nullopt);
  EXPECT_EQ(without_underscores("a_b", UnderscoreRule::between_digits, storage), std::nullopt);
  EXPECT_EQ(without_underscores("a_b", UnderscoreRule::between_hex_digits, storage), "ab");
  EXPECT_EQ(without_underscores("_", UnderscoreRule::anywhere, storage), "");
}

}  // namespace
}  // namespace outfall::schema
