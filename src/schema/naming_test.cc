// SPDX-License-Identifier: Apache-2.0
//
// Rules of the conventions that a reader should see at a glance; tests/vectors holds the thousand others.
#include "schema/naming.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "base/utf8.h"

namespace outfall::schema {
namespace {

using enum NamingConvention;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr std::array all_conventions{snake_case, direct, duck_case, sql_ci_v1, sql_cs_v1};

constexpr std::string_view long_path =
    "prospects_external_data__data365_member__member__feed_activities_created_post__items__comments__items__comments__"
    "items__author_details__educations";

std::string identifier(NamingConvention convention, std::string_view name) {
  return Naming(convention).normalize_identifier(name);
}

TEST(Naming, OneNameUnderEachConvention) {
  EXPECT_EQ(identifier(snake_case, " 1 HTTPServer2XX+ünder-score_ "), "_1_http_server2_x_xx_nder_scorex");
  EXPECT_EQ(identifier(direct, " it's \"x\"\nA▶b__ "), "it_s _x__A_b__");
  EXPECT_EQ(identifier(duck_case, " it's \"x\"\nA▶b__ "), "it's _x_A▶b_");
  EXPECT_EQ(identifier(sql_ci_v1, "1 HTTPServer-é_Ab__"), "_1_httpserver_ab");
  EXPECT_EQ(identifier(sql_cs_v1, "1 HTTPServer-é_Ab__"), "_1_HTTPServer_Ab");
}

TEST(Naming, ShorteningKeepsBothEnds) {
  EXPECT_EQ(Naming(snake_case, 20).normalize_identifier("ThisIsAVeryLongIdentifierIndeed"), "this_isq67bsg_indeed");
  EXPECT_EQ(Naming(duck_case, 20).normalize_identifier("she played cello well"), "she plauanpualo well");
  EXPECT_EQ(Naming(snake_case, 30).normalize_path(long_path), "prospects_exvjh0lq__educations");
  EXPECT_EQ(Naming(snake_case, 63).normalize_path(long_path),
            "prospects_external_data__datavjh0lq__author_details__educations");
  EXPECT_EQ(Naming(snake_case, 64).normalize_path(long_path),
            "prospects_external_data__datavjh0lqs__author_details__educations");
  EXPECT_EQ(Naming(direct, 8).normalize_identifier("日本語日本語日本語"),
            "日" + collision_tag("日本語日本語日本語") + "語");
  EXPECT_EQ(Naming(direct, 9).normalize_identifier("日本語日本語日本語"), "日本語日本語日本語");
}

TEST(Naming, AMaximumWithoutRoomForATagIsRaised) {
  EXPECT_EQ(Naming(snake_case, 0).limit()->length, 6U);
  EXPECT_EQ(Naming(snake_case, 0).normalize_identifier("longer than that").size(), 6U);
}

TEST(Naming, Paths) {
  const Naming snake(snake_case);
  EXPECT_THAT(snake.break_path("a__b____ __c___d"), ElementsAre("a", "b", "c", "_d"));
  EXPECT_THAT(snake.break_path("____"), IsEmpty());
  EXPECT_THAT(Naming(direct).break_path("a▶▶b__c"), ElementsAre("a", "b__c"));
  EXPECT_EQ(snake.normalize_path("Small___Love____Potion_____x"), "small___love__potion___x");
  const std::array<std::string_view, 4> fragments{"a", "", " ", "v_text"};
  EXPECT_EQ(snake.shorten_fragments(fragments), "a__v_text");
  EXPECT_EQ(Naming(direct).shorten_fragments(fragments), "a▶v_text");
  EXPECT_EQ(snake.shorten_fragments({}), "_empty");
}

TEST(Naming, NothingBecomesEmpty) {
  for (const NamingConvention convention : all_conventions) {
    const Naming naming(convention);
    for (const char* blank : {"", " ", "\t\n", "\u00a0"}) {
      EXPECT_EQ(naming.normalize_identifier(blank), "_empty");
      EXPECT_EQ(naming.normalize_path(blank), "_empty");
    }
  }
  EXPECT_EQ(Naming(snake_case).normalize_path("__"), "_xx");
  EXPECT_EQ(Naming(duck_case).normalize_path(" __ "), "_xx");
  EXPECT_EQ(Naming(direct).normalize_path("▶"), "_x");
  EXPECT_EQ(identifier(sql_cs_v1, "__"), "_xx");
  EXPECT_EQ(identifier(sql_ci_v1, "___"), "_xxx");
  EXPECT_EQ(identifier(sql_ci_v1, "_"), "_");
  EXPECT_EQ(Naming(sql_cs_v1).normalize_path("a___!__b"), "a__b");  // a part of a path may be left out
}

TEST(Naming, WhatWasSpelledOutStays) {
  for (const NamingConvention convention : all_conventions) {
    for (const char* name : {"_empty", "_x", "_xx", "_dlt_id", "_dlt_load_id", "_dlt_version", "value", "list"}) {
      EXPECT_EQ(identifier(convention, name), name);
      EXPECT_EQ(Naming(convention).normalize_path(name), name);
    }
  }
}

TEST(Naming, BytesThatAreNotTextBecomeUnderscores) {
  for (const NamingConvention convention : all_conventions) {
    const std::string name = identifier(convention, "a\xff\xfe z");
    EXPECT_TRUE(is_valid_utf8(name)) << name;
    EXPECT_EQ(name.front(), 'a');
  }
}

TEST(Naming, NamesAreShortenedByBytesWhereTheDatabaseCountsThem) {
  const Naming characters(NamingConvention::direct, 20);
  const Naming bytes(NamingConvention::direct, NameLimit(20, LengthUnit::bytes));
  // Within both limits, and ASCII beyond them: as dlt has it.
  for (const char* name : {"Grün", "a_name_of_ascii_that_is_too_long", "a_name_of_20_letters"}) {
    EXPECT_EQ(bytes.normalize_identifier(name), characters.normalize_identifier(name)) << name;
  }
  for (const char* name :
       {"ÄÖÜäöüßÄÖÜäöü", "Größenänderungsübersichtstabelle", "日本語日本語日本語", "öäüaaaaaaaaaaaaaaaaaaaaöäü"}) {
    const std::string shortened = bytes.normalize_identifier(name);
    EXPECT_LE(shortened.size(), 20U) << shortened;
    EXPECT_TRUE(is_valid_utf8(shortened)) << shortened;
    EXPECT_EQ(bytes.normalize_identifier(shortened), shortened);
    EXPECT_THAT(shortened, testing::HasSubstr(collision_tag(name))) << shortened;
  }
}

}  // namespace
}  // namespace outfall::schema
