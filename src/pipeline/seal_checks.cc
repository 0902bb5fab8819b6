// SPDX-License-Identifier: Apache-2.0
#include "pipeline/seal_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/utf8.h"
#include "schema/type_text.h"
#include "sql/ddl.h"
#include "sql/dialect.h"

namespace outfall::pipeline {
namespace {

/// Whether this package, or one that waits, gives the column another type.
bool is_to_alter(const DatasetMemory& memory, const SettledTypes& settled, const ledger::TableColumn& column) {
  return std::ranges::find(memory.to_alter, column) != memory.to_alter.end() ||
         std::ranges::find(settled.altered, column, &ledger::AlteredColumn::column) != settled.altered.end();
}

/// The statements that give a column of the dataset another type.
std::string retyped(const std::string& dataset, const sql::Dialect& dialect, const schema::ColumnThere& column,
                    std::string_view word) {
  return sql::retype_statements(dialect, {.catalog = "", .schema = dataset, .table = column.table}, column.name, word);
}

std::string type_back(const std::string& dataset, const DatasetMemory& memory, const std::string& table,
                      const schema::Column& column) {
  const Result<std::string> word = sql::type_name(*memory.dialect, schema::column_type(column));
  return retyped(dataset, *memory.dialect, *memory.there.find(table, column.name),
                 word ? std::string_view(*word) : memory.dialect->types.text);
}

}  // namespace

Status check_replaced(const RunOptions& options, const std::vector<std::string>& roots,
                      const std::vector<normalize::InputFacts>& inputs, const normalize::NormalizeSummary& summary,
                      const std::vector<InputReport>& reports) {
  if (!options.empties_tables()) return {};
  const auto bad = std::ranges::find(reports, InputFate::bad, &InputReport::fate);
  if (bad != reports.end() && !options.allow_partial) {
    return fail(fmt::format("{}, and {} would be replaced without that file", bad->notes.back(),
                            inputs[static_cast<std::size_t>(bad - reports.begin())].table),
                "mend it, or replace the table without it: --allow-partial; nothing was changed");
  }
  for (std::size_t i = 0; i < inputs.size() && !options.allow_partial; ++i) {
    if (summary.left_out[i] == 0) continue;
    return fail(fmt::format("{} has bad rows ({} beside {} that are good), and {} would be replaced without them",
                            inputs[i].name, summary.left_out[i], summary.documents[i], inputs[i].table),
                "mend them, or replace the table with the good ones: --allow-partial; nothing was changed");
  }
  for (const std::string& root : roots) {
    if (summary.rows.contains(root) || options.allow_empty) continue;
    const bool has_bad = std::ranges::any_of(summary.left_out, [](std::uint64_t count) { return count > 0; });
    return fail(fmt::format("the inputs of {} have no {}documents, and replacing it would leave it empty", root,
                            has_bad ? "good " : ""),
                "check the inputs, or empty it on purpose: --allow-empty; nothing was changed");
  }
  return {};
}

Status check_only_keys(const RunOptions& options, const schema::Schema& schema, const std::vector<std::string>& roots,
                       const normalize::NormalizeSummary& summary) {
  if (options.write_disposition != WriteDisposition::remove) return {};
  for (const auto& [name, columns] : summary.columns) {
    const bool is_root = std::ranges::find(roots, name) != roots.end();
    for (const std::string& column : columns) {
      const schema::Column* known = schema.tables.find(name)->columns.find(column);
      const bool is_key = is_root && known != nullptr && (known->primary_key || known->merge_key);
      if (is_key || schema::is_system_name(column)) continue;
      return fail(
          Error{.message = fmt::format("the input holds more than the keys of rows to delete: {} of {}", column, name),
                .hint = "leave out all but the key; rows that say themselves that they go are merged with "
                        "--hard-delete; nothing was changed",
                .blame = Blame::usage});
    }
  }
  return {};
}

Status check_all_are_there(const std::vector<normalize::InputFacts>& inputs,
                           const normalize::NormalizeSummary& summary) {
  std::map<std::string, std::uint64_t> documents;
  for (std::size_t i = 0; i < inputs.size(); ++i) documents[inputs[i].table] += summary.documents[i];
  for (const auto& [table, count] : documents) {
    const auto found = summary.rows.find(table);
    const std::uint64_t rows = found == summary.rows.end() ? 0 : found->second;
    if (rows == count) continue;
    return fail(fmt::format("the {} documents for {} have become {} rows; nothing was sealed", count, table, rows),
                "this is a fault of outfall: please report it with the command and the input");
  }
  return {};
}

Status check_names(const schema::Schema& schema, const delivery::Capabilities& capabilities) {
  if (capabilities.case_sensitive_names) return {};
  const auto clash = [](const auto& named, std::string_view where) -> Status {
    std::map<std::string, std::string> seen;
    for (const auto& item : named) {
      const auto [earlier, is_new] = seen.emplace(ascii_lower(item.name), item.name);
      if (is_new) continue;
      return fail(
          fmt::format("{} and {}{} differ only in case, and the destination does not tell them apart", earlier->second,
                      item.name, where),
          "--naming snake_case with --on-collision suffix makes names of one case and keeps both, in a new dataset");
    }
    return {};
  };
  if (Status tables = clash(schema.tables, ""); !tables) return tables;
  for (const schema::Table& table : schema.tables) {
    if (Status columns = clash(table.columns, " of " + table.name); !columns) return columns;
  }
  return {};
}

Status check_tables_there(const std::string& dataset, const DatasetMemory& memory,
                          const normalize::NormalizeSummary& summary, const SettledTypes& settled) {
  for (const auto& [name, columns] : summary.columns) {
    const schema::ColumnThere* first = memory.there.first_of(name);
    const schema::Table* table = memory.schema.tables.find(name);
    if (first == nullptr || table == nullptr) continue;
    if (first->is_view) {
      return fail(fmt::format("{} is a view at the destination, and takes no rows", name),
                  "load into another --table or --dataset; nothing was changed");
    }
    for (const schema::Column& column : table->columns) {
      const schema::ColumnThere* found = memory.there.find(name, column.name);
      if (!column.type || found == nullptr || !columns.contains(column.name)) continue;
      if (found->is_computed) {
        return fail(fmt::format("{} of {} is computed at the destination, and takes no values", column.name, name),
                    "leave the column out, or load into another --table; nothing was changed");
      }
      // All others are shaped for what is there, or make it a type that takes them.
      const bool is_as_shaped = schema::is_system_name(column.name) || !found->type;
      const schema::ColumnType type = schema::column_type(column);
      if (!is_as_shaped || is_to_alter(memory, settled, {.table = name, .column = column.name}) ||
          sql::keeps_or_refuses(*memory.dialect, type, found->word)) {
        continue;
      }
      return fail(fmt::format("{} of {} is {} at the destination, which does not take {} as it is", column.name, name,
                              found->word, schema::type_text(type)),
                  schema::is_system_name(column.name)
                      ? fmt::format("give the column its type back there ({}), then run the same command again; "
                                    "nothing was changed",
                                    type_back(dataset, memory, name, column))
                      : fmt::format("give the column a type that takes it ({}), or load into another --table; nothing "
                                    "was changed",
                                    retyped(dataset, *memory.dialect, *found, memory.dialect->types.text)));
    }
  }
  return {};
}

}  // namespace outfall::pipeline
