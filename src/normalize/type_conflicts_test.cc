// SPDX-License-Identifier: Apache-2.0
#include "normalize/type_conflicts.h"

#include <gtest/gtest.h>

namespace outfall::normalize {
namespace {

using schema::ColumnType;

const ColumnType text{};
const ColumnType bigint{.type = DataType::bigint};
const ColumnType real{.type = DataType::double_};
const ColumnType timestamp{.type = DataType::timestamp};
const ColumnType milliseconds{.type = DataType::timestamp, .precision = 3};

TEST(TypeConflicts, ATypeThatDidNotTakeAValueIsNoAnswer) {
  const ColumnType decimal{.type = DataType::decimal, .precision = 38, .scale = 0};
  EXPECT_EQ(settled_type(TypeConflicts::widen, decimal, bigint), text);
  EXPECT_EQ(settled_type(TypeConflicts::widen, timestamp, timestamp), text);
  EXPECT_EQ(settled_type(TypeConflicts::text, bigint, real), text);
}

TEST(TypeConflicts, FinerSecondsAreAnAnswer) {
  EXPECT_EQ(settled_type(TypeConflicts::widen, milliseconds, timestamp), timestamp);
}

}  // namespace
}  // namespace outfall::normalize
