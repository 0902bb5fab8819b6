// SPDX-License-Identifier: Apache-2.0
#include "cli/merge_options.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <optional>
#include <string_view>

#include "cli/quantities.h"
#include "cli/typed_values.h"

namespace outfall::cli {
namespace {

/// `COLUMN`, `COLUMN:asc` or `COLUMN:desc`.
Status take_dedup_sort(const std::string& text, MergeOptions& merge) {
  const std::size_t colon = text.rfind(':');
  const std::string_view order = colon == std::string::npos ? "asc" : std::string_view(text).substr(colon + 1);
  if (order != "asc" && order != "desc") {
    return fail(usage(fmt::format("--dedup-sort '{}' is not known", text), "write COLUMN, COLUMN:asc or COLUMN:desc"));
  }
  merge.dedup_sort = text.substr(0, colon);
  merge.dedup_descending = order == "desc";
  return {};
}

Status take_moment(std::string_view option, const std::string& text, std::optional<Time>& moment) {
  if (text.empty()) return {};
  const auto parsed = parse_since(option, text, std::chrono::system_clock::now());
  if (!parsed) return fail(parsed.error());
  moment = *parsed;
  return {};
}

Status take_versions(const TypedMerge& typed, VersionOptions& versions) {
  versions.row_version = typed.row_version;
  if (!typed.validity_columns.empty()) {
    if (typed.validity_columns.size() != 2) {
      return fail(usage("--validity-columns takes two names", "write them so: --validity-columns valid_from,valid_to"));
    }
    versions.valid_from = typed.validity_columns[0];
    versions.valid_to = typed.validity_columns[1];
  }
  Status done = take_moment("--boundary", typed.boundary, versions.boundary);
  return done ? take_moment("--active-until", typed.active_until, versions.active_until) : done;
}

std::optional<std::string> condition(const std::string& text) {
  if (text.empty()) return std::nullopt;
  return text == "none" ? "" : text;
}

Status take_how(const TypedMerge& typed, MergeOptions& merge) {
  using enum MergeStrategy;
  Status done;
  if (!typed.strategy.empty()) {
    done = take(one_of("--merge-strategy", typed.strategy, {delete_insert, upsert, insert_only, scd2, cdc}),
                merge.strategy);
  }
  merge.key = typed.key;
  merge.hard_delete = typed.hard_delete;
  if (done) done = take_dedup_sort(typed.dedup_sort, merge);
  merge.source_filter = condition(typed.source_filter);
  merge.destination_scope = condition(typed.destination_scope);
  if (typed.skip_unchanged) merge.skip_unchanged = true;
  if (done && !typed.missing_columns.empty()) {
    done = take(one_of("--missing-columns", typed.missing_columns, {MissingColumns::null, MissingColumns::keep}),
                merge.missing_columns);
  }
  return done ? take_versions(typed, merge.versions) : done;
}

}  // namespace

void add_merge_options(CLI::App& app, TypedMerge& typed, const std::string& group) {
  const auto text = [&](const char* names, auto& value, const char* type, const char* help) {
    app.add_option(names, value, help)->type_name(type)->group(group);
  };
  const auto list = [&](const char* names, std::vector<std::string>& value, const char* help) {
    app.add_option(names, value, help)->delimiter(',')->type_name("COLUMN")->group(group);
  };
  text("-w,--write-disposition", typed.disposition, "HOW",
       "append (default); replace what the table holds; merge: rows with a key that it holds take their place; delete: "
       "rows with a key that the input holds go; skip: nothing happens");
  text("--merge-strategy", typed.strategy, "HOW",
       "delete-insert (default): rows with a key that the load brings go, then its rows come; upsert: they become its "
       "rows; insert-only: they stay; scd2: rows are versions, and what is not brought again ends; cdc: as upsert, and "
       "what is not brought again goes");
  list("--merge-key", typed.key,
       "Columns by which delete-insert deletes beside the primary key, or without one; a,b for two. Of scd2 and cdc: "
       "only what has one of the load's keys ends or goes");
  text("--hard-delete", typed.hard_delete, "COLUMN",
       "Rows where it is true, or not null if it is no boolean, delete what has their key");
  text("--dedup-sort", typed.dedup_sort, "COLUMN[:desc]",
       "Which of several rows with one primary key counts: the first in this order. Default: the last one");
  text("--source-filter", typed.source_filter, "SQL",
       "Only rows of the load for which it is true take part; none takes away one that was said before");
  text(
      "--destination-scope", typed.destination_scope, "SQL",
      "Rows of the table for which it is true go in place of those with the load's keys, or no others end or go (scd2, "
      "cdc)");
  app.add_flag("--skip-unchanged", typed.skip_unchanged, "Upsert and cdc do not write rows that are as they were")
      ->group(group);
  text("--missing-columns", typed.missing_columns, "HOW",
       "What a row loses that an upsert brings no value for: null (default): its own; keep: nothing");
  text("--row-version", typed.row_version, "COLUMN",
       "The column that says which version a row is. Default: all of the row does");
  list("--validity-columns", typed.validity_columns,
       "Of scd2: from when and until when versions hold. Default: _dlt_valid_from,_dlt_valid_to");
  text("--boundary", typed.boundary, "TIME", "Of scd2: when versions end and begin. Default: now");
  text("--active-until", typed.active_until, "TIME",
       "Of scd2: until when versions hold that have not ended. Default: null");
  text("--refresh", typed.refresh, "HOW",
       "Begin afresh with the load: drop_data: its tables are emptied; drop_resources: they are dropped and made anew; "
       "drop_sources: so are all tables of the schema");
  text("--replace-strategy", typed.replace_strategy, "HOW",
       "truncate-and-insert (default); insert-from-staging: the table is emptied once all rows are there; "
       "staging-optimized: they come into a table that takes its place");
  text("--max-deleted", typed.max_deleted, "N|P%",
       "A load after which more rows were gone or ended, of one table, changes nothing and fails");
}

Status take_merge(const TypedMerge& typed, RunOptions& run) {
  Status done;
  if (!typed.disposition.empty()) {
    using enum WriteDisposition;
    done = take(one_of("--write-disposition", typed.disposition, {append, replace, merge, remove, skip}),
                run.write_disposition);
  }
  if (done) done = take_how(typed, run.merge);
  if (done && run.merge.is_said() && !run.write_disposition) run.write_disposition = WriteDisposition::merge;
  if (done && !typed.refresh.empty()) {
    using enum Refresh;
    done = take(one_of("--refresh", typed.refresh, {drop_sources, drop_resources, drop_data}), run.refresh);
  }
  if (done && !typed.replace_strategy.empty()) {
    using enum ReplaceStrategy;
    done = take(one_of("--replace-strategy", typed.replace_strategy,
                       {truncate_and_insert, insert_from_staging, staging_optimized}),
                run.replace_strategy);
  }
  if (done && !typed.max_deleted.empty()) {
    RowLimit& limit = run.max_deleted.emplace();
    done = take_rows_or_share("--max-deleted", typed.max_deleted, limit.rows, limit.percent);
  }
  return done;
}

}  // namespace outfall::cli
