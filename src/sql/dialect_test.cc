// SPDX-License-Identifier: Apache-2.0
//
// Identifiers and types as DuckDB wants them.
#include "sql/dialect.h"

#include <gtest/gtest.h>

namespace outfall::sql {
namespace {

std::string type(ColumnType column) {
  return type_name(duckdb_dialect(), column).value_or("error");
}

TEST(Dialect, QuotesWhateverANameContains) {
  const Dialect& duckdb = duckdb_dialect();
  EXPECT_EQ(quoted(duckdb, "select"), "\"select\"");
  EXPECT_EQ(quoted(duckdb, "weird \"name\""), "\"weird \"\"name\"\"\"");
  EXPECT_EQ(quoted(duckdb, "a\\b"), "\"a\\b\"");
  EXPECT_EQ(quoted(duckdb, TableName{"c", "s", "x\"; DROP TABLE y; --"}), "\"c\".\"s\".\"x\"\"; DROP TABLE y; --\"");
  EXPECT_EQ(quoted(duckdb, TableName{"", "s", "t"}), "\"s\".\"t\"");
}

TEST(Dialect, DuckDbTypesAreThoseOfDlt) {
  EXPECT_EQ(type({.type = DataType::text}), "VARCHAR");
  EXPECT_EQ(type({.type = DataType::text, .precision = 64}), "VARCHAR");
  EXPECT_EQ(type({.type = DataType::double_}), "DOUBLE");
  EXPECT_EQ(type({.type = DataType::bool_}), "BOOLEAN");
  EXPECT_EQ(type({.type = DataType::date}), "DATE");
  EXPECT_EQ(type({.type = DataType::time}), "TIME");
  EXPECT_EQ(type({.type = DataType::binary}), "BLOB");
  EXPECT_EQ(type({.type = DataType::json}), "JSON");
}

TEST(Dialect, IntegersTakeTheSmallestTypeThatHoldsTheirBits) {
  EXPECT_EQ(type({.type = DataType::bigint}), "BIGINT");
  EXPECT_EQ(type({.type = DataType::bigint, .precision = 8}), "TINYINT");
  EXPECT_EQ(type({.type = DataType::bigint, .precision = 16}), "SMALLINT");
  EXPECT_EQ(type({.type = DataType::bigint, .precision = 32}), "INTEGER");
  EXPECT_EQ(type({.type = DataType::bigint, .precision = 64}), "BIGINT");
  EXPECT_EQ(type({.type = DataType::bigint, .precision = 128}), "HUGEINT");
  EXPECT_EQ(type({.type = DataType::bigint, .precision = 129}), "error");
}

TEST(Dialect, TimestampsWithoutZoneHaveAPrecision) {
  EXPECT_EQ(type({.type = DataType::timestamp}), "TIMESTAMP WITH TIME ZONE");
  EXPECT_EQ(type({.type = DataType::timestamp, .precision = 3}), "TIMESTAMP WITH TIME ZONE");
  EXPECT_EQ(type({.type = DataType::timestamp, .with_timezone = false}), "TIMESTAMP");
  EXPECT_EQ(type({.type = DataType::timestamp, .precision = 0, .with_timezone = false}), "TIMESTAMP_S");
  EXPECT_EQ(type({.type = DataType::timestamp, .precision = 2, .with_timezone = false}), "TIMESTAMP_MS");
  EXPECT_EQ(type({.type = DataType::timestamp, .precision = 6, .with_timezone = false}), "TIMESTAMP");
  EXPECT_EQ(type({.type = DataType::timestamp, .precision = 9, .with_timezone = false}), "TIMESTAMP_NS");
  EXPECT_EQ(type({.type = DataType::timestamp, .precision = 10, .with_timezone = false}), "error");
}

TEST(Dialect, DecimalsHaveDltsDefaultsAndNoFractionBehindAPrecisionAlone) {
  EXPECT_EQ(type({.type = DataType::decimal}), "DECIMAL(38,9)");
  EXPECT_EQ(type({.type = DataType::decimal, .precision = 20, .scale = 2}), "DECIMAL(20,2)");
  EXPECT_EQ(type({.type = DataType::decimal, .precision = 5}), "DECIMAL(5,0)");
  EXPECT_EQ(type({.type = DataType::wei}), "DECIMAL(38,0)");
  EXPECT_EQ(type({.type = DataType::decimal, .precision = 39, .scale = 0}), "error");
  EXPECT_EQ(type({.type = DataType::decimal, .precision = 5, .scale = 6}), "error");
}

TEST(Dialect, KnowsItsOwnWords) {
  const auto same = [](std::string_view word) {
    const std::optional<ColumnType> named = named_type(duckdb_dialect(), word);
    return named ? type(*named) : "none";
  };
  for (const char* word : {"VARCHAR", "DOUBLE", "BOOLEAN", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_S", "TIMESTAMP_MS",
                           "TIMESTAMP", "TIMESTAMP_NS", "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "BLOB", "JSON",
                           "DECIMAL(38,9)", "DECIMAL(5,5)", "DATE", "TIME"}) {
    EXPECT_EQ(same(word), word);
  }
  EXPECT_EQ(same("FLOAT"), "DOUBLE");
  EXPECT_EQ(same("UINTEGER"), "BIGINT");
  EXPECT_EQ(same("HUGEINT"), "DECIMAL(38,0)");
  EXPECT_TRUE(is_named(duckdb_dialect(), {.type = DataType::timestamp, .precision = 3}, "TIMESTAMP WITH TIME ZONE"));
  EXPECT_TRUE(is_named(duckdb_dialect(), {.type = DataType::double_}, "FLOAT"));
  EXPECT_FALSE(is_named(duckdb_dialect(), {.type = DataType::bigint}, "UINTEGER"));
  EXPECT_FALSE(is_named(duckdb_dialect(), {.type = DataType::text}, "UUID"));
  for (const char* word : {"", "UUID", "VARCHAR[]", "DECIMAL", "DECIMAL(", "DECIMAL(5", "DECIMAL(5,6)",
                           "DECIMAL(5,2)[]", "DECIMAL(99999999999,2)", "decimal(5,2)"}) {
    EXPECT_EQ(same(word), "none") << word;
  }
}

TEST(Dialect, DuckDbComparesNamesWithoutCase) {
  EXPECT_EQ(folded(duckdb_dialect(), "GitHub_Ä"), "github_Ä");
}

}  // namespace
}  // namespace outfall::sql
