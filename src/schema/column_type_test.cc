// SPDX-License-Identifier: Apache-2.0
#include "schema/column_type.h"

#include <gtest/gtest.h>

namespace outfall::schema {
namespace {

const ColumnType text{};
const ColumnType bigint{.type = DataType::bigint};
const ColumnType real{.type = DataType::double_};
const ColumnType date{.type = DataType::date};
const ColumnType timestamp{.type = DataType::timestamp};

ColumnType decimal(int precision, int scale) {
  return {.type = DataType::decimal, .precision = precision, .scale = scale};
}

ColumnType bits(int width) {
  return {.type = DataType::bigint, .precision = width};
}

ColumnType seconds(int digits) {
  return {.type = DataType::timestamp, .precision = digits};
}

TEST(WiderType, NumbersStayNumbersWhereAllDigitsDo) {
  EXPECT_EQ(wider_type(bigint, real), real);
  EXPECT_EQ(wider_type(bits(16), bits(32)), bits(32));
  EXPECT_EQ(wider_type(bits(16), bigint), bigint);
  EXPECT_EQ(wider_type(bigint, decimal(10, 2)), decimal(21, 2));
  EXPECT_EQ(wider_type(decimal(10, 2), decimal(8, 4)), decimal(12, 4));
  EXPECT_EQ(wider_type(decimal(38, 0), decimal(10, 2)), text);
  EXPECT_EQ(wider_type(bigint, decimal(38, 30)), text);
  EXPECT_EQ(wider_type(real, decimal(3, 2)), text);
  EXPECT_EQ(wider_type(decimal(38, 0), real), text);
}

TEST(WiderType, IntegersBeyond64BitsKeepTheirDigits) {
  EXPECT_EQ(wider_type(bits(128), bigint), bits(128));
  EXPECT_EQ(wider_type(bits(64), bigint), bigint);
  EXPECT_EQ(wider_type(bits(128), real), text);
  EXPECT_EQ(wider_type(bits(128), decimal(38, 0)), text);
}

TEST(WiderType, SecondsKeepTheirDigits) {
  EXPECT_EQ(wider_type(seconds(3), timestamp), timestamp);
  EXPECT_EQ(wider_type(seconds(3), seconds(9)), seconds(9));
  EXPECT_EQ(wider_type(seconds(0), date), seconds(0));
  ColumnType naive = seconds(3);
  naive.with_timezone = false;
  EXPECT_EQ(wider_type(naive, timestamp), text) << "which moment would it be?";
}

TEST(WiderType, ADayIsItsMidnight) {
  EXPECT_EQ(wider_type(date, timestamp), timestamp);
  EXPECT_EQ(wider_type(timestamp, date), timestamp);
}

TEST(WiderType, AllElseIsText) {
  for (const DataType kind : {DataType::bool_, DataType::time, DataType::json, DataType::binary, DataType::timestamp}) {
    EXPECT_EQ(wider_type({.type = kind}, bigint), text);
    EXPECT_EQ(wider_type(real, {.type = kind}), text);
    EXPECT_EQ(wider_type({.type = kind}, text), text);
  }
}

TEST(WiderType, TheOrderDoesNotMatter) {
  ColumnType naive = seconds(9);
  naive.with_timezone = false;
  const ColumnType time{.type = DataType::time};
  const ColumnType wei{.type = DataType::wei};
  const ColumnType types[] = {naive,
                              time,
                              wei,
                              {.type = DataType::decimal},
                              text,
                              bigint,
                              real,
                              date,
                              timestamp,
                              decimal(10, 2),
                              decimal(38, 0),
                              bits(8),
                              bits(128),
                              seconds(3)};
  for (const ColumnType& a : types) {
    EXPECT_EQ(wider_type(a, a), a);
    for (const ColumnType& b : types) {
      EXPECT_EQ(wider_type(a, b), wider_type(b, a));
      for (const ColumnType& c : types) EXPECT_EQ(wider_type(wider_type(a, b), c), wider_type(a, wider_type(b, c)));
    }
  }
}

TEST(IsCut, OnlyWhatIsConvertedWithoutAWord) {
  EXPECT_TRUE(is_cut(real, bigint));
  EXPECT_TRUE(is_cut(real, decimal(38, 20)));
  EXPECT_TRUE(is_cut(decimal(10, 2), bigint));
  EXPECT_TRUE(is_cut(decimal(10, 2), decimal(20, 1)));
  EXPECT_TRUE(is_cut(decimal(16, 0), real));
  EXPECT_TRUE(is_cut(bigint, {.type = DataType::bool_}));
  EXPECT_TRUE(is_cut(timestamp, date));
  EXPECT_TRUE(is_cut(timestamp, {.type = DataType::time}));
  EXPECT_TRUE(is_cut(timestamp, seconds(3)));
  EXPECT_TRUE(is_cut(text, bigint)) << "12.7 would be 13";
  EXPECT_TRUE(is_cut(text, date));
  EXPECT_TRUE(is_cut({.type = DataType::json}, decimal(10, 2)));

  EXPECT_FALSE(is_cut(bigint, real)) << "as wherever a column of doubles gets integers";
  EXPECT_FALSE(is_cut(decimal(15, 2), real));
  EXPECT_FALSE(is_cut(decimal(10, 2), decimal(5, 2))) << "refused where it is too long";
  EXPECT_FALSE(is_cut(bigint, bits(8))) << "refused where it is too long";
  EXPECT_FALSE(is_cut(decimal(20, 0), bigint));
  EXPECT_FALSE(is_cut(seconds(3), timestamp));
  EXPECT_FALSE(is_cut(date, timestamp));
  EXPECT_FALSE(is_cut(text, {.type = DataType::json})) << "refused where it is none";
}

TEST(DecimalShape, HasDltsDefaultsAndNoFractionBehindAPrecisionAlone) {
  EXPECT_EQ(decimal_shape({.type = DataType::decimal}), (DecimalShape{38, 9}));
  EXPECT_EQ(decimal_shape({.type = DataType::decimal, .precision = 5}), (DecimalShape{5, 0}));
  EXPECT_EQ(decimal_shape({.type = DataType::wei}), (DecimalShape{38, 0}));
}

}  // namespace
}  // namespace outfall::schema
