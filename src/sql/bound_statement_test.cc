// SPDX-License-Identifier: Apache-2.0
//
// Where placeholders are found, and where they are not.
#include "sql/bound_statement.h"

#include <gmock/gmock.h>

#include "sql/dialect.h"

namespace outfall::sql {
namespace {

using testing::HasSubstr;

std::string bound(std::string_view statement, std::vector<outfall::Value> values,
                  const Dialect& dialect = duckdb_dialect()) {
  const Result<BoundStatement> made = bind_values(dialect, statement, values);
  return made ? made->text : "failed: " + made.error().message;
}

TEST(BoundStatement, KeepsAStatementWithoutValues) {
  EXPECT_EQ(bound("SELECT 1 % 2, '%%', ? %s $1", {}), "SELECT 1 % 2, '%%', ? %s $1");
}

TEST(BoundStatement, NumbersPlaceholders) {
  EXPECT_EQ(bound("a = %s AND b = %s", {1.0, true}), "a = $1 AND b = $2");
  EXPECT_EQ(bound("a = ? AND b = ?", {1.0, true}), "a = $1 AND b = $2");
  EXPECT_EQ(bound("a = $2 AND b = $1 AND c = $2", {1.0, true}), "a = $2 AND b = $1 AND c = $2");
  EXPECT_EQ(bound("a % $1", {1.0}), "a % $1");
  EXPECT_EQ(bound("a %% %s", {1.0}), "a % $1");
}

TEST(BoundStatement, WritesNullsAsWords) {
  EXPECT_EQ(bound("(%s, %s, %s)", {Null{}, 1.0, Null{}}), "(NULL, $1, NULL)");
}

TEST(BoundStatement, LeavesOperatorsWhereOtherPlacesLeaveNoDoubt) {
  EXPECT_EQ(bound("tags ? 'a' AND n = $1", {1.0}, postgres_dialect()), "tags ? 'a' AND n = $1");
  EXPECT_EQ(bound("tags ? 'a' AND n = %s", {1.0}, postgres_dialect()), "tags ? 'a' AND n = $1");
}

TEST(BoundStatement, PassesOverWhatIsQuoted) {
  EXPECT_EQ(bound("'?' \"a?\" 'it''s ?' ?", {1.0}), "'?' \"a?\" 'it''s ?' $1");
  EXPECT_EQ(bound("E'it\\'s ?' ?", {1.0}), "E'it\\'s ?' $1");
  EXPECT_EQ(bound("$$ ? $1 $$ $x$ ? $$ $x$ ?", {1.0}), "$$ ? $1 $$ $x$ ? $$ $x$ $1");
  EXPECT_EQ(bound("-- ?\n? /* ? /* ? */ ? */", {1.0}), "-- ?\n$1 /* ? /* ? */ ? */");
  EXPECT_EQ(bound("[a?] `b?` ?", {1.0}, sqlite_dialect()), "[a?] `b?` $1");
  EXPECT_EQ(bound("list[?]", {1.0}), "list[$1]");
  EXPECT_EQ(bound("? '?", {1.0}), "$1 '?");
}

TEST(BoundStatement, CountsPlaces) {
  EXPECT_THAT(bound("$1, $3", {1.0, 2.0, 3.0}), HasSubstr("the statement has places for 2 of 3 values"));
  EXPECT_THAT(bound("$1, $3", {1.0, 2.0}), HasSubstr("the statement has a placeholder 3, and there are 2 values"));
  EXPECT_THAT(bound("$0", {1.0}), HasSubstr("places for 0 of 1 value"));
  EXPECT_THAT(bound(std::string_view("SELECT \0", 8), {}), HasSubstr("NUL"));
}

TEST(BoundStatement, CastsWhatPostgresTakesForAText) {
  EXPECT_EQ(bound("$1", {JsonText{"{}"}}, postgres_dialect()), "CAST($1 AS jsonb)");
  EXPECT_EQ(bound("$1", {Timestamp{}}, postgres_dialect()), "CAST($1 AS timestamp with time zone)");
  EXPECT_EQ(bound("$1", {Timestamp{.has_zone = false}}, postgres_dialect()), "$1");
}

}  // namespace
}  // namespace outfall::sql
