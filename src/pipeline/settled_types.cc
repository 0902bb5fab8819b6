// SPDX-License-Identifier: Apache-2.0
#include "pipeline/settled_types.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "schema/type_text.h"

namespace outfall::pipeline {
namespace {

std::string type_text(const columnar::ColumnType& type) {
  return schema::type_text({.type = type.type, .precision = type.precision, .scale = type.scale});
}

schema::Column* known_column(schema::Schema& schema, const SettledColumn& settled) {
  schema::Table* table = schema.tables.find(settled.table);
  schema::Column* column = table == nullptr ? nullptr : table->columns.find(settled.column);
  return column == nullptr || !column->type ? nullptr : column;
}

void set_type(schema::Column& column, const columnar::ColumnType& type) {
  column.type = type.type;
  column.precision = type.precision;
  column.scale = type.scale;
  column.timezone = type.with_timezone ? std::nullopt : std::optional(false);
}

/// A column that changed before keeps the value that it changed for first.
void note(std::vector<SettledColumn>& settled, SettledColumn found) {
  const auto known = std::ranges::find_if(
      settled, [&](const SettledColumn& one) { return one.table == found.table && one.column == found.column; });
  if (known == settled.end()) {
    settled.push_back(std::move(found));
  } else {
    known->to = found.to;
  }
}

}  // namespace

Result<normalize::NormalizeSummary> shape_until_settled(
    normalize::DocumentSource& source, schema::Schema& schema, normalize::NormalizeOptions& options,
    std::vector<SettledColumn>& settled, const std::function<Result<normalize::NormalizeSummary>()>& pass) {
  schema::Schema before = schema;
  while (true) {
    Result<normalize::NormalizeSummary> summary = pass();
    if (!summary || summary->conflicts.empty()) return summary;
    // Types only grow, so this ends.
    for (SettledColumn& found : summary->conflicts) {
      if (found.from == found.to) {
        return fail(fmt::format("{} of {} is {}, and {} does not fit it", found.column, found.table,
                                type_text(found.to), found.value),
                    "--type-conflicts variant keeps such values in a column beside it");
      }
      options.shape.settled_types.insert_or_assign({found.table, found.column}, found.to);
      if (schema::Column* column = known_column(before, found)) set_type(*column, found.to);
      note(settled, std::move(found));
    }
    schema = before;
    if (Status again = source.rewind(); !again) {
      const SettledColumn& first = settled.front();
      return fail(std::move(again.error())
                      .in(fmt::format("{} of {} is {}, and {} does not fit it", first.column, first.table,
                                      type_text(first.from), first.value)));
    }
  }
}

std::vector<ledger::TableColumn> columns_to_alter(const std::vector<SettledColumn>& settled,
                                                  const schema::Schema& before) {
  std::vector<ledger::TableColumn> columns;
  for (const SettledColumn& one : settled) {
    const schema::Table* table = before.tables.find(one.table);
    const schema::Column* column = table == nullptr ? nullptr : table->columns.find(one.column);
    if (column != nullptr && column->type) columns.push_back({.table = one.table, .column = one.column});
  }
  return columns;
}

void report_settled(const std::vector<SettledColumn>& settled, const normalize::NormalizeOptions& options,
                    Report& report) {
  for (const SettledColumn& one : settled) {
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
