// SPDX-License-Identifier: Apache-2.0
//
// UTF-8 and the two character classes. The counts in the classes are those of Python 3.11.
#include "base/utf8.h"

#include <gtest/gtest.h>

namespace outfall {
namespace {

TEST(Utf8, EveryCodePointSurvivesTheRoundTrip) {
  for (char32_t c = 0; c <= 0x10ffff; ++c) {
    if (c >= 0xd800 && c <= 0xdfff) continue;
    std::string text;
    append_utf8(text, c);
    std::size_t at = 0;
    ASSERT_EQ(next_code_point(text, at), c);
    ASSERT_EQ(at, text.size());
  }
}

TEST(Utf8, WhatIsNotValid) {
  EXPECT_TRUE(is_valid_utf8("a\xc3\xa9\xe6\x97\xa5\xf0\x9f\xa6\x9a"));
  for (const std::string_view bad : {"\x80", "\xc0\xaf", "\xc1\xbf", "\xe0\x80\xaf", "\xed\xa0\x80", "\xf0\x80\x80\x80",
                                     "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "\xc3", "\xe6\x97", "\xc3("}) {
    EXPECT_FALSE(is_valid_utf8(bad)) << bad;
  }
}

TEST(Utf8, CountsCharacters) {
  EXPECT_EQ(utf8_length(""), 0U);
  EXPECT_EQ(utf8_length("日本語"), 3U);
  EXPECT_EQ(utf8_length("\x80\xff"), 2U);
  EXPECT_EQ(utf8_prefix("日本語", 2), "日本");
  EXPECT_EQ(utf8_suffix("日本語", 1), "語");
  EXPECT_EQ(utf8_suffix("日本語", 9), "日本語");
  EXPECT_EQ(utf8_prefix("日本語", 0), "");
  EXPECT_EQ(utf8_suffix("日本語", 0), "");
}

TEST(Utf8, ClassesHaveTheSizeTheyHaveInPython) {
  int spaces = 0;
  int digits = 0;
  for (char32_t c = 0; c <= 0x10ffff; ++c) {
    spaces += is_unicode_space(c) ? 1 : 0;
    digits += is_unicode_digit(c) ? 1 : 0;
  }
  EXPECT_EQ(spaces, 29);
  EXPECT_EQ(digits, 660);
  EXPECT_TRUE(is_unicode_digit(U'٣'));
  EXPECT_FALSE(is_unicode_digit(U'²'));
  EXPECT_FALSE(is_unicode_digit(U'Ⅷ'));
  EXPECT_FALSE(is_unicode_digit(invalid_code_point));
}

TEST(Utf8, DigitsOfEveryScriptHaveTheirValue) {
  EXPECT_EQ(unicode_digit_value(U'7'), 7);
  EXPECT_EQ(unicode_digit_value(U'٣'), 3);
  EXPECT_EQ(unicode_digit_value(U'\U0001d7d9'), 1);  // the second of five runs without a gap
  EXPECT_EQ(unicode_digit_value(U'/'), -1);
  EXPECT_EQ(unicode_digit_value(U':'), -1);
  EXPECT_EQ(unicode_digit_value(U'a'), -1);
}

TEST(Utf8, StripsWhatPythonStrips) {
  EXPECT_EQ(strip("\u00a0\t a b\x1f\u3000"), "a b");
  EXPECT_EQ(strip("\u200b"), "\u200b");  // a zero width space is no space
  EXPECT_EQ(strip(" \n\u2028"), "");
  EXPECT_EQ(strip(""), "");
}

}  // namespace
}  // namespace outfall
