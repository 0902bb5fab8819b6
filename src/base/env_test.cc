// SPDX-License-Identifier: Apache-2.0
//
// Clocks that tests set, and ids that do not repeat.
#include "base/env.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace outfall {
namespace {

TEST(FixedEnv, StandsStillUntilMoved) {
  FixedEnv env(1'000'000);
  EXPECT_EQ(env.now_us(), 1'000'000);
  EXPECT_EQ(env.now_us(), 1'000'000);
  env.advance(std::chrono::microseconds(5));
  EXPECT_EQ(env.now_us(), 1'000'005);
  EXPECT_EQ(env.monotonic(), std::chrono::microseconds(5));
  env.set_now_us(3);
  EXPECT_EQ(env.now_us(), 3);
  EXPECT_EQ(env.monotonic(), std::chrono::microseconds(5)) << "the other clock never goes back";
}

TEST(FixedEnv, DrawsTheSameFromTheSameSeed) {
  FixedEnv one(0, 7);
  FixedEnv same(0, 7);
  FixedEnv other(0, 8);
  const std::string drawn = random_hex(one, 33);
  EXPECT_EQ(drawn, random_hex(same, 33));
  EXPECT_NE(drawn, random_hex(other, 33));
  EXPECT_NE(drawn, random_hex(one, 33)) << "the next draw is another";
}

TEST(SystemEnv, TellsTheTimeInMicroseconds) {
  const std::int64_t year_2020 = 1'577'836'800'000'000;
  const std::int64_t year_2200 = 7'258'118'400'000'000;
  EXPECT_GT(Env::system().now_us(), year_2020);
  EXPECT_LT(Env::system().now_us(), year_2200);
  const auto before = Env::system().monotonic();
  EXPECT_GE(Env::system().monotonic(), before);
}

TEST(RandomHex, HasTwoDigitsAByteAndDoesNotRepeat) {
  EXPECT_EQ(random_hex(Env::system(), 0), "");
  EXPECT_THAT(random_hex(Env::system(), 200), testing::MatchesRegex("[0-9a-f]{400}"));
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) {
    ids.insert(random_hex(Env::system(), 8));
  }
  EXPECT_EQ(ids.size(), 1000u);
}

}  // namespace
}  // namespace outfall
