// SPDX-License-Identifier: Apache-2.0
#include "schema/cell_form.h"

#include <gtest/gtest.h>

#include <charconv>
#include <initializer_list>
#include <string>

#include "schema/value_text.h"

namespace outfall::schema {
namespace {

std::optional<DataType> type_of_cells(std::initializer_list<std::string_view> cells) {
  CellForms forms = 0;
  for (const std::string_view cell : cells) forms |= form_of(cell);
  return type_of(forms);
}

TEST(CellForm, WholeNumbersAreBigints) {
  EXPECT_EQ(type_of_cells({"0", "7", "-12", "9223372036854775807", "-9223372036854775808"}), DataType::bigint);
}

TEST(CellForm, WhatAnIntegerWouldPrintOtherwiseStaysText) {
  for (const std::string_view cell : {"00501", "+1", "-0", "-", "1 ", " 1", "1_000", "0x10", "12345678901234567890",
                                      "9223372036854775808", "1,5", "\xd9\xa3"}) {
    EXPECT_EQ(type_of_cells({cell}), DataType::text) << cell;
    EXPECT_EQ(type_of_cells({"1", cell}), DataType::text) << cell;
  }
}

TEST(CellForm, NumbersWithAFractionAreDoubles) {
  EXPECT_EQ(type_of_cells({"2.5", "-0.1", "0.0001", "1e-05", "1e+20", "3.14159265358979", "0.30000000000000004"}),
            DataType::double_);
  EXPECT_EQ(type_of_cells({"3.0", "-0.0", "2.5"}), DataType::double_);
}

TEST(CellForm, WhatADoubleWouldPrintOtherwiseStaysText) {
  for (const std::string_view cell : {"1.50", "1.", ".5", "1e5", "1E-07", "0.00001", "0.1000000000000000055", "1.0e3",
                                      "nan", "inf", "-inf", "1e999", "100000000000000000.0", "1.5.2", "1.5x"}) {
    EXPECT_EQ(type_of_cells({cell}), DataType::text) << cell;
  }
}

TEST(CellForm, WholeNumbersAmongDoublesHaveOneSpelling) {
  EXPECT_EQ(type_of_cells({"3", "2.5"}), DataType::double_);
  EXPECT_EQ(type_of_cells({"3.0", "2.5"}), DataType::double_);
  EXPECT_EQ(type_of_cells({"3", "3.0"}), DataType::text);
  EXPECT_EQ(type_of_cells({"9007199254740992", "2.5"}), DataType::double_);
  EXPECT_EQ(type_of_cells({"9007199254740993", "2.5"}), DataType::text);
}

TEST(CellForm, BoolsHaveOneSpelling) {
  EXPECT_EQ(type_of_cells({"true", "false"}), DataType::bool_);
  EXPECT_EQ(type_of_cells({"True", "False"}), DataType::bool_);
  EXPECT_EQ(type_of_cells({"True", "false"}), DataType::text);
  EXPECT_EQ(type_of_cells({"yes", "no"}), DataType::text);
  EXPECT_EQ(type_of_cells({"true", "1"}), DataType::text);
}

TEST(CellForm, DaysOfTheCalendarAreDates) {
  EXPECT_EQ(type_of_cells({"2024-02-29", "0001-01-01", "9999-12-31"}), DataType::date);
  for (const std::string_view cell : {"2023-02-29", "2024-13-01", "0000-01-01", "2024-1-1", "2024-01-01x", "2024-01-0"})
    EXPECT_EQ(type_of_cells({cell}), DataType::text) << cell;
}

TEST(CellForm, TimestampsHaveOneSpelling) {
  EXPECT_EQ(type_of_cells({"2024-01-02T03:04:05Z", "2024-01-02T23:59:59Z"}), DataType::timestamp);
  EXPECT_EQ(type_of_cells({"2024-01-02 03:04:05", "2024-01-02 23:59:59"}), DataType::timestamp);
  EXPECT_EQ(type_of_cells({"2024-01-02 03:04:05.123456+00:00"}), DataType::timestamp);
  EXPECT_EQ(type_of_cells({"2024-01-02T03:04:05Z", "2024-01-02T03:04:05"}), DataType::text);
  EXPECT_EQ(type_of_cells({"2024-01-02T03:04:05Z", "2024-01-02 03:04:05Z"}), DataType::text);
  EXPECT_EQ(type_of_cells({"2024-01-02T03:04:05.1Z", "2024-01-02T03:04:05.12Z"}), DataType::text);
  EXPECT_EQ(type_of_cells({"2024-01-02T03:04:05Z", "2024-01-02"}), DataType::text);
  for (const std::string_view cell :
       {"2024-01-02T24:00:00Z", "2024-01-02T03:04", "2024-01-02T03:04:60Z", "2024-01-02T03:04:05+02:00",
        "2024-01-02T03:04:05.1234567Z", "2024-01-02T03:04:05."}) {
    EXPECT_EQ(type_of_cells({cell}), DataType::text) << cell;
  }
}

TEST(CellForm, ColumnsKeepWhatSaysNoMoreThanTheyDo) {
  for (const std::string_view cell : {"0", "7", "-12", "1.50", "3.0", "1e3", "2.5E-7"}) {
    EXPECT_TRUE(keeps(DataType::bigint, cell)) << cell;
    EXPECT_TRUE(keeps(DataType::double_, cell)) << cell;
    EXPECT_TRUE(keeps(DataType::decimal, cell)) << cell;
  }
  for (const std::string_view cell : {"00502", "+1", "0x10", "1_000", " 8", "8 ", "1.", ".5", "1e", "--1", "1,5"}) {
    EXPECT_FALSE(keeps(DataType::bigint, cell)) << cell;
    EXPECT_FALSE(keeps(DataType::double_, cell)) << cell;
    EXPECT_FALSE(keeps(DataType::decimal, cell)) << cell;
  }
  EXPECT_TRUE(keeps(DataType::double_, "0.10000000000000001"));
  EXPECT_TRUE(keeps(DataType::double_, "120000000000000000000000000"));
  EXPECT_FALSE(keeps(DataType::double_, "123456789012345678"));
  EXPECT_FALSE(keeps(DataType::double_, "9007199254740993"));
  EXPECT_TRUE(keeps(DataType::double_, "9007199254740992"));
  EXPECT_TRUE(keeps(DataType::double_, "-9223372036854775808"));
  EXPECT_FALSE(keeps(DataType::double_, "9223372036854775807"));
  EXPECT_TRUE(keeps(DataType::time, "10:11:12.123456"));
  EXPECT_FALSE(keeps(DataType::time, "10:11:12.1234567"));
  EXPECT_FALSE(keeps(DataType::time, "10:11:12+05:00"));
  EXPECT_FALSE(keeps(DataType::date, "2024-05-05 00:00:00.0000001"));
  EXPECT_TRUE(keeps(DataType::double_, "nan"));
  for (const std::string_view cell : {"2024-05-05", "20240505", "2024/05/05"}) {
    EXPECT_TRUE(keeps(DataType::date, cell)) << cell;
    EXPECT_TRUE(keeps(DataType::timestamp, cell)) << cell;
  }
  for (const std::string_view cell : {"12", "2024", "2024-06", "1717200000", "2024-13-01", "10:20"}) {
    EXPECT_FALSE(keeps(DataType::date, cell)) << cell;
    EXPECT_FALSE(keeps(DataType::timestamp, cell)) << cell;
  }
  EXPECT_TRUE(keeps(DataType::date, "2024-05-05 00:00:00"));
  for (const std::string_view cell : {"2024-05-05 17:45:00", "2024-05-05T00:00:00+05:00"}) {
    EXPECT_FALSE(keeps(DataType::date, cell)) << cell;
    EXPECT_TRUE(keeps(DataType::timestamp, cell)) << cell;
  }
  EXPECT_TRUE(keeps(DataType::timestamp, "2024-05-05 17:45:00.123456000"));
  EXPECT_FALSE(keeps(DataType::timestamp, "2024-05-05 17:45:00.1234567"));
  EXPECT_TRUE(keeps(DataType::text, "00502"));
}

TEST(CellForm, AColumnWithoutCellsHasNoType) {
  EXPECT_EQ(type_of(0), std::nullopt);
}

// Whatever the forms call a double must come back from a double, in the spelling of its column.
TEST(CellForm, DoublesPrintBack) {
  std::array<char, number_text_max> buffer{};
  for (int whole = 0; whole < 40; ++whole) {
    for (int fraction = 0; fraction < 2000; ++fraction) {
      std::string cell = std::to_string(whole) + "." + std::to_string(fraction);
      cell.insert(cell.find('.') + 1, static_cast<std::size_t>(fraction % 7), '0');
      if (type_of_cells({cell}) != DataType::double_) continue;
      double value = 0;
      std::from_chars(cell.data(), cell.data() + cell.size(), value);
      ASSERT_EQ(double_text(value, buffer), cell);
    }
  }
}

}  // namespace
}  // namespace outfall::schema
