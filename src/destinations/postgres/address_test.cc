// SPDX-License-Identifier: Apache-2.0
#include "destinations/postgres/address.h"

#include <gmock/gmock.h>

namespace outfall::destinations::postgres {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string shown(std::string_view address) {
  const Result<Address> parsed = parse_address(address);
  return parsed ? parsed->shown : "refused: " + parsed.error().message;
}

TEST(PostgresAddress, GoesToTheDriverAsItIsAndToPeopleWithoutPasswords) {
  const std::string_view address = "postgres://ann:s3c%2Fret@h1:5432,h2/my%20data?sslmode=require&password=zz";
  EXPECT_THAT(
      parse_address(address)->uri,
      StartsWith("postgresql://ann:s3c%2Fret@h1:5432,h2/my%20data?sslmode=require&password=zz&connect_timeout="));
  EXPECT_EQ(shown(address), "postgres://ann@h1:5432,h2/my%20data?sslmode=require");
  EXPECT_EQ(shown("postgresql://h/my@data"), "postgres://h/my@data");
  EXPECT_EQ(shown("postgres:///data?host=/run/pg&user=a@b"), "postgres:///data?host=/run/pg&user=a@b");
}

TEST(PostgresAddress, APasswordMayHaveAQuestionMark) {
  EXPECT_EQ(shown("postgres://ann:s3c?ret@h/data"), "postgres://ann@h/data");
  EXPECT_THAT(parse_address("postgres://ann:s3c?ret@h/data?user=x")->uri,
              StartsWith("postgresql://ann:s3c?ret@h/data?user=x&connect_timeout="));
}

// libpq would take it for something else, and print it.
TEST(PostgresAddress, WhatIsNotEscapedIsRefusedAndNotShown) {
  for (const char* address : {"postgres://ann:s3c/ret@h/data", "postgres://ann:5432/ret@h", "postgres://ann:s3c?a/b@h",
                              "postgres://ann:s3c@ret@h/data", "postgres://ann:s3c%zzret@h/data",
                              "postgres://ann:s3c%00ret@h/data", "postgres://ann:s3cret%2@h",
                              "postgres://ann@h/data?password=s3c%ret", "postgres://ann@h/data?password=s3c&ret"}) {
    const Result<Address> parsed = parse_address(address);
    ASSERT_FALSE(parsed) << address;
    EXPECT_THAT(parsed.error().message, StartsWith("destination postgres://ann"));
    EXPECT_THAT(parsed.error().message, HasSubstr("is not escaped"));
    EXPECT_THAT(parsed.error().message, Not(HasSubstr("s3c")));
    EXPECT_THAT(parsed.error().message, Not(HasSubstr("ret")));
    EXPECT_THAT(parsed.error().hint, HasSubstr("%40 for @"));
    EXPECT_EQ(parsed.error().blame, Blame::usage);
  }
}

TEST(PostgresAddress, WordsAreThoseOfLibpq) {
  EXPECT_EQ(shown("postgres:host=h dbname='my data' password=s3cret port=1"),
            "postgres:host=h dbname='my data' port=1");
  EXPECT_EQ(shown("postgres:host=h password = s3cret user =ann"), "postgres:host=h user=ann");
  EXPECT_EQ(shown("postgres:host=h\tpassword=s3cret\nuser=ann"), "postgres:host=h user=ann");
  EXPECT_EQ(shown("postgres:user=it's password=x'y port=1"), "postgres:user=it's port=1")
      << "a quote in a word is a letter";
  EXPECT_EQ(shown(R"(postgres:password='s3\' cret'user=a\ b)"), R"(postgres:user=a\ b)");
  EXPECT_THAT(parse_address("postgres:host=h connect_timeout=3")->uri,
              StartsWith("host=h connect_timeout=3 tcp_user_timeout="));
}

TEST(PostgresAddress, WhatIsNoListOfWordsIsRefusedAndNotShown) {
  for (const char* address : {"postgres:host=h password=ab s3cret", "postgres:host=h password='s3cret"}) {
    const Result<Address> parsed = parse_address(address);
    ASSERT_FALSE(parsed) << address;
    EXPECT_THAT(parsed.error().message, StartsWith("destination postgres:host=h"));
    EXPECT_THAT(parsed.error().message, Not(HasSubstr("s3cret")));
    EXPECT_THAT(parsed.error().hint, HasSubstr("password='a b'"));
  }
}

}  // namespace
}  // namespace outfall::destinations::postgres
