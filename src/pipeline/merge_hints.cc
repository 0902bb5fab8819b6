// SPDX-License-Identifier: Apache-2.0
#include "pipeline/merge_hints.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "pipeline/primary_keys.h"
#include "schema/merge_settings.h"
#include "sql/system_tables.h"

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

/// Sets a hint, or takes it away.
void set_hint(Json& document, std::string_view hint, Json value) {
  if (value == Json()) {
    document.erase(hint);
  } else {
    document.set(std::string(hint), std::move(value));
  }
}

/// The one column of a table that has a hint.
schema::Column& move_hint(schema::Table& table, std::string_view hint, const std::string& name) {
  for (schema::Column& column : table.columns) column.stored.erase(hint);
  schema::Column& column = column_in(table, name);
  column.stored.set(std::string(hint), true);
  return column;
}

Json moment_hint(const std::optional<Time>& moment) {
  return moment ? Json(sql::timestamp_text(moment->time_since_epoch().count())) : Json();
}

schema::Column& validity_column(schema::Table& table, std::string_view hint, const std::string& name) {
  schema::Column& column = move_hint(table, hint, name);
  column.nullable = true;
  if (!column.type) column.type = DataType::timestamp;
  return column;
}

/// Columns that say when versions hold, and which one a row is. An id that says so is that of several rows.
void set_versions(schema::Table& table, const VersionOptions& versions, const schema::MergeSettings& settings) {
  validity_column(table, schema::hint::valid_from, settings.valid_from);
  schema::Column& valid_to = validity_column(table, schema::hint::valid_to, settings.valid_to);
  if (versions.active_until) set_hint(valid_to.stored, schema::hint::active_until, moment_hint(versions.active_until));
  schema::Column& version = move_hint(table, schema::hint::row_version, settings.row_version);
  if (version.name != schema::id_column_name) return;
  version.unique = false;
  version.row_key = false;
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
  const VersionOptions& versions = merge.versions;
  for (const auto& [hint, given] :
       {std::pair{schema::hint::valid_from, versions.valid_from}, std::pair{schema::hint::valid_to, versions.valid_to},
        std::pair{schema::hint::row_version, versions.row_version}}) {
    if (!given.empty()) move_hint(table, hint, named(given));
  }
}

/// An empty one takes away what was said before.
void set_condition(Json& document, std::string_view hint, const std::optional<std::string>& condition) {
  if (condition) set_hint(document, hint, condition->empty() ? Json() : Json(*condition));
}

/// What is said holds on; of a boundary and of a limit what this run says alone.
void set_table_hints(schema::Table& table, const RunOptions& options) {
  const MergeOptions& merge = options.merge;
  Json& stored = table.stored;
  if (merge.strategy) set_hint(stored, schema::hint::merge_strategy, name(*merge.strategy));
  set_condition(stored, schema::hint::source_filter, merge.source_filter);
  set_condition(stored, schema::hint::destination_scope, merge.destination_scope);
  if (merge.skip_unchanged) set_hint(stored, schema::hint::skip_unchanged, *merge.skip_unchanged ? Json(true) : Json());
  if (merge.missing_columns) {
    set_hint(stored, schema::hint::missing_columns,
             *merge.missing_columns == MissingColumns::keep ? Json(name(MissingColumns::keep)) : Json());
  }
  set_hint(stored, schema::hint::boundary, moment_hint(merge.versions.boundary));
  set_hint(stored, schema::hint::removes, options.write_disposition == WriteDisposition::remove ? Json(true) : Json());
  const RowLimit limit = options.max_deleted.value_or(RowLimit());
  set_hint(stored, schema::hint::max_deleted,
           schema::deletion_limit_hint({.rows = limit.rows, .percent = limit.percent}));
}

/// What the package cannot be merged by is told when it is loaded.
MergeStrategy known_strategy(const schema::Table& table) {
  return schema::merge_strategy(table).value_or(MergeStrategy::delete_insert);
}

Status set_disposition(schema::Schema& schema, schema::Table& table, WriteDisposition disposition,
                       const RunOptions& options, const normalize::ShapeOptions& shape) {
  table.write_disposition = stored_disposition(disposition);
  set_columns(table, options.merge, shape);
  set_table_hints(table, options);
  if (!is_merged(&table)) return {};
  const Result<schema::MergeSettings> settings = schema::merge_settings(table);
  if (!settings) return fail(settings.error());
  if (!settings->row_version.empty()) column_in(table, settings->row_version).nullable = false;
  if (settings->strategy == MergeStrategy::scd2) {
    set_versions(table, options.merge.versions, *settings);
  } else {
    schema.propagate_root_id(table.name);
  }
  return {};
}

}  // namespace

std::string_view stored_disposition(WriteDisposition disposition) {
  return name(disposition == WriteDisposition::remove ? WriteDisposition::merge : disposition);
}

WriteDisposition disposition_of(const RunOptions& options, const schema::Schema& schema, const std::string& root) {
  if (options.write_disposition) return *options.write_disposition;
  return is_merged(schema.tables.find(root)) ? WriteDisposition::merge : WriteDisposition::append;
}

Status set_dispositions(schema::Schema& schema, const std::vector<std::string>& roots, const RunOptions& options,
                        const normalize::ShapeOptions& shape) {
  for (const std::string& root : roots) {
    const WriteDisposition disposition = disposition_of(options, schema, root);
    schema::Table* table = schema.tables.find(root);
    const bool is_plain = disposition == WriteDisposition::append || disposition == WriteDisposition::replace;
    if (table == nullptr && is_plain && !options.merge.is_said()) continue;
    if (disposition == WriteDisposition::remove && (table == nullptr || !table->seen_data())) {
      return fail(Error{.message = fmt::format("rows of {} are to be deleted, and there is no such table", root),
                        .hint = "name the table with --table",
                        .blame = Blame::usage});
    }
    if (table == nullptr) table = &schema.tables.add(schema::Table::root(root, stored_disposition(disposition), root));
    if (Status set = set_disposition(schema, *table, disposition, options, shape); !set) return set;
  }
  return {};
}

std::optional<MergeStrategy> strategy_of(const schema::Schema& schema, const std::string& root) {
  const schema::Table* table = schema.tables.find(root);
  return is_merged(table) ? std::optional(known_strategy(*table)) : std::nullopt;
}

void set_row_ids(const schema::Schema& schema, const std::string& root, normalize::RootOptions& options) {
  options.row_ids = normalize::RowIdKind::random;
  const schema::Table* table = schema.tables.find(root);
  if (!is_merged(table)) return;
  switch (known_strategy(*table)) {
    case MergeStrategy::delete_insert:
      return;
    case MergeStrategy::scd2: {
      const schema::Column* version = schema::column_with(*table, schema::hint::row_version);
      const bool is_id = version == nullptr || version->name == schema::id_column_name;
      options.row_ids = is_id ? normalize::RowIdKind::row_hash : normalize::RowIdKind::random;
      return;
    }
    case MergeStrategy::upsert:
    case MergeStrategy::insert_only:
    case MergeStrategy::cdc:
      options.row_ids = normalize::RowIdKind::key_hash;
      options.key = schema::columns_where(*table, &schema::Column::primary_key);
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
      std::vector<std::string> keys = schema::columns_where(*table, &schema::Column::primary_key);
      if (keys.empty()) keys = schema::columns_where(*table, &schema::Column::merge_key);
      const std::string by = keys.empty() ? "" : fmt::format(" by {}", fmt::join(keys, ", "));
      notes.push_back(fmt::format("{} is merged{} ({}), as before; --write-disposition append would append", root, by,
                                  name(known_strategy(*table))));
    }
  }
  return notes;
}

}  // namespace outfall::pipeline
