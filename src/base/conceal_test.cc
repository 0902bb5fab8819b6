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

TEST(Conceal, WhatIsLeftOfASecretIsConcealedToo) {
  const std::vector<std::string> secrets = {"hush hush", "silent"};
  EXPECT_EQ(conceal_end("sh hush, hush hush", secrets), "***, ***");
  EXPECT_EQ(conceal_end("silent", secrets), "***");
  EXPECT_EQ(conceal_end("lent", secrets), "***");
  EXPECT_EQ(conceal_end("ent: no sh hush", secrets), "ent: no sh hush");
  EXPECT_EQ(conceal_end("", secrets), "");
}

}  // namespace
}  // namespace outfall
