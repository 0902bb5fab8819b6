// SPDX-License-Identifier: Apache-2.0
//
// SQLite as data. Its types are words that it does not hold values to; those here are what dlt's tables have, but for
// decimals, which are texts to SQLite, because its numbers have 15 digits.
#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "sql/dialect.h"
#include "sql/sqlite_insert.h"

namespace outfall::sql {
namespace {

/// The numbers between parentheses behind a word: `VARCHAR(128)`, `NUMERIC(38, 9)`.
struct Numbers {
  std::optional<int> first{};
  std::optional<int> second{};
};

std::optional<int> number_in(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  int number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  return read.ec == std::errc{} ? std::optional(number) : std::nullopt;
}

Numbers numbers_behind(std::string_view word) {
  const std::size_t begin = word.find('(');
  if (begin == std::string_view::npos) return {};
  const std::size_t comma = word.find(',', begin);
  return {.first = number_in(word.substr(begin + 1)),
          .second = comma == std::string_view::npos ? std::nullopt : number_in(word.substr(comma + 1))};
}

/// A declared type is any words; SQLite looks for parts of words in it.
std::optional<ColumnType> type_by_parts(std::string_view declared) {
  std::string word(declared);
  std::ranges::transform(word, word.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  if (word != declared) return named_type(sqlite_dialect(), word);
  const Numbers numbers = numbers_behind(word);
  if (word.starts_with("NUMERIC") || word.starts_with("DECIMAL")) {
    return ColumnType{.type = DataType::decimal,
                      .precision = numbers.first,
                      .scale = numbers.first ? std::optional(numbers.second.value_or(0)) : std::nullopt};
  }
  switch (affinity_of(word)) {
    case Affinity::integer:
      return ColumnType{.type = DataType::bigint};
    case Affinity::text:
      return ColumnType{.type = DataType::text, .precision = numbers.first};
    case Affinity::real:
      return ColumnType{.type = DataType::double_};
    default:
      return std::nullopt;
  }
}

}  // namespace

const Dialect& sqlite_dialect() {
  static constexpr Dialect dialect{
      .name = "SQLite",
      .quote = '"',
      .identifier_length_max = 9'999,
      .names = NameCase::insensitive,
      .add_column = AddColumn::one_a_statement,
      .add_not_null = AddNotNull::refused,
      .alters_columns = false,
      .own_schemas = {"temp", "temp"},
      .schemas = "SELECT name FROM pragma_database_list WHERE lower(name) = lower($2)",
      .tables =
          "SELECT name, upper(type), schema FROM pragma_table_list WHERE lower(schema) = lower($2) AND "
          "type IN ('table', 'view', 'virtual') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
      .columns =
          "SELECT t.name, c.name, c.type, CASE WHEN c.\"notnull\" OR c.pk AND t.wr THEN 'NO' ELSE 'YES' END, "
          "c.dflt_value FROM pragma_table_list AS t JOIN pragma_table_xinfo(t.name, t.schema) AS c "
          "WHERE t.schema = $2 AND t.type IN ('table', 'view', 'virtual') AND "
          "t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND c.hidden <> 1 ORDER BY t.name, c.cid",
      .datasets = "SELECT schema FROM pragma_table_list WHERE name = '_dlt_loads' ORDER BY schema",
      // No column of a table can get another type. Those that are hidden by a number from 2 on are computed.
      .fixed_columns =
          "SELECT t.name, NULL, 'false' FROM pragma_table_list AS t WHERE t.schema = $2 UNION ALL "
          "SELECT t.name, c.name, 'true' FROM pragma_table_list AS t "
          "JOIN pragma_table_xinfo(t.name, t.schema) AS c WHERE t.schema = $2 AND c.hidden >= 2",
      .has_savepoints = true,
      .row_place = "rowid",
      .is_at_place = "rowid IN (SELECT place FROM {places})",
      // It plans a subquery for each row of the outer table.
      .index_staging = "CREATE INDEX {schema}.{index} ON {table} ({columns})",
      .temporary = {"", "temp"},
      .is_distinct = "{0} IS NOT {1}",
      .is_same_text = "1",
      .is_false = "NOT ({})",
      .try_cast = "{}",
      .empty_table = "DELETE FROM {}",
      // Its moments are texts, which have as many digits as they have.
      .beyond_nanoseconds = "SELECT 1 FROM {table} WHERE {column} IS NULL AND 0 LIMIT 1",
      // dlt's rows have no zone here, and are in UTC.
      .moment = "substr({}, 1, 26)",
      .types =
          {
              .text = "TEXT",
              .text_of_length = "VARCHAR({})",
              .text_unique = "VARCHAR(128)",
              .double_ = "DOUBLE",
              .bool_ = "BOOLEAN",
              .timestamp = "DATETIME",
              .timestamp_naive = {"DATETIME", "DATETIME", "DATETIME", "DATETIME"},
              .integers = {"", "SMALLINT", "INTEGER", "BIGINT", ""},
              .binary = "BLOB",
              .json = "JSON",
              .decimal = "NUMERIC_TEXT({},{})",
              .date = "DATE",
              .time = "TIME",
              .binary_as_hex = "'0x' || lower(hex({column}))",
              .bool_as_text = "CASE {column} WHEN 1 THEN 'True' WHEN 0 THEN 'False' END",
              .binary_as_text = "{column}",
              .others = {},
              .of_texts = {},
              .decimal_precision_max = 38,
          },
      .reading =
          {
              .snapshot = "",
              .tables = "SELECT schema, name, upper(type) FROM pragma_table_list WHERE schema = 'main' AND "
                        "type IN ('table', 'view', 'virtual') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' "
                        "ORDER BY 1, 2",
              .schemas = "SELECT 'main'",
              .value = "{}",
              .value_kind = "typeof({})",
              .literal = "{text}",
              // As the text is written, so that it compares with others.
              .before = "CASE WHEN length({value}) = 10 THEN date({value}, '-{seconds} seconds') "
                        "WHEN {value} LIKE '%T%' THEN strftime('%Y-%m-%dT%H:%M:%S', {value}, '-{seconds} seconds') "
                        "ELSE datetime({value}, '-{seconds} seconds') END",
          },
      .number_value = "{}",
      .has_bracket_names = true,
      .is_undefined_relation =
          [](std::string_view answer) {
            return answer.contains("no such table: ") || answer.contains("unknown database ");
          },
      .other_type = type_by_parts,
  };
  return dialect;
}

}  // namespace outfall::sql
