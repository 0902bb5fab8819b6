// SPDX-License-Identifier: Apache-2.0
#include "normalize/json_text.h"

#include <gtest/gtest.h>

namespace outfall::normalize {
namespace {

struct Written {
  simdjson::error_code code;
  std::string text;
  bool has_duplicate_keys;
};

Written write(std::string_view document) {
  simdjson::ondemand::parser parser;
  simdjson::padded_string padded(document);
  simdjson::ondemand::document parsed;
  simdjson::ondemand::value value;
  std::string text;
  JsonTextWriter writer;
  auto code = parser.iterate(padded).get(parsed);
  if (code == simdjson::SUCCESS) code = parsed.get_value().get(value);
  if (code == simdjson::SUCCESS) code = writer.write(value, text);
  return {code, text, writer.has_duplicate_keys()};
}

TEST(JsonText, LosesWhiteSpaceAndNothingElse) {
  EXPECT_EQ(
      write(R"( { "a" : [ 1 , 2.50 , -0 , 1e+5 ] , "b" : { } , "c" : [ ] , "d" : null , "e" : [ true , false ] } )")
          .text,
      R"({"a":[1,2.50,-0,1e+5],"b":{},"c":[],"d":null,"e":[true,false]})");
  EXPECT_EQ(write("[123456789012345678901234567890]").text, "[123456789012345678901234567890]");
}

TEST(JsonText, EscapesNoMoreThanItMust) {
  EXPECT_EQ(write(R"({"\u00e4\/":"\"\\\u0001\n\ud83d\ude00"})").text, "{\"ä/\":\"\\\"\\\\\\u0001\\n😀\"}");
}

TEST(JsonText, TellsOfKeysThatStandTwice) {
  EXPECT_TRUE(write(R"({"a":1,"b":2,"a":3})").has_duplicate_keys);
  EXPECT_TRUE(write(R"([{"x":{"a":1,"\u0061":3}}])").has_duplicate_keys);
  EXPECT_FALSE(write(R"({"a":{"a":1},"b":{"a":1},"c":[{"a":1},{"a":2}]})").has_duplicate_keys);
}

TEST(JsonText, ChecksWhatItWrites) {
  for (const std::string_view broken : {"[tru]", "[01]", "[\"\\x\"]", "[1 2]", "{\"a\":nul}", "{\"\\q\":1}"}) {
    EXPECT_NE(write(broken).code, simdjson::SUCCESS) << broken;
  }
}

TEST(JsonText, KnowsNumbers) {
  for (const std::string_view number : {"0", "-0", "12", "1.5", "-1.5e10", "1E+2", "1e-2", "0.0"}) {
    EXPECT_TRUE(is_json_number(number)) << number;
  }
  for (const std::string_view other :
       {"", "-", "+1", "01", "-01", "1.", ".5", "1e", "1e+", "1.e5", "0x1", "1a", " 1"}) {
    EXPECT_FALSE(is_json_number(other)) << other;
  }
}

TEST(JsonText, ResolvesEscapes) {
  std::string out;
  EXPECT_TRUE(unescape(R"(a\"\\\/\b\f\n\r\t\u00e4\ud83d\ude00z)", out));
  EXPECT_EQ(out, "a\"\\/\b\f\n\r\tä😀z");
  for (const std::string_view broken :
       {"\\", "\\x", "\\u", "\\u12", "\\u12g4", "\\ud800", "\\ud800x", "\\ud800\\n", "\\ud800\\ud800", "\\udc00"}) {
    EXPECT_FALSE(unescape(broken, out)) << broken;
  }
}

TEST(JsonText, FindsTheBytesOfAString) {
  EXPECT_EQ(string_bytes("\"abc\"  "), "abc");
  EXPECT_EQ(string_bytes("\"\""), "");
  EXPECT_EQ(string_bytes("\""), "");
  EXPECT_EQ(trimmed_token("12 \n\t"), "12");
}

}  // namespace
}  // namespace outfall::normalize
