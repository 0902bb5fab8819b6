// SPDX-License-Identifier: Apache-2.0
//
// Whatever is not JSON is an error that says where; nothing of it is shaped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "normalize/shaping_for_tests.h"
#include "normalize/walker.h"

namespace outfall::normalize {
namespace {

using for_tests::shape;
using for_tests::Shaped;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// As the parser's own messages begin: ours are written for people.
const auto has_a_code = ContainsRegex("[A-Z]+_[A-Z]+:");

class BadDocument : public testing::TestWithParam<std::string> {};

TEST_P(BadDocument, IsAnErrorWithItsLine) {
  const Shaped shaped = shape("{\"a\":1}\n" + GetParam() + "\n{\"a\":2}");
  EXPECT_THAT(shaped.error, StartsWith("test.jsonl, line 2, column "));
  EXPECT_THAT(shaped.error, Not(has_a_code));
  EXPECT_TRUE(shaped.rows.empty());
}

/// What another parser's laxness, or a shortcut in ours, may let through.
INSTANTIATE_TEST_SUITE_P(
    Json, BadDocument,
    testing::Values("{", "}", "{]", "[}", "[", "[1", "{\"a\":1", "{\"a\"", "{\"a\":", "{\"a\":}", "{\"a\" 1}", "{a:1}",
                    "{'a':1}", "{\"a\":1,}", "{,}", "{\"a\":1 \"b\":2}", "[1,]", "[,1]", "[1 2]", "{\"a\":1}}",
                    "{\"a\":1}{\"b\":2}", "{\"a\":1} x", "1 2", "1,2", "1,\"b\":2", "1}", "1},{\"a\":2",
                    "[1],\"x\":[2]", "nul", "nulll", "NULL", "tru", "truex", "True", "NaN", "Infinity", "-", "+1", "01",
                    "-01", "1.", ".5", "1e", "1e+", "0x10", "1_000", "{\"a\":tru}", "{\"a\":nul}", "{\"a\":falsey}",
                    "{\"a\":01}", "{\"a\":1.}", "{\"a\":--1}", "{\"a\":1a}", "{\"a\":00000000000000000000001}",
                    "{\"a\":123456789012345678901234567890x}", "{\"a\":\"x}", "{\"a\":\"\t\"}", "{\"a\":\"\\x\"}",
                    "{\"a\":\"\\u12\"}", "{\"a\":\"\\u12g4\"}", "{\"a\":\"\\ud800\"}", "{\"a\":\"\\ud800\\u0041\"}",
                    "{\"a\":\"\\udc00\"}", "{\"\\q\":1}", "{\"\\ud800\":1}", "{\"a\":\"b\"x}", "{\"a\":[1,{\"b\":]}",
                    "{\"a\":undefined}", "// a", "{\"a\":1} // b", "{\"a\":/**/1}", "\"abc", "\"a\" \"b\"",
                    "{\"a\":\"\xff\"}", "{\"a\":\"\xc3\"}", "{\"\xed\xa0\x80\":1}", "{\"a\":\"\xf5\x80\x80\x80\"}",
                    "{\"_dlt_load_id\":tru}", "{\"a\":1,\"a\":2,\"b\":tru,\"b\":3}", "{\"a\":{\"x\":nul},\"a\":1}"));

class BadJsonColumn : public testing::TestWithParam<std::string> {};

TEST_P(BadJsonColumn, IsAnErrorToo) {
  for_tests::ShapingOptions options;
  options.shape.max_nesting = 0;
  for (const std::string& document : {"{\"a\":{\"k\":" + GetParam() + "}}", "{\"a\":[" + GetParam() + "]}"}) {
    const std::string error = shape(document, options).error;
    EXPECT_THAT(error, StartsWith("test.jsonl, line 1, column "));
    EXPECT_THAT(error, Not(has_a_code));
  }
}

INSTANTIATE_TEST_SUITE_P(Json, BadJsonColumn,
                         testing::Values("tru", "nulll", "01", "1.", "-", "\"\\x\"", "\"\\ud800\"", "[1,]",
                                         "{\"a\":1,}", "1 2", "{\"a\" 1}", "falsey", "\"\x01\"", "\"\xff\"",
                                         "{\"\\q\":1}"));

TEST(BadDocuments, SayLineAndColumn) {
  EXPECT_THAT(shape("{\"a\":1}\n{\"a\":tru}").error, StartsWith("test.jsonl, line 2, column 6: this is not JSON"));
  EXPECT_THAT(shape("{\"ä\":tru}").error, StartsWith("test.jsonl, line 1, column 6: "));
  EXPECT_THAT(shape("{\"a\":\"x\xff\"}").error, StartsWith("test.jsonl, line 1, column 8: "));
  EXPECT_THAT(shape("[1,tru]").error, StartsWith("test.jsonl, line 1, column 4: "));
  EXPECT_THAT(shape("tru").error, StartsWith("test.jsonl, line 1, column 1: "));
  EXPECT_THAT(shape("{\"id\":2,}").error, StartsWith("test.jsonl, line 1, column 9: ")) << "what should be a key";
  EXPECT_THAT(shape("{\"id\" 2}").error, StartsWith("test.jsonl, line 1, column 7: ")) << "what should be a colon";
  EXPECT_THAT(shape("{\"l\":[1 2]}").error, StartsWith("test.jsonl, line 1, column 9: ")) << "what should be a comma";
}

TEST(BadDocuments, AWordThatIsNoneIsCalledThat) {
  for (const std::string word : {"tru", "falsey", "nul", "nullx"}) {
    EXPECT_THAT(shape("{\"a\\u001b\":" + word + "}").error, HasSubstr("a word is none of true, false and null"))
        << word;
  }
}

TEST(BadDocuments, BytesThatAreNoUtf8AreRecoded) {
  EXPECT_THAT(parse_error(simdjson::UTF8_ERROR).hint, HasSubstr("iconv -f latin1 -t UTF-8 INPUT | outfall run -"));
}

TEST(BadDocuments, NumbersThatNoDoubleHoldsAreRefused) {
  EXPECT_THAT(shape("{\"a\":1e400}").error, HasSubstr("line 1, column 6: the number 1e400 is too large for a double"));
  EXPECT_EQ(shape("{\"a\":1e-400}").error, "");
}

TEST(BadDocuments, ALackOfMemoryIsNotTheDocumentsFault) {
  EXPECT_EQ(parse_error(simdjson::MEMALLOC).message, "not enough memory for this document");
  EXPECT_EQ(parse_error(simdjson::CAPACITY).message, "the document is too long for the parser");
  EXPECT_THAT(parse_error(simdjson::TAPE_ERROR).message, StartsWith("this is not JSON: "));
}

TEST(BadDocuments, FirstOneInInputOrderIsReported) {
  std::string documents;
  for (int i = 1; i <= 200; ++i) documents += i == 57 || i == 90 ? "{\"a\":tru}\n" : "{\"a\":1}\n";
  for (const int workers : {1, 2, 3}) {
    for_tests::ShapingOptions options;
    options.workers = workers;
    options.chunk_bytes = 20;
    EXPECT_THAT(shape(documents, options).error, StartsWith("test.jsonl, line 57, "));
  }
}

Shaped leave_out(std::string_view documents, for_tests::ShapingOptions options = {}) {
  options.shape.bad_documents = normalize::BadDocuments::leave_out;
  return shape(documents, std::move(options));
}

TEST(BadDocuments, AreLeftOutWithTheirPlaceAndBytes) {
  const Shaped shaped = leave_out("{\"a\":1}\n{\"a\":tru, \"b\":[1]}\n{\"a\":2}\n{\"a\":\"x\xff\"}\n");
  EXPECT_EQ(shaped.error, "");
  EXPECT_THAT(shaped.left_out,
              testing::ElementsAre("2:6 8 this is not JSON: a word is none of true, false and null: "
                                   "{\"a\":tru, \"b\":[1]}",
                                   "4:8 35 this is not JSON: the bytes are not valid UTF-8: {\"a\":\"x\xff\"}"));
  EXPECT_THAT(shaped.summary.documents, testing::ElementsAre(2));
  EXPECT_THAT(shaped.summary.left_out, testing::ElementsAre(2));
  EXPECT_THAT(shaped.data.at("t"), testing::ElementsAre("a=1", "a=2"));
  EXPECT_EQ(shaped.data.size(), 1U);
}

TEST(BadDocuments, WhatIsWrongWithMoreThanTheDocumentEndsTheRun) {
  for_tests::ShapingOptions options;
  options.schema.tables.add(schema::Table::root("t__l", "append", "t__l")).mark_seen_data();
  options.schema.tables.find("t__l")->columns.add({.name = "value", .type = DataType::bigint});
  const Shaped shaped = leave_out("{\"a\":tru}\n{\"l\":[1]}\n", options);
  EXPECT_THAT(shaped.error, HasSubstr("line 2"));
  EXPECT_THAT(shaped.error, HasSubstr("would hold documents and the rows of a list"));
  EXPECT_EQ(shaped.left_out.size(), 1U) << "what comes before the error is told first";
}

TEST(BadDocuments, GoodOnesThatLookBad) {
  for (const std::string document : {"{ \"a\" : 1 }", "\t{\"a\":\"\\u00e4\\ud83d\\ude00\\/\"} \r", "-0", "1E+2", "\"\"",
                                     "[]", "{}", "[[],{}]", "{\"a\":\"\x7f\"}", "{\"a\":-0.0e-0}"}) {
    EXPECT_EQ(shape(document).error, "") << document;
  }
}

}  // namespace
}  // namespace outfall::normalize
