// SPDX-License-Identifier: Apache-2.0
//
// DuckDB as data. The type words are those that dlt writes, so that both make the same tables.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>

#include "sql/dialect.h"

namespace outfall::sql {

using schema::ValueRange;

namespace {

/// Types whose values Arrow does not have as they are.
constexpr std::array<std::string_view, 7> read_as_text{"INTERVAL", "UHUGEINT", "BIGNUM", "BIT", "TIME WITH TIME ZONE",
                                                       "TIME_NS",  "VARIANT"};

ReadColumn read_column(std::string expression, std::string_view word) {
  const bool is_text = std::ranges::find(read_as_text, word) != read_as_text.end();
  return {is_text ? fmt::format("CAST({} AS VARCHAR)", expression) : std::move(expression)};
}

}  // namespace

namespace {

bool names_no_relation(std::string_view answer) {
  constexpr std::string_view kind = "Catalog Error: ";
  const std::size_t begin = answer.find(kind);
  if (begin == std::string_view::npos || !answer.contains("does not exist")) return false;
  const std::string_view what = answer.substr(begin + kind.size());
  return what.starts_with("Table ") || what.starts_with("View ") || what.starts_with("Schema ");
}

}  // namespace

const Dialect& duckdb_dialect() {
  static constexpr Dialect dialect{
      .name = "DuckDB",
      .quote = '"',
      .identifier_length_max = 65'536,
      .names = NameCase::insensitive,
      .add_column = AddColumn::one_a_statement,
      .add_not_null = AddNotNull::refused,
      .own_schemas = {"information_schema", "pg_catalog"},
      // In full: a file may be called information_schema.duckdb, and is a catalog of that name then.
      .schemas =
          "SELECT schema_name FROM system.information_schema.schemata WHERE catalog_name = $1 AND "
          "lower(schema_name) = lower($2)",
      .tables =
          "SELECT table_name, table_type, table_schema FROM system.information_schema.tables "
          "WHERE table_catalog = $1 AND lower(table_schema) = lower($2)",
      .columns =
          "SELECT table_name, column_name, data_type, is_nullable, column_default "
          "FROM system.information_schema.columns WHERE table_catalog = $1 AND table_schema = $2",
      .datasets =
          "SELECT DISTINCT table_schema FROM information_schema.tables WHERE table_name = '_dlt_loads' "
          "AND table_catalog = current_database() ORDER BY table_schema",
      .create_schema = "CREATE SCHEMA IF NOT EXISTS {}",
      // Nothing compresses them, and looking for what would takes a tenth of a load.
      .row_id_storage = " USING COMPRESSION uncompressed",
      .fixed_columns =
          "SELECT table_name, unnest(constraint_column_names), false FROM duckdb_constraints() "
          "WHERE database_name = $1 AND schema_name = $2 AND constraint_type <> 'NOT NULL' "
          "UNION ALL SELECT referenced_table, NULL, false FROM duckdb_constraints() "
          "WHERE database_name = $1 AND schema_name = $2 AND constraint_type = 'FOREIGN KEY' "
          "UNION ALL SELECT table_name, NULL, false FROM duckdb_indexes() "
          "WHERE database_name = $1 AND schema_name = $2 "
          // Only the statement that would make the table tells computed columns from those with a default. Which
          // columns they are computed from nothing tells.
          "UNION ALL SELECT table_name, unnest([column_name, NULL]), true FROM duckdb_columns() JOIN duckdb_tables() "
          "USING (database_name, schema_name, table_name) "
          "WHERE database_name = $1 AND schema_name = $2 AND column_default IS NOT NULL AND list_bool_or("
          "[contains(sql, n || ' ' || data_type || ' GENERATED ALWAYS AS(') FOR n IN ['(' || column_name, "
          "', ' || column_name, '(\"' || replace(column_name, '\"', '\"\"') || '\"', "
          "', \"' || replace(column_name, '\"', '\"\"') || '\"']])",
      // Conditions on columns with a collation only the column itself can judge; they are of a kind of their own.
      .constraints =
          "WITH collated AS (SELECT table_name, column_name FROM duckdb_columns() JOIN duckdb_tables() "
          "USING (database_name, schema_name, table_name) WHERE database_name = $1 AND "
          "lower(schema_name) = lower($2) AND (contains(lower(sql), lower(column_name) || ' varchar collate ') OR "
          "contains(lower(sql), lower(replace(column_name, '\"', '\"\"')) || '\" varchar collate '))) "
          "SELECT table_name, CASE WHEN constraint_type = 'CHECK' AND EXISTS (FROM collated c WHERE "
          "c.table_name = duckdb_constraints.table_name AND list_contains(constraint_column_names, c.column_name)) "
          "THEN 'collated' ELSE lower(constraint_type) END, constraint_text, coalesce(expression, ''), "
          "to_json(['\"' || replace(n, '\"', '\"\"') || '\"' FOR n IN constraint_column_names]), "
          "coalesce(referenced_table, ''), "
          "to_json(['\"' || replace(n, '\"', '\"\"') || '\"' FOR n IN referenced_column_names]) "
          "FROM duckdb_constraints() WHERE database_name = $1 AND lower(schema_name) = lower($2) "
          "UNION ALL SELECT table_name, CASE WHEN contains(expressions, '(') AND table_name IN (SELECT "
          "table_name FROM collated) THEN 'collated' ELSE 'unique' END, 'UNIQUE INDEX ' || index_name, '', "
          "to_json(expressions::VARCHAR[]), "
          "'', '[]' FROM duckdb_indexes() "
          "WHERE database_name = $1 AND lower(schema_name) = lower($2) AND is_unique AND NOT is_primary",
      .has_savepoints = false,
      .row_place = "rowid",
      .is_at_place = "rowid IN (SELECT place FROM {places})",
      .temporary = {"temp", "main"},
      .is_distinct = "{0} IS DISTINCT FROM {1}",
      .is_same_text = "(typeof({0}) <> 'VARCHAR' OR encode(CAST({0} AS VARCHAR)) = encode(CAST({1} AS VARCHAR)))",
      .is_false = "TRY_CAST(({}) AS INTEGER) = 0",
      .try_cast = "TRY_CAST({} AS {})",
      .empty_table = "DELETE FROM {}",
      .beyond_nanoseconds = "SELECT 1 FROM {table} WHERE {column} < '1677-09-22' OR {column} >= '2262-04-11' LIMIT 1",
      .moment = "CAST({} AS TIMESTAMP WITH TIME ZONE)",
      .types =
          {
              .text = "VARCHAR",
              .text_of_length = "VARCHAR",
              .double_ = "DOUBLE",
              .bool_ = "BOOLEAN",
              .timestamp = "TIMESTAMP WITH TIME ZONE",
              .timestamp_naive = {"TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP", "TIMESTAMP_NS"},
              .integers = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT"},
              .binary = "BLOB",
              .json = "JSON",
              .decimal = "DECIMAL({},{})",
              .date = "DATE",
              .time = "TIME",
              .binary_as_hex = "'0x' || lower(hex({column}))",
              .bool_as_text = "CASE {column} WHEN true THEN 'True' WHEN false THEN 'False' END",
              .binary_as_text = "base64({column})",
              // Integers that are longer than 64 bits are decimals to us. BIGNUM takes no decimals.
              .others =
                  {{{"HUGEINT", {.type = DataType::decimal, .precision = 38, .scale = 0}},
                    {"BIGNUM", {.type = DataType::bigint, .precision = 128}},
                    {"FLOAT", {.type = DataType::double_}, ValueRange::float_32},
                    {"UTINYINT", {.type = DataType::bigint, .precision = 9}, ValueRange::unsigned_8},
                    {"USMALLINT", {.type = DataType::bigint, .precision = 17}, ValueRange::unsigned_16},
                    {"UINTEGER", {.type = DataType::bigint, .precision = 33}, ValueRange::unsigned_32},
                    {"UBIGINT", {.type = DataType::decimal, .precision = 20, .scale = 0}, ValueRange::unsigned_64},
                    {"UHUGEINT", {.type = DataType::decimal, .precision = 38, .scale = 0}, ValueRange::not_negative}}},
              .of_texts = {"UUID", "ENUM(", "BIT"},
              .decimal_precision_max = 38,
          },
      .reading =
          {
              .snapshot = "",
              .tables = "SELECT table_schema, table_name, CASE table_type WHEN 'VIEW' THEN 'VIEW' ELSE 'TABLE' END "
                        "FROM system.information_schema.tables WHERE table_catalog = current_database() ORDER BY 1, 2",
              .schemas = "SELECT current_schema()",
              .value = "CAST({} AS VARCHAR)",
              .value_kind = "'text'",
              .literal = "CAST({text} AS {type})",
              .before = "({value} - INTERVAL '{seconds} seconds')",
              .column = read_column,
          },
      .is_undefined_relation = names_no_relation,
  };
  return dialect;
}

}  // namespace outfall::sql
