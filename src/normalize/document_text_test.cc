// SPDX-License-Identifier: Apache-2.0
#include "normalize/document_text.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace outfall::normalize {
namespace {

/// The document without the keys that are spelled so, wherever they stand.
std::string kept(const std::string& text, const std::vector<std::string>& keys = {}) {
  std::unordered_set<std::size_t> left_out;
  for (const std::string& key : keys) {
    const std::string quoted = '"' + key + '"';
    for (std::size_t at = 0; (at = text.find(quoted, at)) != std::string::npos; at += quoted.size()) {
      left_out.insert(at + 1);
    }
  }
  columnar::GrowingBuffer out;
  append_document(text, left_out, out);
  return {reinterpret_cast<const char*>(out.data()), out.size()};
}

TEST(DocumentText, LosesWhiteSpaceBetweenItsTokensOnly) {
  EXPECT_EQ(kept(R"({"a":1})"), R"({"a":1})");
  EXPECT_EQ(kept(" {\t\"a b\" : [ 1 ,\r\n 2.50 ] ,\n \"c\":\" \\\" \\n \" }\n"), R"({"a b":[1,2.50],"c":" \" \n "})");
  const std::string written = R"({"n":-1.50E+03,"big":123456789012345678901234567890,"s":"\u00e9\/A"})";
  EXPECT_EQ(kept(written), written);
}

TEST(DocumentText, LosesMembersThatAreLeftOut) {
  EXPECT_EQ(kept(R"({ "x" : 1, "a" : 2 })", {"x"}), R"({"a":2})");
  EXPECT_EQ(kept(R"({"a":2,"x":{"y":[1,"}"]}})", {"x"}), R"({"a":2})");
  EXPECT_EQ(kept(R"({"a":2,"x":"\"","b":3})", {"x"}), R"({"a":2,"b":3})");
  EXPECT_EQ(kept(R"({"x":1})", {"x"}), "{}");
  EXPECT_EQ(kept(R"({"x":1,"y":2})", {"x", "y"}), "{}");
  EXPECT_EQ(kept(R"({"a":1,"x":1,"y":2})", {"x", "y"}), R"({"a":1})");
  EXPECT_EQ(kept(R"({"x":1,"a":1,"y":2})", {"x", "y"}), R"({"a":1})");
  EXPECT_EQ(kept(R"({"a":[{"x":1},{"x":2,"b":[]}],"b":"y"})", {"x"}), R"({"a":[{},{"b":[]}],"b":"y"})");
}

TEST(DocumentText, StandsBehindWhatWasThere) {
  columnar::GrowingBuffer out;
  std::string expected;
  std::mt19937 random(7);  // NOLINT(*-msc51-cpp): the same texts each time
  for (int i = 0; i < 300; ++i) {
    const std::string text(random() % 200, 'x');
    const std::string blank(random() % 90, ' ');
    append_document(fmt::format("{{{0}\"{1}\"{0}:1}}{0}", blank, text), {}, out);
    expected += fmt::format("{{\"{}\":1}}", text);
  }
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(out.data()), out.size()), expected);
}

}  // namespace
}  // namespace outfall::normalize
