// SPDX-License-Identifier: Apache-2.0
#include "columnar/document_keys.h"

#include <gtest/gtest.h>

#include <vector>

namespace outfall::columnar {
namespace {

TEST(DocumentKeys, FindTheColumnOfAKeyHoweverItIsWritten) {
  DocumentKeys keys;
  keys.add("a_b", 0);
  keys.add("caf\u00e9", 1);
  EXPECT_EQ(keys.find("a_b"), 0U);
  EXPECT_EQ(keys.find(R"(a\nb)"), 0U) << "a line feed is no sign of a name";
  EXPECT_EQ(keys.find("cafe\u0301"), 1U);
  EXPECT_EQ(keys.find(R"(caf\u00e9)"), 1U);
  EXPECT_EQ(keys.find("gone"), std::nullopt);
}

TEST(DocumentKeys, TellKeysApartThatAreCalledAlike) {
  DocumentKeys keys;
  keys.add("a_b", 0);
  keys.add("a_b_" + schema::collision_tag("a_b"), 1);
  EXPECT_EQ(keys.find("a'b"), 0U) << "which came first";
  EXPECT_EQ(keys.find("a_b"), 1U);
}

TEST(DocumentKeys, ATagIsMadeOfTheComposedKey) {
  DocumentKeys keys;
  keys.add("caf\u00e9_b", 0);
  keys.add("caf\u00e9_b_" + schema::collision_tag("caf\u00e9_b"), 1);
  EXPECT_EQ(keys.find("cafe\u0301'b"), 0U);
  EXPECT_EQ(keys.find("caf\u00e9_b"), 1U);
  EXPECT_EQ(keys.find("cafe\u0301_b"), 1U);
}

TEST(DocumentKeys, FindTheColumnOfAPath) {
  DocumentKeys keys(schema::Naming(NamingConvention::snake_case));
  keys.add("shop__number", 0);
  keys.add("shop__number_" + schema::collision_tag("Shop.Number"), 1);
  EXPECT_EQ(keys.find_path(std::vector<std::string>{"shop", "number"}), 0U);
  EXPECT_EQ(keys.find_path(std::vector<std::string>{"Shop", "Number"}), 1U);
  EXPECT_EQ(keys.find_path(std::vector<std::string>{"number"}), std::nullopt);
}

TEST(DocumentKeys, AnEscapeIsNotTakenForWhatItIsWrittenAs) {
  DocumentKeys keys;
  keys.add(R"(a\nb)", 0);
  EXPECT_EQ(keys.find(R"(a\\nb)"), 0U);
  EXPECT_EQ(keys.find(R"(a\nb)"), std::nullopt);
  EXPECT_EQ(keys.find_key(R"(a\nb)"), 0U) << "it is not written, and has no escapes";
}

TEST(KeyText, IsComparedAsItIsRead) {
  EXPECT_TRUE(is_written_as("plain", "plain"));
  EXPECT_TRUE(is_written_as("ab", R"(a\u0062)"));
  EXPECT_TRUE(is_written_as(R"(a\nb)", R"(a\\nb)"));
  EXPECT_FALSE(is_written_as(R"(a\nb)", R"(a\nb)")) << "which is a line feed";
}

TEST(KeyText, ReadsEscapes) {
  EXPECT_EQ(key_text("plain"), "plain");
  EXPECT_EQ(key_text(R"(a\u0062\"c)"), "ab\"c");
}

}  // namespace
}  // namespace outfall::columnar
