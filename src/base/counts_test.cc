// SPDX-License-Identifier: Apache-2.0
#include "base/counts.h"

#include <gtest/gtest.h>

#include <limits>

namespace outfall {
namespace {

TEST(Counts, NameOneThingOrSeveral) {
  EXPECT_EQ(counted(0, "row"), "0 rows");
  EXPECT_EQ(counted(1, "row"), "1 row");
  EXPECT_EQ(counted(999, "row"), "999 rows");
}

TEST(Counts, HaveACommaBetweenThousands) {
  EXPECT_EQ(counted(1'000, "row"), "1,000 rows");
  EXPECT_EQ(counted(123'456, "row"), "123,456 rows");
  EXPECT_EQ(counted(std::numeric_limits<std::uint64_t>::max(), "row"), "18,446,744,073,709,551,615 rows");
}

}  // namespace
}  // namespace outfall
