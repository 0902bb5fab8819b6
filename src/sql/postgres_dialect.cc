// SPDX-License-Identifier: Apache-2.0
//
// PostgreSQL as data. The type words are those that its catalog has for the types that dlt makes.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "sql/dialect.h"

namespace outfall::sql {
namespace {

using schema::ValueRange;

/// `character varying(128)`, `timestamp(3) with time zone`: the number between the parentheses.
std::optional<int> number_in(std::string_view word) {
  const std::size_t begin = word.find('(');
  if (begin == std::string_view::npos) return std::nullopt;
  int number = 0;
  const auto read = std::from_chars(word.data() + begin + 1, word.data() + word.size(), number);
  return read.ec == std::errc{} ? std::optional(number) : std::nullopt;
}

std::optional<ColumnType> type_with_number(std::string_view word) {
  const std::optional<int> number = number_in(word);
  if (!number || word.ends_with(']')) return std::nullopt;
  if (word.starts_with("character varying(")) return ColumnType{.type = DataType::text, .precision = number};
  if (word.starts_with("timestamp(")) {
    return ColumnType{
        .type = DataType::timestamp, .precision = number, .with_timezone = word.ends_with(" with time zone")};
  }
  if (word.starts_with("time(") && word.ends_with("without time zone")) {
    return ColumnType{.type = DataType::time, .precision = number};
  }
  return std::nullopt;
}

/// What the driver gives as a type of Arrow's that says the same. Others it gives as bytes, or not in full.
constexpr std::array<std::string_view, 11> read_as_they_are{"boolean",
                                                            "smallint",
                                                            "integer",
                                                            "bigint",
                                                            "real",
                                                            "double precision",
                                                            "text",
                                                            "bytea",
                                                            "date",
                                                            "timestamp without time zone",
                                                            "timestamp with time zone"};

bool is_read_as_it_is(std::string_view word) {
  return word == "time without time zone" || std::ranges::find(read_as_they_are, word) != read_as_they_are.end() ||
         word.starts_with("character") || word.starts_with("timestamp(") ||
         (word.starts_with("time(") && word.ends_with("without time zone"));
}

/// Arrow's decimals the driver does not give. One that says nothing of its digits is what dlt takes it for.
std::optional<ColumnType> read_decimal(std::string_view word) {
  if (word != "numeric" && !word.starts_with("numeric(")) return std::nullopt;
  const std::optional<ColumnType> type = named_type(postgres_dialect(), word);
  const bool is_ours = type && type->precision.value_or(0) <= schema::decimal_precision_max;
  return is_ours ? type : std::nullopt;
}

ReadColumn read_column(std::string expression, std::string_view word) {
  const auto cast = [&](std::string_view type) { return fmt::format("CAST({} AS {})", expression, type); };
  if (word.ends_with("[]")) return {fmt::format("CAST(to_jsonb({}) AS text)", expression), ColumnType{DataType::json}};
  if (word == "json" || word == "jsonb") return {cast("text"), ColumnType{DataType::json}};
  if (const std::optional<ColumnType> decimal = read_decimal(word)) return {cast("text"), decimal};
  // To the same type: it takes off what is said of a domain.
  return {cast(is_read_as_it_is(word) ? word : "text")};
}

}  // namespace

const Dialect& postgres_dialect() {
  static constexpr Dialect dialect{
      .name = "PostgreSQL",
      .quote = '"',
      .identifier_length_max = 63,
      .identifier_unit = IdentifierUnit::bytes,
      .names = NameCase::sensitive,
      .add_column = AddColumn::many_a_statement,
      .add_not_null = AddNotNull::refused,  // where a table has rows they would have to have a value
      .own_schemas = {"information_schema", "pg_catalog"},
      .schemas = "SELECT nspname::text FROM pg_catalog.pg_namespace WHERE nspname = $2",
      .tables =
          "SELECT c.relname::text, CASE WHEN c.relkind IN ('v', 'm') THEN 'VIEW' ELSE 'TABLE' END, "
          "n.nspname::text FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n "
          "ON n.oid = c.relnamespace WHERE n.nspname = $2 AND c.relkind IN ('r', 'p', 'f', 'v', 'm')",
      // What fills an identity column by itself is no default, and has the same effect.
      .columns =
          "SELECT c.relname::text, a.attname::text, pg_catalog.format_type(a.atttypid, a.atttypmod), "
          "CASE WHEN a.attnotnull THEN 'NO' ELSE 'YES' END, CASE WHEN a.attidentity <> '' THEN 'DEFAULT' "
          "WHEN a.attgenerated = '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END "
          "FROM pg_catalog.pg_attribute AS a JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid "
          "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
          "LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum "
          "WHERE n.nspname = $2 AND c.relkind IN ('r', 'p', 'f', 'v', 'm') AND a.attnum > 0 AND NOT a.attisdropped "
          "ORDER BY c.relname, a.attnum",
      .lock = "SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtextextended($1, 0))",
      .end_holders =
          "SELECT pg_catalog.pg_terminate_backend(l.pid) FROM pg_catalog.pg_locks AS l "
          "JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid WHERE l.locktype = 'advisory' AND l.granted "
          "AND l.objsubid = 1 AND l.pid <> pg_catalog.pg_backend_pid() AND a.usename = current_user "
          "AND a.datname = current_database() AND l.database = a.datid "
          "AND ((l.classid::bigint << 32) | l.objid::bigint) = pg_catalog.hashtextextended($1, 0)",
      // Who waits to alter a table keeps its readers waiting, too. A limit that somebody has set stays.
      .bound_waits =
          "SELECT pg_catalog.set_config('lock_timeout', '10s', true) WHERE current_setting('lock_timeout') = '0'",
      .datasets = "SELECT schemaname::text FROM pg_catalog.pg_tables WHERE tablename = '_dlt_loads' ORDER BY 1",
      .create_schema = "CREATE SCHEMA IF NOT EXISTS {}",
      // What a view or a generated column is made from keeps its type.
      .fixed_columns =
          "SELECT c.relname::text, a.attname::text, (a.attgenerated <> '')::text FROM pg_catalog.pg_attribute AS a "
          "JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid "
          "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
          "WHERE n.nspname = $2 AND a.attnum > 0 AND NOT a.attisdropped AND (a.attgenerated <> '' OR EXISTS ("
          "SELECT 1 FROM pg_catalog.pg_depend AS p WHERE p.refclassid = 'pg_catalog.pg_class'::regclass AND "
          "p.refobjid = a.attrelid AND p.refobjsubid = a.attnum AND p.classid = 'pg_catalog.pg_rewrite'::regclass))",
      .constraints =
          "SELECT c.relname::text, CASE k.contype WHEN 'c' THEN 'check' WHEN 'f' THEN 'foreign key' "
          "WHEN 'p' THEN 'primary key' WHEN 'u' THEN 'unique' ELSE 'other' END, "
          "pg_catalog.pg_get_constraintdef(k.oid), coalesce(pg_catalog.pg_get_expr(k.conbin, k.conrelid), ''), "
          "(SELECT coalesce(pg_catalog.json_agg(pg_catalog.quote_ident(a.attname) ORDER BY o.place), '[]')::text "
          "FROM unnest(k.conkey) WITH ORDINALITY AS o (number, place) JOIN pg_catalog.pg_attribute AS a "
          "ON a.attrelid = k.conrelid AND a.attnum = o.number), coalesce(r.relname::text, ''), "
          "(SELECT coalesce(pg_catalog.json_agg(pg_catalog.quote_ident(a.attname) ORDER BY o.place), '[]')::text "
          "FROM unnest(k.confkey) WITH ORDINALITY AS o (number, place) JOIN pg_catalog.pg_attribute AS a "
          "ON a.attrelid = k.confrelid AND a.attnum = o.number) "
          "FROM pg_catalog.pg_constraint AS k JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid "
          "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
          "LEFT JOIN pg_catalog.pg_class AS r ON r.oid = k.confrelid WHERE n.nspname = $2",
      .has_savepoints = true,
      .row_place = "ctid",
      .is_at_place = "ctid = ANY (ARRAY(SELECT place FROM {places}))",
      // Nobody else analyzes temporary tables, and one that nobody has counted is joined by a loop.
      .analyze = "ANALYZE {}",
      // Statistics of the transaction tell inserted rows from updated ones; those of partitions are not those of their
      // table, and triggers may insert more.
      .can_merge =
          "SELECT 1 FROM pg_catalog.pg_class AS c WHERE c.oid = {table}::regclass AND relkind = 'r' AND NOT "
          "relhasrules "
          "AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_trigger AS g WHERE g.tgrelid = c.oid AND NOT g.tgisinternal) "
          "AND current_setting('server_version_num')::int >= 150000 AND current_setting('track_counts')::boolean",
      .inserted_so_far = "SELECT pg_catalog.pg_stat_get_xact_tuples_inserted({table}::regclass)",
      // Nobody but its owner makes a constraint of an index, and of some nobody does.
      .unique_indexes =
          "SELECT c.relname::text, a.attname::text, x.relname::text, "
          "(k.oid IS NOT NULL OR NOT pg_catalog.pg_has_role(c.relowner, 'USAGE') OR c.relkind <> 'r' "
          "OR NOT i.indisvalid OR i.indoption[0] <> 0)::text "
          "FROM pg_catalog.pg_index AS i JOIN pg_catalog.pg_class AS c ON c.oid = i.indrelid "
          "JOIN pg_catalog.pg_class AS x ON x.oid = i.indexrelid "
          "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
          "JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0] "
          "LEFT JOIN pg_catalog.pg_constraint AS k ON k.conindid = i.indexrelid AND k.conrelid = i.indrelid "
          "AND k.contype IN ('p', 'u') "
          "WHERE n.nspname = $2 AND i.indisunique AND i.indnkeyatts = 1 AND i.indpred IS NULL",
      .make_unique_index = "CREATE UNIQUE INDEX {index} ON {table} ({column})",
      .make_unique_constraint = "ALTER TABLE {table} ADD CONSTRAINT {index} UNIQUE USING INDEX {index}",
      .lock_table = "LOCK TABLE {} IN ACCESS EXCLUSIVE MODE",
      .lock_timeout = "SELECT current_setting('lock_timeout')",
      .set_lock_timeout = "SET LOCAL lock_timeout = '{}'",
      .temporary = {"", "pg_temp"},
      .is_distinct = "{0} IS DISTINCT FROM {1}",
      .is_same_text = "true",
      .is_false = "({}) IS FALSE",
      .try_cast = "{}",
      .empty_table = "DELETE FROM {}",
      .truncate_table = "TRUNCATE TABLE {}",
      .clone_empty = "CREATE TABLE {clone} (LIKE {table} INCLUDING ALL)",
      .beyond_nanoseconds = "SELECT 1 FROM {table} WHERE false AND {column} IS NULL LIMIT 1",
      .moment = "CAST({} AS timestamp with time zone)",
      .types =
          {
              .text = "character varying",
              .text_of_length = "character varying({})",
              .double_ = "double precision",
              .bool_ = "boolean",
              .timestamp = "timestamp with time zone",
              .timestamp_naive = {"timestamp(0) without time zone", "timestamp(3) without time zone",
                                  "timestamp without time zone", "timestamp without time zone"},
              .integers = {"", "smallint", "integer", "bigint", ""},
              .binary = "bytea",
              .json = "jsonb",
              .decimal = "numeric({},{})",
              .date = "date",
              .time = "time without time zone",
              .binary_as_hex = "'0x' || encode({column}, 'hex')",
              .bool_as_text = "CASE {column} WHEN true THEN 'True' WHEN false THEN 'False' END",
              .binary_as_text = "encode({column}, 'base64')",
              .others = {{{"text", {.type = DataType::text}},
                          {"real", {.type = DataType::double_}, ValueRange::float_32},
                          {"numeric", {.type = DataType::decimal, .precision = 38, .scale = 9}},
                          {"json", {.type = DataType::json}}}},
              .of_texts = {"uuid", "inet", "citext"},
              .decimal_precision_max = 1000,
          },
      .reading =
          {
              .snapshot = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ",
              .tables = "SELECT n.nspname::text, c.relname::text, CASE WHEN c.relispartition THEN 'PART' "
                        "WHEN c.relkind IN ('v', 'm') THEN 'VIEW' ELSE 'TABLE' END FROM pg_catalog.pg_class AS c "
                        "JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace "
                        "WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm') AND n.nspname <> 'information_schema' "
                        "AND n.nspname NOT LIKE 'pg\\_%' ORDER BY 1, 2",
              .schemas =
                  "SELECT s::text FROM unnest(pg_catalog.current_schemas(false)) WITH ORDINALITY AS u (s, place) "
                  "ORDER BY place",
              .value = "CAST({} AS text)",
              .value_kind = "'text'",
              .literal = "CAST({text} AS {type})",
              .before = "({value} - INTERVAL '{seconds} seconds')",
              .column = read_column,
          },
      .json_value = "CAST({} AS jsonb)",
      // With a value of such a type, the driver begins and commits a transaction to set the time zone.
      .moment_value = "CAST({} AS timestamp with time zone)",
      .number_value = "CAST({} AS numeric)",
      .is_undefined_relation =
          [](std::string_view answer) { return answer.contains("[42P01]") || answer.contains("[3F000]"); },
      .other_type = type_with_number,
  };
  return dialect;
}

}  // namespace outfall::sql
