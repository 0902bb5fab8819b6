// SPDX-License-Identifier: Apache-2.0
//
// Load ids look like dlt's and grow whatever the clock does.
#include "base/load_id.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace outfall {
namespace {

TEST(LoadId, IsThePythonTextOfTheSeconds) {
  // Right sides: str(us / 1e6) in Python.
  FixedEnv env(1'795'309'109'057'722);
  EXPECT_EQ(next_load_id(env, ""), "1795309109.057722");
  env.set_now_us(1'795'309'109'500'000);
  EXPECT_EQ(next_load_id(env, ""), "1795309109.5");
  env.set_now_us(1'795'309'109'000'000);
  EXPECT_EQ(next_load_id(env, ""), "1795309109.0");
}

TEST(LoadId, FollowsTheClockWhenItIsAhead) {
  FixedEnv env(1'795'309'109'000'000);
  EXPECT_EQ(next_load_id(env, "1795308996.8249626"), "1795309109.0");
}

TEST(LoadId, TakesTheNextDoubleWhenTheClockStandsStillOrGoesBack) {
  FixedEnv env(1'795'308'996'000'000);
  // Python: str(math.nextafter(1795308996.8249626, math.inf))
  EXPECT_EQ(next_load_id(env, "1795308996.8249626"), "1795308996.8249629");
  EXPECT_EQ(next_load_id(env, "1795308996.0"), "1795308996.0000002");
}

TEST(LoadId, GrowsAsTextAndAsNumberForTenThousandSteps) {
  FixedEnv env(1'795'308'999'999'000);
  std::string last;
  for (int i = 0; i < 10'000; ++i) {
    // Mostly back, sometimes ahead, across a change of the whole second.
    env.set_now_us(1'795'308'999'999'000 + (i % 100 == 0 ? i * 2 : -i));
    const std::string id = next_load_id(env, last);
    ASSERT_LT(last, id);
    ASSERT_LT(std::strtod(last.c_str(), nullptr), std::strtod(id.c_str(), nullptr));
    ASSERT_EQ(id.find('.'), 10u) << id;
    ASSERT_LE(id.size(), 18u) << "more than 7 decimals: " << id;
    last = id;
  }
}

TEST(LoadId, KeepsTenDigitsForAbsurdClocks) {
  FixedEnv env(0);
  EXPECT_EQ(next_load_id(env, ""), "1000000000.0");
  env.set_now_us(-5);
  EXPECT_EQ(next_load_id(env, "1000000000.0"), "1000000000.0000001");
  env.set_now_us(INT64_MAX);
  EXPECT_EQ(next_load_id(env, ""), "9999999999.0");
}

TEST(LoadId, ForeignTextDoesNotCount) {
  FixedEnv env(1'795'309'109'000'000);
  for (const char* foreign : {"abc", "1795309110.0x", "nan", "inf", "-inf", "1e300"}) {
    EXPECT_EQ(next_load_id(env, foreign), "1795309109.0") << foreign;
  }
}

}  // namespace
}  // namespace outfall
