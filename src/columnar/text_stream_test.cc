// SPDX-License-Identifier: Apache-2.0
#include "columnar/text_stream.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "columnar/streams_for_tests.h"

namespace outfall::columnar {
namespace {

using testing::HasSubstr;

/// The text, or the error's message.
std::string converted(const std::string& bytes, const std::string& encoding, std::size_t piece, std::size_t room) {
  auto stream =
      make_text_stream(std::make_unique<for_tests::TextStream>(bytes, for_tests::pieces_of(piece)), encoding, "x.csv");
  if (!stream) return stream.error().message;
  std::string all;
  std::vector<std::byte> buffer(room);
  while (true) {
    const Result<std::size_t> count = (*stream)->read(buffer);
    if (!count) return count.error().message;
    if (*count == 0) return all;
    all.append(reinterpret_cast<const char*>(buffer.data()), *count);
  }
}

std::string utf16(std::u16string_view text, bool big_endian) {
  std::string bytes = big_endian ? "\xfe\xff" : "\xff\xfe";
  for (const char16_t unit : text) {
    const char low = static_cast<char>(unit & 0xff);
    const char high = static_cast<char>(unit >> 8);
    bytes += big_endian ? std::string{high, low} : std::string{low, high};
  }
  return bytes;
}

TEST(TextStream, PassesUtf8AsItIs) {
  for (const std::size_t piece : {1, 3, 1000}) {
    EXPECT_EQ(converted("id,Zo\xc3\xab\n", "", piece, 4), "id,Zo\xc3\xab\n");
    EXPECT_EQ(converted("x", "", piece, 4), "x");
    EXPECT_EQ(converted("", "", piece, 4), "");
    EXPECT_EQ(converted("\xff", "", piece, 4), "\xff");
  }
}

TEST(TextStream, AMarkMakesItUtf16) {
  for (const std::size_t piece : {1, 2, 3, 1000}) {
    for (const bool big_endian : {false, true}) {
      EXPECT_EQ(converted(utf16(u"id,Zo\u00eb \U0001f600\n", big_endian), "", piece, 7),
                "id,Zo\xc3\xab \xf0\x9f\x98\x80\n");
    }
  }
}

TEST(TextStream, TheEncodingIsAsStated) {
  EXPECT_EQ(converted("M\xfcller", "latin1", 2, 100), "M\xc3\xbcller");
  EXPECT_EQ(converted("\x80", "windows-1252", 2, 100), "\xe2\x82\xac");
  EXPECT_EQ(converted("", "latin1", 2, 100), "");
  EXPECT_THAT(converted("x", "klingon", 2, 100), HasSubstr("'klingon' is not known"));
}

TEST(TextStream, LongTextComesThrough) {
  std::string bytes;
  std::string text;
  for (int i = 0; i < 300'000; ++i) {
    bytes += "a\xe4";
    text += "a\xc3\xa4";
  }
  EXPECT_EQ(converted(bytes, "latin1", 70'000, 50'000), text);
}

TEST(TextStream, BrokenTextIsNamedWithItsPlace) {
  EXPECT_THAT(converted(utf16(u"ab", false) + "x", "", 1000, 100),
              HasSubstr("x.csv: the text ends inside a character"));
  EXPECT_THAT(converted("abc\x81", "windows-1252", 1000, 100), HasSubstr("no character of windows-1252, at byte 3"));
}

}  // namespace
}  // namespace outfall::columnar
