// SPDX-License-Identifier: Apache-2.0
#include "pipeline/schema_changes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "schema/type_text.h"

namespace outfall::pipeline {
namespace {

std::string typed(const schema::Table& table, const std::string& column) {
  return fmt::format("{} ({})", column, schema::type_text(schema::column_type(*table.columns.find(column))));
}

/// As sentences.
std::vector<std::string> changes_of(const schema::Table& table, const schema::Schema& before,
                                    const DatasetMemory& memory) {
  const PlannedChange change = planned_change(table, before, memory);
  if (change.is_created) return {fmt::format("the table {} is new", table.name)};
  if (change.new_columns.empty()) return {};
  std::vector<std::string> columns;
  for (const std::string& column : change.new_columns) columns.push_back(typed(table, column));
  return {fmt::format("{} gets {}", table.name, fmt::join(columns, ", "))};
}

}  // namespace

PlannedChange planned_change(const schema::Table& table, const schema::Schema& before, const DatasetMemory& memory) {
  const schema::Table* known = before.tables.find(table.name);
  // Where the destination says what it has, that counts: tables and columns may be gone from it.
  const bool is_known = memory.dialect == nullptr && known != nullptr && known->seen_data();
  PlannedChange change{.table = table.name, .is_created = !is_known && memory.there.first_of(table.name) == nullptr};
  for (const schema::Column& column : table.columns) {
    const bool is_there = (is_known && known->columns.find(column.name) != nullptr) ||
                          memory.there.find(table.name, column.name) != nullptr;
    if (column.type && !change.is_created && !is_there) change.new_columns.push_back(column.name);
  }
  return change;
}

Status check_no_change(const RunOptions& options, const schema::Schema& before, const DatasetMemory& memory,
                       const SettledTypes& settled, const normalize::NormalizeSummary& summary) {
  if (!options.fail_on_schema_change) return {};
  std::vector<std::string> changes;
  for (const std::string& table : memory.dropped) changes.push_back(fmt::format("the table {} goes", table));
  for (const schema::Table& table : memory.schema.tables) {
    // A load makes and changes tables that it has rows for, and no others.
    if (!summary.rows.contains(table.name) || schema::is_system_name(table.name)) continue;
    for (std::string& change : changes_of(table, before, memory)) changes.push_back(std::move(change));
  }
  for (const ledger::AlteredColumn& altered : settled.altered) {
    const schema::Table* table = memory.schema.tables.find(altered.column.table);
    if (table == nullptr) continue;
    changes.push_back(fmt::format("{} becomes {}", table->name, typed(*table, altered.column.column)));
  }
  if (changes.empty()) return {};
  return fail(fmt::format("the load would change tables of the destination: {}", fmt::join(changes, "; ")),
              "leave out --fail-on-schema-change to have that done, or the values that ask for it "
              "(--contract discard_value); nothing was changed");
}

}  // namespace outfall::pipeline
