// SPDX-License-Identifier: Apache-2.0
//
// What a database may hold follows from what rows in flight may; what is left open is as lanes have it.
#include "engine/registry.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

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

TEST(LaneOptions, NoAttemptsAreAsManyAsThereIsTimeFor) {
  EXPECT_EQ(lane_options({}).retry.attempts_max, 5);
  EXPECT_EQ(lane_options({.attempts_max = 7}).retry.attempts_max, 7);
  EXPECT_EQ(lane_options({.attempts_max = 0}).retry.attempts_max, std::numeric_limits<int>::max());
}

}  // namespace
}  // namespace outfall::engine
