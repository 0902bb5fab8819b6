// SPDX-License-Identifier: Apache-2.0
#include "base/nfc.h"

#include <gtest/gtest.h>

namespace outfall {
namespace {

TEST(Nfc, ComposesWhatCanBeWrittenInTwoWays) {
  EXPECT_EQ(to_nfc("cafe\u0301"), "caf\u00e9");
  EXPECT_EQ(to_nfc("caf\u00e9"), "caf\u00e9");
  EXPECT_EQ(to_nfc("\u1112\u1161\u11ab"), "\ud55c");
  EXPECT_EQ(to_nfc("a\u0323\u0307"), to_nfc("a\u0307\u0323"));
}

TEST(Nfc, KeepsWhatLooksAlikeApart) {
  EXPECT_EQ(to_nfc("\ufb01"), "\ufb01");
  EXPECT_EQ(to_nfc("x\u00b2"), "x\u00b2");
}

TEST(Nfc, LeavesWhatIsNoTextAsItIs) {
  EXPECT_EQ(to_nfc("a\xff"), "a\xff");
  EXPECT_EQ(to_nfc(""), "");
}

TEST(Nfc, KnowsAscii) {
  EXPECT_TRUE(is_ascii("a key"));
  EXPECT_FALSE(is_ascii("k\u00e9y"));
}

}  // namespace
}  // namespace outfall
