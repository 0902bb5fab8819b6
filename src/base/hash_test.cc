// SPDX-License-Identifier: Apache-2.0
//
// Known answers of the hashes, and that a context used again starts anew.
#include "base/hash.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "base/base64.h"

namespace outfall {
namespace {

std::string hex(std::span<const std::uint8_t> bytes) {
  return fmt::format("{:02x}", fmt::join(bytes, ""));
}

TEST(Sha3, KnownAnswers) {
  EXPECT_EQ(hex(sha3_256("")), "a7ffc6f8bf1ed76651c14756a061d662f580ff4de43b49fa82d80a4b80f8434a");
  EXPECT_EQ(hex(sha3_256("abc")), "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532");
}

TEST(Sha3, PartsAreOneMessageAndFinishStartsAnew) {
  Sha3 hash;
  EXPECT_EQ(hash.update("a").update("").update("bc").finish(), sha3_256("abc"));
  EXPECT_EQ(hash.update("abc").finish(), sha3_256("abc"));
}

// The id of the first nested row below a known parent, as stored datasets have it.
TEST(Shake128, RowIdOfANestedRow) {
  Shake128 shake;
  std::array<std::uint8_t, 10> digest;
  for (int i = 0; i < 3; ++i) {
    shake.digest("KFPvykAjo09OsA_some_table__ch_0", digest);
    EXPECT_EQ(base64_encode(digest, Base64Padding::none), "BOtglQ3Gmocvjg");
  }
}

TEST(ContentHash, KnownAnswerAndPartsAreOneMessage) {
  EXPECT_EQ(ContentHash().hex(), "99aa06d3014798d86001c324468d497f");
  const std::string text(100'000, 'x');
  ContentHash whole;
  whole.update(text);
  ContentHash parts;
  for (std::size_t i = 0; i < text.size(); i += 999) parts.update(std::string_view(text).substr(i, 999));
  EXPECT_EQ(parts.hex(), whole.hex());
  EXPECT_NE(parts.hex(), ContentHash().hex());
}

}  // namespace
}  // namespace outfall
