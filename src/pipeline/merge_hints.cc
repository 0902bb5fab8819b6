// SPDX-License-Identifier: Apache-2.0
#include "pipeline/merge_hints.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "delivery/table_merge.h"
#include "pipeline/primary_keys.h"

namespace outfall::pipeline {
namespace {

bool is_merged(const schema::Table* table) {
  return table != nullptr && table->write_disposition == name(WriteDisposition::merge);
}

schema::Column& column_in(schema::Table& table, const std::string& name) {
  if (schema::Column* column = table.columns.find(name)) return *column;
  schema::Column made;
  made.name = name;
  return table.columns.add(std::move(made));
}

bool says_columns(const MergeOptions& merge) {
  return !merge.key.empty() || !merge.hard_delete.empty() || !merge.dedup_sort.empty();
}

void set_columns(schema::Table& table, const MergeOptions& merge, const normalize::ShapeOptions& shape) {
  const normalize::RootOptions& root = shape.of_root(table.name);
  const auto named = [&](const std::string& given) { return column_of_root(given, root, shape.naming); };
  if (!merge.key.empty()) {
    for (schema::Column& column : table.columns) column.merge_key = false;
    for (const std::string& key : merge.key) column_in(table, named(key)).merge_key = true;
  }
  if (!merge.hard_delete.empty()) {
    for (schema::Column& column : table.columns) column.hard_delete = false;
    column_in(table, named(merge.hard_delete)).hard_delete = true;
  }
  if (!merge.dedup_sort.empty()) {
    for (schema::Column& column : table.columns) column.dedup_sort.clear();
    column_in(table, named(merge.dedup_sort)).dedup_sort = merge.dedup_descending ? "desc" : "asc";
  }
}

std::vector<std::string> keys_of(const schema::Table& table, bool schema::Column::* flag) {
  std::vector<std::string> keys;
  for (const schema::Column& column : table.columns) {
    if (column.*flag) keys.push_back(column.name);
  }
  return keys;
}

/// What the package cannot be merged by is told when it is loaded.
MergeStrategy known_strategy(const schema::Table& table) {
  return delivery::strategy_of(table).value_or(MergeStrategy::delete_insert);
}

Status check_keys(const schema::Table& table) {
  const MergeStrategy strategy = known_strategy(table);
  const bool has_primary = !keys_of(table, &schema::Column::primary_key).empty();
  if (has_primary) return {};
  if (strategy == MergeStrategy::delete_insert && !keys_of(table, &schema::Column::merge_key).empty()) return {};
  return fail(Error{.message = fmt::format("{} is to be merged ({}), and has no {}", table.name, name(strategy),
                                           strategy == MergeStrategy::delete_insert ? "key" : "primary key"),
                    .hint = "say which columns tell its rows apart: --primary-key id",
                    .blame = Blame::usage});
}

}  // namespace

WriteDisposition disposition_of(const RunOptions& options, const schema::Schema& schema, const std::string& root) {
  if (options.write_disposition) return *options.write_disposition;
  return is_merged(schema.tables.find(root)) ? WriteDisposition::merge : WriteDisposition::append;
}

Status set_dispositions(schema::Schema& schema, const std::vector<std::string>& roots, const RunOptions& options,
                        const normalize::ShapeOptions& shape) {
  for (const std::string& root : roots) {
    const WriteDisposition disposition = disposition_of(options, schema, root);
    schema::Table* table = schema.tables.find(root);
    const bool is_needed = disposition == WriteDisposition::merge || says_columns(options.merge);
    if (table == nullptr && !is_needed) continue;
    if (table == nullptr) table = &schema.tables.add(schema::Table::root(root, name(disposition), root));
    table->write_disposition = name(disposition);
    set_columns(*table, options.merge, shape);
    if (options.merge.strategy)
      table->stored.set(std::string(delivery::merge_strategy_hint), std::string(name(*options.merge.strategy)));
    if (disposition != WriteDisposition::merge) continue;
    if (Status keyed = check_keys(*table); !keyed) return keyed;
    schema.propagate_root_id(root);
  }
  return {};
}

void set_row_ids(const schema::Schema& schema, const std::string& root, normalize::RootOptions& options) {
  options.row_ids = normalize::RowIdKind::random;
  const schema::Table* table = schema.tables.find(root);
  if (!is_merged(table)) return;
  switch (known_strategy(*table)) {
    case MergeStrategy::delete_insert:
      return;
    case MergeStrategy::upsert:
    case MergeStrategy::insert_only:
      options.row_ids = normalize::RowIdKind::key_hash;
      options.key = keys_of(*table, &schema::Column::primary_key);
      std::ranges::sort(options.key);
      return;
  }
}

std::vector<std::string> notes_on_merged(const schema::Schema& schema, const std::vector<std::string>& roots,
                                         const RunOptions& options) {
  std::vector<std::string> notes;
  for (const std::string& root : roots) {
    const schema::Table* table = schema.tables.find(root);
    if (!is_merged(table)) continue;
    if (options.write_disposition == WriteDisposition::append) {
      notes.push_back(fmt::format(
          "{} was merged by its keys so far; its rows are appended now, beside those that have the same keys", root));
    } else if (!options.write_disposition) {
      std::vector<std::string> keys = keys_of(*table, &schema::Column::primary_key);
      if (keys.empty()) keys = keys_of(*table, &schema::Column::merge_key);
      notes.push_back(fmt::format("{} is merged by {} ({}), as before; --write-disposition append would append", root,
                                  fmt::join(keys, ", "), name(known_strategy(*table))));
    }
  }
  return notes;
}

}  // namespace outfall::pipeline
