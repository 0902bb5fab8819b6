// SPDX-License-Identifier: Apache-2.0
//
// A wait ends with its time, or at once when asked.
#include "base/wait.h"

#include <gtest/gtest.h>

#include <thread>

namespace outfall {
namespace {

constexpr std::chrono::hours for_ever{24};

TEST(Wait, PassesWhenNobodyStopsIt) {
  EXPECT_TRUE(wait_unless_stopped(std::chrono::milliseconds(1), std::stop_token()));
}

TEST(Wait, EndsAtOnceWhenItIsStoppedAlready) {
  std::stop_source source;
  source.request_stop();
  EXPECT_FALSE(wait_unless_stopped(for_ever, source.get_token()));
}

TEST(Wait, EndsWhenItIsStoppedMeanwhile) {
  std::stop_source source;
  const std::jthread stops([&source] { source.request_stop(); });
  EXPECT_FALSE(wait_unless_stopped(for_ever, source.get_token()));
}

}  // namespace
}  // namespace outfall
