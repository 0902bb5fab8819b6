// SPDX-License-Identifier: Apache-2.0
#include "delivery/table_changes.h"

#include <utility>

#include "schema/type_text.h"

namespace outfall::delivery {
namespace {

ColumnSchema describe_column(const schema::Column& column) {
  return {.name = column.name,
          .type = column.type,
          .nullable = column.nullable,
          .precision = column.precision,
          .scale = column.scale,
          .with_timezone = column.timezone.value_or(true),
          .variant = column.variant,
          .primary_key = column.primary_key,
          .unique = column.unique};
}

}  // namespace

TableSchema describe(const schema::Table& table, SystemColumns system_columns) {
  TableSchema made{.name = table.name,
                   .columns = {},
                   .write_disposition = write_disposition(table.write_disposition).value_or(WriteDisposition::append),
                   .parent = table.parent,
                   .resource = table.resource,
                   .document = outfall::to_json(table.to_json())};
  for (const schema::Column& column : table.columns) {
    if (system_columns == SystemColumns::told || !schema::is_system_name(column.name))
      made.columns.push_back(describe_column(column));
  }
  return made;
}

TableChanges changes_of(const schema::Table& table, const schema::Schema* before, SystemColumns system_columns) {
  const schema::Table* known = before == nullptr ? nullptr : before->tables.find(table.name);
  TableChanges changes{.is_new = known == nullptr || !known->seen_data()};
  if (changes.is_new) return changes;
  for (const schema::Column& column : table.columns) {
    const bool is_left_out = system_columns == SystemColumns::left_out && schema::is_system_name(column.name);
    if (!column.type || is_left_out) continue;
    const schema::Column* was = known->columns.find(column.name);
    if (was == nullptr || !was->type) {
      changes.new_columns.push_back(column.name);
      continue;
    }
    std::string from = schema::type_and_zone(schema::column_type(*was));
    std::string to = schema::type_and_zone(schema::column_type(column));
    if (from != to)
      changes.retyped_columns.push_back({.name = column.name, .from = std::move(from), .to = std::move(to)});
  }
  return changes;
}

Json to_json(const TableChanges& changes) {
  Json new_columns = Json::array();
  for (const std::string& column : changes.new_columns) new_columns.push_back(column);
  Json retyped = Json::array();
  for (const RetypedColumn& column : changes.retyped_columns) {
    Json entry = Json::object();
    entry.set("name", column.name);
    entry.set("from", column.from);
    entry.set("to", column.to);
    retyped.push_back(std::move(entry));
  }
  Json out = Json::object();
  out.set("new", changes.is_new);
  out.set("new_columns", std::move(new_columns));
  out.set("retyped_columns", std::move(retyped));
  return out;
}

}  // namespace outfall::delivery
