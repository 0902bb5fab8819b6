// SPDX-License-Identifier: Apache-2.0
#include "schema/columns_there.h"

#include <gtest/gtest.h>

#include <limits>

namespace outfall::schema {
namespace {

using Names = ColumnsThere::Names;

std::vector<ColumnThere> orders() {
  return {{.table = "Orders", .name = "Amount", .word = "INTEGER"}, {.table = "Orders2", .name = "id", .word = "UUID"}};
}

TEST(ColumnsThere, ComparesNamesAsTheDatabaseDoes) {
  const ColumnsThere ignored(orders(), Names::case_is_ignored);
  ASSERT_NE(ignored.find("ORDERS", "amount"), nullptr);
  EXPECT_EQ(ignored.find("ORDERS", "amount")->name, "Amount");
  EXPECT_EQ(ignored.find("orders", "id"), nullptr);
  EXPECT_NE(ignored.first_of("oRDERS2"), nullptr);
  EXPECT_EQ(ignored.first_of("order"), nullptr);
  EXPECT_TRUE(ignored.is_same("A", "a"));

  const ColumnsThere matters(orders(), Names::case_matters);
  EXPECT_EQ(matters.find("orders", "amount"), nullptr);
  EXPECT_NE(matters.find("Orders", "Amount"), nullptr);
  EXPECT_FALSE(matters.is_same("A", "a"));
}

TEST(ValueRange, EndsWhereTheTypeOfTheDatabaseEnds) {
  EXPECT_TRUE(in_range(ValueRange::unsigned_8, Int128{255}));
  EXPECT_FALSE(in_range(ValueRange::unsigned_8, Int128{256}));
  EXPECT_FALSE(in_range(ValueRange::unsigned_8, Int128{-1}));
  EXPECT_TRUE(in_range(ValueRange::unsigned_64, Int128{std::numeric_limits<std::uint64_t>::max()}));
  EXPECT_FALSE(in_range(ValueRange::unsigned_64, Int128{1} << 64));
  EXPECT_FALSE(in_range(ValueRange::not_negative, Int128{-1}));
  EXPECT_TRUE(in_range(ValueRange::whole, Int128{-1}));
}

TEST(ValueRange, TakesWhatAFloatRoundsAndNothingBeyondIt) {
  EXPECT_TRUE(in_range(ValueRange::float_32, 3.4028235e38)) << "the largest float as it prints";
  EXPECT_FALSE(in_range(ValueRange::float_32, 3.4028236e38));
  EXPECT_FALSE(in_range(ValueRange::float_32, -1e300));
  EXPECT_TRUE(in_range(ValueRange::float_32, 0.1));
  EXPECT_TRUE(in_range(ValueRange::float_32, std::numeric_limits<double>::infinity()));
  EXPECT_TRUE(in_range(ValueRange::float_32, std::numeric_limits<double>::quiet_NaN()));
}

}  // namespace
}  // namespace outfall::schema
