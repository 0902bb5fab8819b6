// SPDX-License-Identifier: Apache-2.0
#include "delivery/table_merge.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "delivery/deletion_guard.h"
#include "delivery/package_tables.h"
#include "outfall/types.h"
#include "schema/merge_settings.h"
#include "sql/dialect.h"
#include "sql/sql_states.h"

namespace outfall::delivery {
namespace {

/// A moment as the database writes it.
std::string moment_literal(const sql::Dialect& dialect, std::int64_t microseconds) {
  return fmt::format(fmt::runtime(dialect.moment), sql::text_literal(sql::timestamp_text(microseconds)));
}

sql::MergeVersions describe_versions(const schema::MergeSettings& settings, const sql::Dialect& dialect,
                                     std::int64_t sealed_at) {
  return {.version = settings.row_version,
          .valid_from = settings.valid_from,
          .valid_to = settings.valid_to,
          .boundary = moment_literal(dialect, settings.boundary.value_or(sealed_at)),
          .active_until = settings.active_until ? moment_literal(dialect, *settings.active_until) : ""};
}

/// Keys and hints of a root table, without its tables.
Result<sql::MergeChain> describe(const schema::Table& root, const sql::Dialect& dialect, std::int64_t sealed_at) {
  Result<schema::MergeSettings> settings = schema::merge_settings(root);
  if (!settings) return fail(std::move(settings.error()));
  sql::MergeChain chain{.strategy = settings->strategy,
                        .primary_key = std::move(settings->primary_key),
                        .merge_key = std::move(settings->merge_key),
                        .source_filter = std::move(settings->source_filter),
                        .destination_scope = std::move(settings->destination_scope),
                        .skips_unchanged = settings->skip_unchanged,
                        .keeps_missing = settings->missing_columns == MissingColumns::keep,
                        .removes = settings->removes};
  if (const schema::Column* flag = settings->hard_delete) {
    chain.hard_delete = {.column = flag->name, .is_boolean = *flag->type == DataType::bool_};
  }
  if (const schema::Column* sort = settings->dedup_sort) {
    chain.dedup_sort = {.column = sort->name, .is_descending = sort->dedup_sort == "desc"};
  }
  if (settings->strategy == MergeStrategy::scd2) {
    chain.versions = describe_versions(*settings, dialect, sealed_at);
  } else {
    chain.row_version = settings->row_version;
  }
  return chain;
}

/// A statement that fails for what it says has a condition of the user's in it that is wrong.
Error blamed(Error error, const sql::MergeChain& chain, const sql::Connection& connection) {
  const bool has_condition = !chain.source_filter.empty() || !chain.destination_scope.empty();
  const bool is_mistake = sql::is_of_statement(error) && !connection.refused_row();
  if (!has_condition || !is_mistake || error.blame != Blame::run) return error;
  error.blame = Blame::usage;
  error.remedy = Remedy::abandon;
  error.hint = "correct --source-filter or --destination-scope; none takes away what was said before";
  return error;
}

bool is_upsert(const sql::MergeChain& chain) {
  return chain.strategy == MergeStrategy::upsert || chain.strategy == MergeStrategy::cdc;
}

/// Rows of the table that nothing has taken the place of.
std::uint64_t rows_gone(const sql::MergeChain& chain, const MergeCounts& counts) {
  const std::uint64_t gone = counts.removed + counts.ended;
  const bool comes_again = chain.strategy == MergeStrategy::delete_insert || chain.strategy == MergeStrategy::scd2;
  if (!comes_again) return gone;
  return gone - std::min(gone, counts.inserted);
}

}  // namespace

Result<TableMerges> TableMerges::make(sql::Transaction& transaction, const sql::Dataset& dataset,
                                      const LoadRequest& request) {
  TableMerges merges(transaction, dataset);
  for (const schema::Table* root : merged_roots(request.package, request.schema)) {
    if (Status added = merges.add(*root, request); !added) {
      return fail(std::move(added.error()).in(fmt::format("merge into table {}", root->name)));
    }
  }
  return merges;
}

Status TableMerges::add(const schema::Table& root, const LoadRequest& request) {
  Result<sql::MergeChain> chain = describe(root, dataset_.connection.dialect(), request.package.sealed_at);
  if (!chain) return fail(std::move(chain.error()));
  std::vector<const schema::Table*> tables{&root};
  std::ranges::copy(tables_below(root, request.schema), std::back_inserter(tables));
  const auto& [catalog, schema] = dataset_.connection.dialect().temporary;
  for (const schema::Table* table : tables) {
    const auto parent = std::ranges::find(tables, table->parent, &schema::Table::name);
    sql::MergeTable merged{.target = dataset_.table(table->name),
                           .staging = {.catalog = std::string(catalog),
                                       .schema = std::string(schema),
                                       .table = fmt::format("_outfall_merge_{}", ++staged_)},
                           .columns = typed_columns(*table),
                           .parent = parent == tables.end() ? 0 : static_cast<std::size_t>(parent - tables.begin())};
    const auto made = transaction_->execute(sql::create_staging(dataset_.connection.dialect(), merged));
    if (!made) return fail(made.error());
    chain->tables.push_back(std::move(merged));
  }
  const std::string_view question = dataset_.connection.dialect().can_merge;
  if (is_upsert(*chain) && !question.empty()) {
    const auto can_merge = ask_of_target(question, *chain);
    if (!can_merge) return fail(can_merge.error());
    chain->uses_merge = !can_merge->empty();
  }
  merges_.push_back({.table = root.name, .chain = std::move(*chain), .limit = schema::deletion_limit(root)});
  return {};
}

sql::TableName TableMerges::place_of(std::string_view table) const {
  for (const Merge& merge : merges_) {
    for (const sql::MergeTable& one : merge.chain.tables) {
      if (one.target.table == table) return one.staging;
    }
  }
  return dataset_.table(table);
}

Status TableMerges::run(LoadSummary& summary) {
  for (std::size_t i = 0; i < merges_.size(); ++i) {
    const auto load = std::ranges::find(summary.tables, merges_[i].table, &TableLoad::table);
    if (load == summary.tables.end()) continue;
    if (Status done = run_one(merges_[i], i, *load); !done) {
      return fail(std::move(done.error()).in(fmt::format("merge into table {}", merges_[i].table)));
    }
  }
  return {};
}

Result<std::vector<sql::TextRow>> TableMerges::ask_of_target(std::string_view question, const sql::MergeChain& chain) {
  const std::string name = sql::quoted(dataset_.connection.dialect(), chain.tables.front().target);
  return transaction_->rows(fmt::format(fmt::runtime(question), fmt::arg("table", sql::text_literal(name))));
}

Result<std::uint64_t> TableMerges::inserted_so_far(const sql::MergeChain& chain) {
  const auto rows = ask_of_target(dataset_.connection.dialect().inserted_so_far, chain);
  if (!rows) return fail(rows.error());
  return std::stoull(rows->at(0).at(0).value_or("0"));
}

/// The rows that it changed, or what it was answered.
Result<std::uint64_t> TableMerges::run_step(const Merge& merge, const sql::MergeStep& step, MergeCounts& counts) {
  using Counted = sql::MergeStep::Counted;
  if (step.kind == sql::MergeStep::Kind::question) {
    const auto rows = transaction_->rows(step.statement);
    if (!rows) return fail(rows.error());
    return std::stoull(rows->at(0).at(0).value_or("0"));
  }
  const bool is_merged = step.counted == Counted::merged;
  const Result<std::uint64_t> before = is_merged ? inserted_so_far(merge.chain) : Result<std::uint64_t>(0);
  if (!before) return before;
  Result<std::uint64_t> done = transaction_->execute(step.statement);
  if (!done) return done;
  switch (step.counted) {
    case Counted::nothing:
      break;
    case Counted::duplicates:
      counts.duplicates += *done;
      break;
    case Counted::removed:
      counts.removed += *done;
      break;
    case Counted::updated:
      counts.updated += *done;
      break;
    case Counted::ended:
      counts.ended += *done;
      break;
    case Counted::inserted:
      counts.inserted += *done;
      break;
    case Counted::merged: {
      const Result<std::uint64_t> after = inserted_so_far(merge.chain);
      if (!after) return after;
      counts.inserted += *after - *before;
      counts.updated += *done - (*after - *before);
      break;
    }
  }
  return done;
}

Result<MergeCounts> TableMerges::run_plan(const Merge& merge, const std::string& prefix) {
  MergeCounts counts;
  std::uint64_t changed = 0;
  for (const sql::MergeStep& step : sql::plan_merge(dataset_.connection.dialect(), merge.chain, prefix)) {
    if (step.kind == sql::MergeStep::Kind::if_changed && changed == 0) continue;
    const Result<std::uint64_t> done = run_step(merge, step, counts);
    if (!done) return fail(blamed(done.error(), merge.chain, dataset_.connection));
    if (step.kind != sql::MergeStep::Kind::if_changed) changed = *done;
  }
  return counts;
}

/// Where ids are unique, an upsert fails that gives one id to two rows with one key. To look for such keys costs as
/// much as the merge, so it is done once that has failed.
Result<MergeCounts> TableMerges::merge_rows(Merge& merge, const std::string& prefix) {
  if (!is_upsert(merge.chain) || dataset_.connection.dialect().unique_indexes.empty()) return run_plan(merge, prefix);
  if (Status set = transaction_->set_savepoint(); !set) return fail(std::move(set.error()));
  Result<MergeCounts> counts = run_plan(merge, prefix);
  if (!counts && !dataset_.connection.refused_row()) return counts;
  const Status ended = counts ? transaction_->release_savepoint() : transaction_->return_to_savepoint();
  if (!ended) return fail(ended.error());
  if (counts) return counts;
  merge.chain.has_repeated_keys = true;
  return run_plan(merge, prefix);
}

Status TableMerges::run_one(Merge& merge, std::size_t number, TableLoad& load) {
  const sql::Dialect& dialect = dataset_.connection.dialect();
  if (const std::string question = sql::count_rows_without_key(dialect, merge.chain); !question.empty()) {
    const auto without = transaction_->rows(question);
    if (!without) return fail(without.error());
    if (const std::string count = without->at(0).at(0).value_or("0"); count != "0") {
      return fail(
          fmt::format("{} rows have no value in the primary key ({})", count, fmt::join(merge.chain.primary_key, ", ")),
          "a row without its key cannot be told from others: fill it, or choose another --primary-key");
    }
  }
  const Result<DeletionGuard> guard =
      DeletionGuard::make(*transaction_, merge.chain.tables.front().target, merge.limit);
  if (!guard) return fail(guard.error());
  const Result<MergeCounts> counts = merge_rows(merge, fmt::format("_outfall_merge_{}_", number));
  if (!counts) return fail(counts.error());
  load.merged = *counts;
  if (Status few = guard->check(rows_gone(merge.chain, *load.merged)); !few) return few;
  for (const sql::MergeTable& table : merge.chain.tables) {
    const auto dropped = transaction_->execute("DROP TABLE " + sql::quoted(dialect, table.staging));
    if (!dropped) return fail(dropped.error());
  }
  return {};
}

}  // namespace outfall::delivery
