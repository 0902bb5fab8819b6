// SPDX-License-Identifier: Apache-2.0
#include "base/json_span.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace outfall {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

/// `key=value` of each member; "broken" behind them where the text is.
std::vector<std::string> members(std::string_view object) {
  std::vector<std::string> found;
  JsonMembers left(object);
  while (const auto member = left.next()) {
    found.push_back(std::string(member->key) + "=" + std::string(member->value));
  }
  if (!left.is_whole()) found.emplace_back("broken");
  return found;
}

TEST(JsonSpan, FindsTheEndsOfValues) {
  EXPECT_EQ(json_value_end(R"("a" ,)", 0), 3U);
  EXPECT_EQ(json_value_end(R"({"a":[1,{"b":"}"}]} ,)", 0), 19U);
  EXPECT_EQ(json_value_end("-1.5e3,", 0), 6U);
  EXPECT_EQ(json_value_end("true}", 0), 4U);
  EXPECT_EQ(json_value_end("null\n}", 0), 4U);
  EXPECT_EQ(json_value_end("[1,2", 0), std::string_view::npos);
  EXPECT_EQ(json_value_end("17", 0), std::string_view::npos);
  EXPECT_EQ(json_value_end("", 0), std::string_view::npos);
}

TEST(JsonSpan, KnowsWhichQuotesAreEscaped) {
  EXPECT_EQ(json_string_end(R"("a\"b")", 0), 6U);
  EXPECT_EQ(json_string_end(R"("a\\")", 0), 5U);
  EXPECT_EQ(json_string_end(R"("\\\"\\")", 0), 8U);
  EXPECT_EQ(json_string_end(R"("a\")", 0), std::string_view::npos);
  EXPECT_EQ(json_string_end(R"(")", 0), std::string_view::npos);
}

TEST(JsonMembers, GivesOneAfterAnother) {
  EXPECT_THAT(members("{}"), IsEmpty());
  EXPECT_THAT(members(R"({"a":1})"), ElementsAre("a=1"));
  EXPECT_THAT(members(R"({"a":"x,}","b\"":{"c":[null,"]"]},"":null,"d":[],"e":-1e-7})"),
              ElementsAre(R"(a="x,}")", R"(b\"={"c":[null,"]"]})", "=null", "d=[]", "e=-1e-7"));
}

TEST(JsonMembers, SaysWhereTextIsBroken) {
  for (const char* text :
       {"", "{", "}", "[]", "1", "{}}", "{\"", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":}", "{\"a\"1}", "{\"a\":1"}) {
    EXPECT_THAT(members(text), ElementsAre("broken")) << text;
  }
  for (const char* text : {"{\"a\":1]", "{\"a\":1,", "{\"a\":1,}", "{\"a\":1}}", "{\"a\":1,b}"}) {
    const std::vector<std::string> found = members(text);
    EXPECT_THAT(found, ElementsAre("a=1", "broken")) << text;
  }
}

}  // namespace
}  // namespace outfall
