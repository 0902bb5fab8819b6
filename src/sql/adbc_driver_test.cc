// SPDX-License-Identifier: Apache-2.0
#include "sql/adbc_driver.h"

#include <gtest/gtest.h>

namespace outfall::sql {
namespace {

std::optional<RefusedRow> refused(const std::string& message, std::string_view table) {
  return adbc_refused_row({.message = message, .hint = ""}, table);
}

TEST(AdbcRefusedRow, IsTheLineOfACopy) {
  const auto row = refused(
      "duplicate key value violates unique constraint \"k\" (Key (id)=(1) already exists.) (COPY t, line 12) [23505]",
      "t");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->row, 11u);
  EXPECT_EQ(row->reason, "duplicate key value violates unique constraint \"k\" (Key (id)=(1) already exists.) [23505]");
}

TEST(AdbcRefusedRow, IsFoundInAnyLanguageAndBehindTheNameOfTheTable) {
  const auto row = refused("zu lang (COPY t, 7, Zeile 3, Spalte 5) [22001]", "t, 7");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->row, 2u);
  EXPECT_EQ(row->reason, "zu lang [22001]");
}

TEST(AdbcRefusedRow, IsNamedBehindWhatATriggerSays) {
  const auto row = refused("no (PL/pgSQL function f() line 1 at RAISE\nCOPY t, line 2) [P0001]", "t");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->row, 1u);
  EXPECT_EQ(row->reason, "no (PL/pgSQL function f() line 1 at RAISE) [P0001]");
}

TEST(AdbcRefusedRow, MayBeNamedByNobody) {
  const auto row = refused("invalid input syntax for type uuid: \"x\" [22P02]", "");
  ASSERT_TRUE(row);
  EXPECT_FALSE(row->row);
  EXPECT_EQ(row->reason, "invalid input syntax for type uuid: \"x\" [22P02]");
}

TEST(AdbcRefusedRow, IsNotWhyOtherStatementsFail) {
  EXPECT_FALSE(refused("permission denied for table t [42501]", "t"));
  EXPECT_FALSE(refused("could not extend file: No space left on device (COPY t, line 9) [53100]", "t"));
  EXPECT_FALSE(refused("no connection to the server", "t"));
}

}  // namespace
}  // namespace outfall::sql
