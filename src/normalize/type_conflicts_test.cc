// SPDX-License-Identifier: Apache-2.0
#include "normalize/type_conflicts.h"

#include <gtest/gtest.h>

namespace outfall::normalize {
namespace {

using columnar::ColumnType;

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

TEST(TypeConflicts, NumbersStayNumbersWhereAllDigitsDo) {
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

TEST(TypeConflicts, ADayIsItsMidnight) {
  EXPECT_EQ(wider_type(date, timestamp), timestamp);
  EXPECT_EQ(wider_type(timestamp, date), timestamp);
}

TEST(TypeConflicts, AllElseIsText) {
  for (const DataType kind : {DataType::bool_, DataType::time, DataType::json, DataType::binary, DataType::timestamp}) {
    EXPECT_EQ(wider_type({.type = kind}, bigint), text);
    EXPECT_EQ(wider_type(real, {.type = kind}), text);
    EXPECT_EQ(wider_type({.type = kind}, text), text);
  }
}

TEST(TypeConflicts, TheOrderDoesNotMatter) {
  const ColumnType types[] = {text, bigint, real, date, timestamp, decimal(10, 2), decimal(38, 0), bits(8)};
  for (const ColumnType& a : types) {
    EXPECT_EQ(wider_type(a, a), a);
    for (const ColumnType& b : types) {
      EXPECT_EQ(wider_type(a, b), wider_type(b, a));
      for (const ColumnType& c : types) EXPECT_EQ(wider_type(wider_type(a, b), c), wider_type(a, wider_type(b, c)));
    }
  }
}

TEST(TypeConflicts, ATypeThatDidNotTakeAValueIsNoAnswer) {
  EXPECT_EQ(settled_type(TypeConflicts::widen, decimal(38, 0), bits(8)), text);
  EXPECT_EQ(settled_type(TypeConflicts::widen, timestamp, timestamp), text);
  EXPECT_EQ(settled_type(TypeConflicts::text, bigint, real), text);
}

}  // namespace
}  // namespace outfall::normalize
