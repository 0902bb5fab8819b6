// SPDX-License-Identifier: Apache-2.0
#include "sql/postgres_connect_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outfall::sql {
namespace {

using testing::HasSubstr;

TEST(PostgresConnectError, IsOneLineWithoutAdviceOfOthers) {
  const Error error = postgres_connect_error(
      "Failed to connect: connection to server at \"h\", port 1 failed: Connection refused\n\tIs the server running on "
      "that host and accepting TCP/IP connections?\n");
  EXPECT_EQ(error.message, "connection to server at \"h\", port 1 failed: Connection refused");
  EXPECT_THAT(error.hint, HasSubstr("whether the server runs"));
  EXPECT_EQ(error.remedy, Remedy::retry);
  EXPECT_EQ(error.blame, Blame::run);
}

TEST(PostgresConnectError, OfSeveralHostsTellsWhatAPersonCanChange) {
  const Error error = postgres_connect_error(
      "connection to server at \"a\", port 1 failed: timeout expired\n"
      "connection to server at \"b\", port 1 failed: FATAL:  password authentication failed for user \"u\"\n");
  EXPECT_THAT(error.message, HasSubstr("timeout expired; connection to server at \"b\""));
  EXPECT_THAT(error.hint, HasSubstr("PGPASSWORD"));
  EXPECT_EQ(error.remedy, Remedy::abandon);
  EXPECT_EQ(error.blame, Blame::usage);
}

TEST(PostgresConnectError, AHostThatIsCalledLikeAnErrorIsNone) {
  const Error error = postgres_connect_error("could not translate host name \"db.invalid\" to address: Unknown host");
  EXPECT_EQ(error.blame, Blame::run);
  EXPECT_THAT(error.hint, HasSubstr("check the host"));
}

// Servers speak the language of their administrator.
TEST(PostgresConnectError, WhatIsNotKnownMayBeTriedAgain) {
  const Error error =
      postgres_connect_error("connection to server at \"h\", port 1 failed: FATAL:  das geht jetzt nicht");
  EXPECT_EQ(error.remedy, Remedy::retry);
  EXPECT_EQ(error.blame, Blame::run);
}

TEST(PostgresConnectError, AFullServerMayHaveRoomLater) {
  const Error error = postgres_connect_error(
      "connection to server at \"h\", port 1 failed: FATAL:  remaining connection slots are reserved for superusers");
  EXPECT_EQ(error.remedy, Remedy::retry);
  EXPECT_THAT(error.hint, HasSubstr("max_connections"));
}

}  // namespace
}  // namespace outfall::sql
