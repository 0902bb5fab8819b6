// SPDX-License-Identifier: Apache-2.0
#include "delivery/table_merge.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "delivery/package_tables.h"
#include "outfall/types.h"
#include "sql/dialect.h"

namespace outfall::delivery {
namespace {

std::vector<std::string> typed_columns(const schema::Table& table) {
  std::vector<std::string> names;
  for (const schema::Column& column : table.columns) {
    if (column.type) names.push_back(column.name);
  }
  return names;
}

/// Keys and hints of a root table, without its tables.
Result<sql::MergeChain> describe(const schema::Table& root) {
  sql::MergeChain chain;
  const Result<MergeStrategy> strategy = strategy_of(root);
  if (!strategy) return fail(strategy.error());
  chain.strategy = *strategy;
  for (const schema::Column& column : root.columns) {
    if (column.primary_key) chain.primary_key.push_back(column.name);
    if (column.merge_key) chain.merge_key.push_back(column.name);
    if (!column.type) continue;
    if (column.hard_delete) {
      chain.hard_delete = {.column = column.name, .is_boolean = *column.type == DataType::bool_};
    }
    if (!column.dedup_sort.empty()) {
      chain.dedup_sort = {.column = column.name, .is_descending = column.dedup_sort == "desc"};
    }
  }
  const bool needs_primary = chain.strategy != MergeStrategy::delete_insert;
  if (chain.primary_key.empty() && (needs_primary || chain.merge_key.empty())) {
    return fail(fmt::format("table {} is to be merged ({}) and has no {}", root.name, name(chain.strategy),
                            needs_primary ? "primary key" : "key"),
                "name its columns with --primary-key");
  }
  return chain;
}

}  // namespace

Result<MergeStrategy> strategy_of(const schema::Table& root) {
  const Json* hint = root.stored.find(merge_strategy_hint);
  const std::string* word = hint == nullptr ? nullptr : hint->as_string();
  if (word == nullptr) return MergeStrategy::delete_insert;
  const std::optional<MergeStrategy> strategy = merge_strategy(*word);
  if (strategy) return *strategy;
  return fail(fmt::format("table {}: the merge strategy {} is not known here", root.name, *word),
              "known are delete-insert, upsert and insert-only");
}

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
  Result<sql::MergeChain> chain = describe(root);
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
  merges_.push_back({.table = root.name, .chain = std::move(*chain)});
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

Status TableMerges::run_one(const Merge& merge, std::size_t number, TableLoad& load) {
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
  load.merged.emplace();
  std::uint64_t changed = 0;
  const std::string prefix = fmt::format("_outfall_merge_{}_", number);
  for (const sql::MergeStep& step : sql::plan_merge(dialect, merge.chain, prefix)) {
    if (step.kind == sql::MergeStep::Kind::if_changed && changed == 0) continue;
    const auto done = transaction_->execute(step.statement);
    if (!done) return fail(done.error());
    if (step.kind == sql::MergeStep::Kind::always) changed = *done;
    switch (step.counted) {
      case sql::MergeStep::Counted::nothing:
        break;
      case sql::MergeStep::Counted::duplicates:
        load.merged->duplicates += *done;
        break;
      case sql::MergeStep::Counted::removed:
        load.merged->removed += *done;
        break;
      case sql::MergeStep::Counted::updated:
        load.merged->updated += *done;
        break;
      case sql::MergeStep::Counted::inserted:
        load.merged->inserted += *done;
        break;
    }
  }
  for (const sql::MergeTable& table : merge.chain.tables) {
    const auto dropped = transaction_->execute("DROP TABLE " + sql::quoted(dialect, table.staging));
    if (!dropped) return fail(dropped.error());
  }
  return {};
}

}  // namespace outfall::delivery
