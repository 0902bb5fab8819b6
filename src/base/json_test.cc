// SPDX-License-Identifier: Apache-2.0
//
// What Json reads, what it refuses, and that what it writes is what version hashes are taken over.
#include "base/json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace outfall {
namespace {

using testing::HasSubstr;

std::string again(std::string_view text) {
  const Result<Json> document = parse_json(text);
  return document ? to_json(*document) : "error: " + document.error().message;
}

std::string number(double value) {
  std::string out;
  append_json_double(out, value);
  return out;
}

TEST(Json, KeepsOrderKindsAndEscapes) {
  for (const char* text :
       {R"({"b":1,"a":[true,false,null,"x"],"":{}})", "[]", "{}", "null", "1", "-7", "1.5",
        R"("a\"\\\b\t\n\f\r\u0001é/")", "9223372036854775807", "-9223372036854775808", "9223372036854775808",
        "123456789012345678901234567890", "1e400", "[[[[]]],{}]", R"("日本語🦚")", "\"\x7f\""}) {
    EXPECT_EQ(again(text), text);
  }
  EXPECT_EQ(again(R"( { "a" : [ 1 , 2.0 ] } )"), R"({"a":[1,2.0]})");
  EXPECT_EQ(again(R"("\u00e9\ud83e\udd9a\/")"), R"("é🦚/")");
}

TEST(Json, NumbersKeepTheirKind) {
  EXPECT_NE(parse_json("1")->as_int(), nullptr);
  EXPECT_NE(parse_json("1.0")->as_double(), nullptr);
  EXPECT_NE(parse_json("1e0")->as_double(), nullptr);
  EXPECT_EQ(parse_json("18446744073709551616")->as_number()->text, "18446744073709551616");
  EXPECT_EQ(parse_json("1")->as_double(), nullptr);
}

TEST(Json, DoublesAreTheShortestThatReadBack) {
  EXPECT_EQ(number(1), "1.0");
  EXPECT_EQ(number(-0.0), "-0.0");
  EXPECT_EQ(number(0.1), "0.1");
  EXPECT_EQ(number(1e20), "1e+20");
  EXPECT_EQ(number(1e16), "1e+16");
  EXPECT_EQ(number(1e15), "1000000000000000.0");
  EXPECT_EQ(number(1234567890123456.0), "1234567890123456.0");
  EXPECT_EQ(number(12345678901234567.0), "1.2345678901234568e+16");
  EXPECT_EQ(number(1e-5), "0.00001");
  EXPECT_EQ(number(9.9e-6), "9.9e-6");
  EXPECT_EQ(number(1e-7), "1e-7");
  EXPECT_EQ(number(1.5e300), "1.5e+300");
  EXPECT_EQ(number(-2.5), "-2.5");
  EXPECT_EQ(number(123456.789), "123456.789");
  EXPECT_EQ(number(5e-324), "5e-324");
  EXPECT_EQ(number(std::numeric_limits<double>::quiet_NaN()), "null");
  EXPECT_EQ(number(-HUGE_VAL), "null");
}

TEST(Json, CanonicalSortsByCodePointAtEveryLevel) {
  const Json document = parse_json(R"({"b":{"é":1,"z":2,"🦚":3,"\uffee":4},"a":[{"y":1,"x":2}],"B":0})").value();
  EXPECT_EQ(to_canonical_json(document), R"({"B":0,"a":[{"x":2,"y":1}],"b":{"z":2,"é":1,"￮":4,"🦚":3}})");
}

TEST(Json, ARepeatedKeyKeepsItsFirstPlaceAndLastValue) {
  EXPECT_EQ(again(R"({"a":1,"b":2,"a":{"c":3,"c":4}})"), R"({"a":{"c":4},"b":2})");
}

TEST(Json, RefusesWhatIsNotJson) {
  for (const char* bad : {"",
                          " ",
                          "1,2",
                          "1 2",
                          "[1 2]",
                          "[1,]",
                          "[,1]",
                          "{\"a\":1,}",
                          "{\"a\" 1}",
                          "{a:1}",
                          "{\"a\":}",
                          "[1",
                          "1]",
                          "{",
                          "}",
                          "[}",
                          "{]",
                          "01",
                          "-",
                          "1.",
                          ".5",
                          "1e",
                          "+1",
                          "0x1",
                          "1a",
                          "tru",
                          "truex",
                          "nul",
                          "NaN",
                          "Infinity",
                          "'a'",
                          "\"a",
                          "\"\\x\"",
                          "\"\\ud800\"",
                          "\"\n\"",
                          "\"\xff\"",
                          "] , [",
                          "1] , [2",
                          "{\"a\":1}}",
                          "[[1]]]",
                          "[1]x",
                          "/**/1",
                          "{\"a\":1 \"b\":2}",
                          "{1:2}",
                          "[\"a\":1]",
                          "--1",
                          "1-1",
                          "\x00"}) {
    EXPECT_FALSE(parse_json(bad)) << bad;
  }
}

TEST(Json, SaysWhere) {
  const Result<Json> document = parse_json(R"({"a":1,"b":tru})");
  ASSERT_FALSE(document);
  EXPECT_THAT(document.error().message, HasSubstr("at byte 11"));
}

TEST(Json, NestingIsLimited) {
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '[') + std::string(static_cast<std::size_t>(depth), ']');
  };
  EXPECT_EQ(again(nested(json_depth_max)), nested(json_depth_max));
  EXPECT_FALSE(parse_json(nested(json_depth_max + 1)));
  EXPECT_FALSE(parse_json(nested(1'000'000)));
  EXPECT_FALSE(parse_json(std::string(1'000'000, '[')));
}

TEST(Json, IsEditedInPlace) {
  Json document;
  document.set("a", 1).set("not", "an object yet");
  EXPECT_EQ(to_json(document), R"({"a":{"not":"an object yet"}})");
  document.set("b", true);
  document.set("a", 2.0);
  EXPECT_EQ(to_json(document), R"({"a":2.0,"b":true})");
  EXPECT_TRUE(document.erase("a"));
  EXPECT_FALSE(document.erase("a"));
  EXPECT_EQ(document.find("a"), nullptr);
  EXPECT_EQ(Json().find("a"), nullptr);
  document.set("list", Json::array()).push_back(nullptr);
  EXPECT_EQ(to_json(document), R"({"b":true,"list":[null]})");
  EXPECT_EQ(document, parse_json(to_json(document)).value());
  EXPECT_EQ(document.find("list")->kind(), "array");
}

}  // namespace
}  // namespace outfall
