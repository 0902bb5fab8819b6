// SPDX-License-Identifier: Apache-2.0
#include "pipeline/settled_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "schema/type_text.h"
#include "sql/dialect.h"

namespace outfall::pipeline {
namespace {

schema::Column* known_column(schema::Schema& schema, const normalize::ConflictSummary& found) {
  schema::Table* table = schema.tables.find(found.table);
  schema::Column* column = table == nullptr ? nullptr : table->columns.find(found.column);
  return column == nullptr || !column->type ? nullptr : column;
}

/// A column that changed before keeps the value that it changed for first.
void note(SettledTypes& settled, normalize::ConflictSummary found, bool was_there) {
  const auto known = std::ranges::find_if(settled.columns, [&](const normalize::ConflictSummary& one) {
    return one.table == found.table && one.column == found.column;
  });
  if (known != settled.columns.end()) {
    known->to = found.to;
    return;
  }
  if (was_there) settled.altered.push_back({.column = {.table = found.table, .column = found.column}});
  settled.columns.push_back(std::move(found));
}

/// Whether the column holds moments that have no nanoseconds.
Result<bool> is_beyond_nanoseconds(const RunRequest& run, const DatasetMemory& memory,
                                   const normalize::ConflictSummary& found) {
  const sql::Dialect& dialect = *memory.dialect;
  const std::string table =
      sql::quoted(dialect, sql::TableName{.catalog = "", .schema = run.dataset, .table = found.table});
  const std::string sql = fmt::format(fmt::runtime(dialect.beyond_nanoseconds),
                                      fmt::arg("column", sql::quoted(dialect, found.column)), fmt::arg("table", table));
  const auto rows = run.destination.query({.sql = sql, .dataset = run.dataset});
  if (!rows) return fail(rows.error());
  sql::TextRow row;
  return (*rows)->next(row);
}

enum class Beside {
  allowed,
  refused,  ///< the column must be set in every row
};

Error misfit(const normalize::ConflictSummary& found, std::string_view why_it_stays = "",
             Beside beside = Beside::allowed) {
  return {.message = fmt::format("{} of {} is {}{}, and {} does not fit it", found.column, found.table,
                                 type_text(found.from), why_it_stays, found.value),
          .hint = beside == Beside::allowed
                      ? "--type-conflicts variant keeps such values in a column beside it"
                      : "correct the value, or load into another --table: this column must be set in every row"};
}

}  // namespace

Result<normalize::NormalizeSummary> shape_until_settled(
    const RunRequest& run, DatasetMemory& memory, normalize::NormalizeOptions& options, SettledTypes& settled,
    const std::function<Result<normalize::NormalizeSummary>()>& pass) {
  schema::Schema before = memory.schema;
  while (true) {
    Result<normalize::NormalizeSummary> summary = pass();
    if (!summary || summary->conflicts.empty()) return summary;
    // Types only grow, so this ends.
    for (normalize::ConflictSummary& found : summary->conflicts) {
      if (found.from == found.to) return fail(misfit(found));
      const schema::ColumnThere* there = memory.there.find(found.table, found.column);
      const bool is_there = there != nullptr;
      if (is_there && there->is_fixed) {
        return fail(misfit(found, " at the destination, where a constraint or an index keeps it from being changed",
                           there->is_required ? Beside::refused : Beside::allowed));
      }
      if (is_there && schema::stores_nanoseconds(found.to) && !schema::stores_nanoseconds(found.from)) {
        const Result<bool> misfits = is_beyond_nanoseconds(run, memory, found);
        if (!misfits) return fail(misfits.error());
        if (*misfits) found.to = {};
      }
      options.shape.settled_types.insert_or_assign({found.table, found.column}, found.to);
      schema::Column* known = known_column(before, found);
      if (known != nullptr) schema::set_type(*known, found.to);
      const bool was_there = known != nullptr || is_there;
      note(settled, std::move(found), was_there);
    }
    memory.schema = before;
    if (Status again = run.source->rewind(); !again) {
      return fail(std::move(again.error()).in(misfit(settled.columns.front()).message));
    }
  }
}

void report_settled(const SettledTypes& settled, const normalize::NormalizeOptions& options, Report& report) {
  for (const normalize::ConflictSummary& one : settled.columns) {
    const auto table = std::ranges::find(report.tables, one.table, &TableReport::name);
    if (table == report.tables.end()) continue;
    table->widened.push_back({.column = one.column,
                              .from = type_text(one.from),
                              .to = type_text(one.to),
                              .first_value = one.value,
                              .input = options.inputs[one.input].name,
                              .line = one.line});
  }
}

}  // namespace outfall::pipeline
