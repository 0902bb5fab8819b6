// SPDX-License-Identifier: Apache-2.0
#include "base/base64.h"

#include <gtest/gtest.h>

namespace outfall {
namespace {

TEST(Base64, KnownAnswers) {
  EXPECT_EQ(base64_encode(""), "");
  EXPECT_EQ(base64_encode("f"), "Zg==");
  EXPECT_EQ(base64_encode("fo"), "Zm8=");
  EXPECT_EQ(base64_encode("foo"), "Zm9v");
  EXPECT_EQ(base64_encode("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64_encode("f", Base64Padding::none), "Zg");
  EXPECT_EQ(base64_encode("\xfb\xff\xfe"), "+//+");
}

TEST(Base64, EveryLengthComesBack) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) {
    for (const Base64Padding padding : {Base64Padding::none, Base64Padding::required}) {
      const std::string text = base64_encode(bytes, padding);
      EXPECT_EQ(text.size(), base64_size(bytes.size(), padding));
      EXPECT_EQ(base64_decode(text, padding), bytes);
    }
    bytes += static_cast<char>(i * 37);
  }
}

TEST(Base64, RefusesWhatIsNotBase64) {
  for (const char* bad : {"Zg", "Zg=", "Z===", "====", "=", "Zm9v\n", " Zm9", "Zm-_", "Zg==Zg==", "Z=g=", "Zm9vZ"}) {
    EXPECT_EQ(base64_decode(bad), std::nullopt) << bad;
  }
  EXPECT_EQ(base64_decode("Zg==", Base64Padding::none), std::nullopt);
  EXPECT_EQ(base64_decode("Z", Base64Padding::none), std::nullopt);
}

}  // namespace
}  // namespace outfall
