// SPDX-License-Identifier: Apache-2.0
//
// Of several causes the exit code tells the first of a fixed order.
#include "engine/worst_ending.h"

#include <gtest/gtest.h>

#include <vector>

namespace outfall::engine {
namespace {

TEST(WorstEnding, IsTheEarlierOfTheOrderWhicheverCameFirst) {
  const std::vector<Ending> order{Ending::interrupted, Ending::terminated, Ending::failed,   Ending::misuse,
                                  Ending::busy,        Ending::pending,    Ending::rejected, Ending::delivered};
  for (std::size_t i = 0; i < order.size(); ++i) {
    for (std::size_t j = i; j < order.size(); ++j) {
      EXPECT_EQ(worst(order[i], order[j]), order[i]) << name(order[i]) << ", " << name(order[j]);
      EXPECT_EQ(worst(order[j], order[i]), order[i]) << name(order[j]) << ", " << name(order[i]);
    }
  }
}

}  // namespace
}  // namespace outfall::engine
