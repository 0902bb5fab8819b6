// SPDX-License-Identifier: Apache-2.0
#include "delivery/table_replace.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "delivery/package_tables.h"
#include "sql/catalog.h"
#include "sql/dialect.h"
#include "sql/merge_plan.h"

namespace outfall::delivery {
namespace {

/// As the merge plan stages tables: made like what they stand for.
sql::MergeTable staged(const schema::Table& table, const sql::TableName& target, const sql::TableName& staging) {
  return {.target = target, .staging = staging, .columns = typed_columns(table)};
}

std::string columns_of(const sql::Dialect& dialect, const schema::Table& table) {
  std::vector<std::string> names = typed_columns(table);
  for (std::string& name : names) name = sql::quoted(dialect, name);
  return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace

Result<TableReplacements> TableReplacements::make(sql::Transaction& transaction, const sql::Dataset& dataset,
                                                  const LoadRequest& request, ReplaceStrategy strategy) {
  TableReplacements made(transaction, dataset, strategy);
  if (request.package.replaced.empty()) return made;
  if (strategy == ReplaceStrategy::staging_optimized && made.dialect().clone_empty.empty()) {
    return fail(Error{.message = fmt::format("{} has no --replace-strategy staging-optimized", made.dialect().name),
                      .hint = "insert-from-staging is the next best",
                      .blame = Blame::usage});
  }
  const auto there = sql::table_names(dataset.connection, dataset.name);
  if (!there) return fail(there.error());
  for (const schema::Table* table : tables_to_empty(request.package, request.schema)) {
    if (!there->contains(sql::folded(made.dialect(), table->name))) continue;
    if (Status added = made.add(*table); !added) {
      return fail(std::move(added.error()).in(fmt::format("replace table {}", table->name)));
    }
  }
  return made;
}

Status TableReplacements::add(const schema::Table& table) {
  Replacement replacement{.table = &table, .target = dataset_.table(table.name)};
  const schema::DeletionLimit limit = schema::deletion_limit(table);
  if (limit.rows || limit.percent) {
    Result<DeletionGuard> guard = DeletionGuard::make(*transaction_, replacement.target, limit);
    if (!guard) return fail(std::move(guard.error()));
    replacement.guard = *guard;
  }
  if (strategy_ == ReplaceStrategy::truncate_and_insert) {
    const Result<std::uint64_t> emptied = empty(replacement.target);
    if (!emptied) return fail(emptied.error());
  } else if (Status staged = stage(replacement); !staged) {
    return staged;
  }
  replacements_.push_back(std::move(replacement));
  return {};
}

Result<std::uint64_t> TableReplacements::empty(const sql::TableName& table) {
  // What is behind all rows of the load locks readers out for a moment; before them, it would for as long as they take.
  const bool is_last = strategy_ != ReplaceStrategy::truncate_and_insert && !dialect().truncate_table.empty();
  return transaction_->execute(fmt::format(fmt::runtime(is_last ? dialect().truncate_table : dialect().empty_table),
                                           sql::quoted(dialect(), table)));
}

Status TableReplacements::stage(Replacement& replacement) {
  const std::string target = sql::quoted(dialect(), replacement.target);
  std::string make;
  if (strategy_ == ReplaceStrategy::staging_optimized) {
    replacement.staging = dataset_.table(fmt::format("_outfall_new_{}", replacements_.size()));
    make = fmt::format(fmt::runtime(dialect().clone_empty), fmt::arg("table", target),
                       fmt::arg("clone", sql::quoted(dialect(), *replacement.staging)));
  } else {
    const auto& [catalog, schema] = dialect().temporary;
    replacement.staging = {.catalog = std::string(catalog),
                           .schema = std::string(schema),
                           .table = fmt::format("_outfall_new_{}", replacements_.size())};
    make = sql::create_staging(dialect(), staged(*replacement.table, replacement.target, *replacement.staging));
  }
  const auto made = transaction_->execute(make);
  if (!made) return fail(made.error());
  return {};
}

std::optional<sql::TableName> TableReplacements::place_of(std::string_view table) const {
  const auto found = std::ranges::find(replacements_, table,
                                       [](const Replacement& one) -> const std::string& { return one.table->name; });
  return found == replacements_.end() ? std::nullopt : found->staging;
}

Status TableReplacements::run(const LoadSummary& summary) {
  std::vector<sql::TableName> changed;
  for (const Replacement& replacement : replacements_) {
    if (replacement.staging) changed.push_back(replacement.target);
  }
  if (Status locked = transaction_->lock_out(changed); !locked) return locked;
  for (const Replacement& replacement : replacements_) {
    if (replacement.guard) {
      const auto load = std::ranges::find(summary.tables, replacement.table->name, &TableLoad::table);
      const std::uint64_t rows = load == summary.tables.end() ? 0 : load->rows;
      if (Status few = replacement.guard->check_rows_left(rows); !few) return few;
    }
    if (!replacement.staging) continue;
    if (Status put = put_into_place(replacement); !put) {
      return fail(std::move(put.error()).in(fmt::format("replace table {}", replacement.table->name)));
    }
  }
  return {};
}

Status TableReplacements::put_into_place(const Replacement& replacement) {
  const std::string target = sql::quoted(dialect(), replacement.target);
  const std::string staging = sql::quoted(dialect(), *replacement.staging);
  std::vector<std::string> statements;
  if (strategy_ == ReplaceStrategy::staging_optimized) {
    statements = {"DROP TABLE " + target, fmt::format("ALTER TABLE {} RENAME TO {}", staging,
                                                      sql::quoted(dialect(), replacement.target.table))};
  } else {
    const Result<std::uint64_t> emptied = empty(replacement.target);
    if (!emptied) return fail(emptied.error());
    const std::string columns = columns_of(dialect(), *replacement.table);
    statements = {fmt::format("INSERT INTO {} ({}) SELECT {} FROM {}", target, columns, columns, staging),
                  "DROP TABLE " + staging};
  }
  for (const std::string& statement : statements) {
    auto done = transaction_->execute(statement);
    if (done) continue;
    if (statement.starts_with("DROP TABLE") && done.error().hint.empty()) {
      done.error().hint = "what depends on the table stays with --replace-strategy insert-from-staging";
    }
    return fail(std::move(done.error()));
  }
  return {};
}

}  // namespace outfall::delivery
