// SPDX-License-Identifier: Apache-2.0
#include "schema/merge_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "schema/temporal.h"

namespace outfall::schema {
namespace {

std::string text_of(const Json& document, std::string_view key) {
  const Json* found = document.find(key);
  const std::string* text = found == nullptr ? nullptr : found->as_string();
  return text == nullptr ? "" : *text;
}

bool is_true(const Json& document, std::string_view key) {
  const Json* found = document.find(key);
  const bool* truth = found == nullptr ? nullptr : found->as_bool();
  return truth != nullptr && *truth;
}

Result<std::optional<std::int64_t>> moment_of(const Json& document, std::string_view key) {
  const std::string text = text_of(document, key);
  if (text.empty()) return std::nullopt;
  const std::optional<Timestamp> moment = parse_timestamp(text);
  if (!moment) return fail(fmt::format("{} is {}, which is no timestamp", key, text));
  return moment->microseconds_utc;
}

template <class Predicate>
const Column* typed_column(const Table& table, const Predicate& is_wanted) {
  const auto found =
      std::ranges::find_if(table.columns, [&](const Column& column) { return column.type && is_wanted(column); });
  return found == table.columns.end() ? nullptr : &*found;
}

std::string name_of(const Column* column, std::string_view otherwise) {
  return column == nullptr ? std::string(otherwise) : column->name;
}

/// What a strategy needs to tell rows apart.
Status check_keys(const Table& root, const MergeSettings& settings) {
  if (settings.strategy == MergeStrategy::scd2 || !settings.primary_key.empty()) return {};
  const bool needs_primary =
      settings.strategy != MergeStrategy::delete_insert && !(settings.removes && !settings.merge_key.empty());
  if (!needs_primary && (!settings.merge_key.empty() || !settings.destination_scope.empty())) return {};
  return fail(Error{.message = fmt::format("{} is to be merged ({}), and has no {}", root.name, name(settings.strategy),
                                           needs_primary ? "primary key" : "key"),
                    .hint = "say which columns tell its rows apart: --primary-key id",
                    .blame = Blame::usage});
}

}  // namespace

std::vector<std::string> columns_where(const Table& table, bool Column::* flag) {
  std::vector<std::string> names;
  for (const Column& column : table.columns) {
    if (column.*flag) names.push_back(column.name);
  }
  return names;
}

const Column* column_with(const Table& table, std::string_view hint) {
  const auto found =
      std::ranges::find_if(table.columns, [&](const Column& column) { return is_true(column.stored, hint); });
  return found == table.columns.end() ? nullptr : &*found;
}

Result<MergeStrategy> merge_strategy(const Table& root) {
  const std::string word = text_of(root.stored, hint::merge_strategy);
  if (word.empty()) return MergeStrategy::delete_insert;
  const std::optional<MergeStrategy> strategy = outfall::merge_strategy(word);
  if (strategy) return *strategy;
  return fail(fmt::format("table {}: the merge strategy {} is not known here", root.name, word),
              "known are delete-insert, upsert, insert-only, scd2 and cdc");
}

Result<MergeSettings> merge_settings(const Table& root) {
  const Result<MergeStrategy> strategy = merge_strategy(root);
  if (!strategy) return fail(strategy.error());
  MergeSettings settings{.strategy = *strategy,
                         .primary_key = columns_where(root, &Column::primary_key),
                         .merge_key = columns_where(root, &Column::merge_key),
                         .hard_delete = typed_column(root, [](const Column& one) { return one.hard_delete; }),
                         .dedup_sort = typed_column(root, [](const Column& one) { return !one.dedup_sort.empty(); }),
                         .source_filter = text_of(root.stored, hint::source_filter),
                         .destination_scope = text_of(root.stored, hint::destination_scope),
                         .skip_unchanged = is_true(root.stored, hint::skip_unchanged),
                         .removes = is_true(root.stored, hint::removes)};
  if (text_of(root.stored, hint::missing_columns) == name(MissingColumns::keep)) {
    settings.missing_columns = MissingColumns::keep;
  }
  const Column* version = column_with(root, hint::row_version);
  if (*strategy == MergeStrategy::scd2) {
    settings.row_version = name_of(version, id_column_name);
    settings.valid_from = name_of(column_with(root, hint::valid_from), valid_from_column_name);
    const Column* valid_to = column_with(root, hint::valid_to);
    settings.valid_to = name_of(valid_to, valid_to_column_name);
    const auto boundary = moment_of(root.stored, hint::boundary);
    if (!boundary) return fail(boundary.error());
    settings.boundary = *boundary;
    const auto until = valid_to == nullptr ? Result<std::optional<std::int64_t>>(std::nullopt)
                                           : moment_of(valid_to->stored, hint::active_until);
    if (!until) return fail(until.error());
    settings.active_until = *until;
  } else if (version != nullptr && version->name != id_column_name) {
    settings.row_version = version->name;
  }
  if (Status keyed = check_keys(root, settings); !keyed) return fail(std::move(keyed.error()));
  return settings;
}

DeletionLimit deletion_limit(const Table& root) {
  const std::string text = text_of(root.stored, hint::max_deleted);
  DeletionLimit limit;
  if (text.ends_with('%')) {
    double percent = 0;
    if (std::from_chars(text.data(), text.data() + text.size() - 1, percent).ec == std::errc()) limit.percent = percent;
  } else if (!text.empty()) {
    std::uint64_t rows = 0;
    if (std::from_chars(text.data(), text.data() + text.size(), rows).ec == std::errc()) limit.rows = rows;
  }
  return limit;
}

Json deletion_limit_hint(const DeletionLimit& limit) {
  if (limit.rows) return std::to_string(*limit.rows);
  if (limit.percent) return fmt::format("{}%", *limit.percent);
  return nullptr;
}

}  // namespace outfall::schema
