// SPDX-License-Identifier: Apache-2.0
#include "base/conceal.h"

#include <gtest/gtest.h>

#include <vector>

namespace outfall {
namespace {

TEST(Conceal, EachPlaceOfEachSecretIsStars) {
  const std::vector<std::string> secrets = {"hush hush", "hush"};
  EXPECT_EQ(conceal("token=hush, again hush hush.", secrets), "token=***, again ***.");
  EXPECT_EQ(conceal("hushhush", secrets), "******");
  EXPECT_EQ(conceal("nothing of it", secrets), "nothing of it");
  EXPECT_EQ(conceal("", secrets), "");
}

TEST(Conceal, WhatIsTooShortForASecretStays) {
  EXPECT_EQ(conceal("a b c", std::vector<std::string>{"b", ""}), "a b c");
}

TEST(Conceal, StarsAreNotLookedAtAgain) {
  EXPECT_EQ(conceal("****", std::vector<std::string>{"****"}), "***");
}

}  // namespace
}  // namespace outfall
