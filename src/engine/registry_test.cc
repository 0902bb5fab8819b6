// SPDX-License-Identifier: Apache-2.0
//
// What a database may hold follows from what rows in flight may.
#include "engine/registry.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace outfall::engine {
namespace {

constexpr std::size_t mib = std::size_t{1} << 20;

TEST(DatabaseMemory, GrowsWithTheRowsInFlightBetweenItsLimits) {
  const std::size_t most = database_memory(~std::size_t{0});
  EXPECT_EQ(database_memory(1), 256 * mib);
  EXPECT_EQ(database_memory(64 * mib), std::min(512 * mib, most));
  EXPECT_EQ(database_memory(128 * mib), std::min(1024 * mib, most));
  EXPECT_GE(most, 256 * mib);
  EXPECT_LT(most, std::size_t{1} << 50) << "half of the machine's memory is the most";
}

}  // namespace
}  // namespace outfall::engine
