// SPDX-License-Identifier: Apache-2.0
#include "pipeline/primary_keys.h"

#include <utility>

#include "base/nfc.h"
#include "base/utf8.h"
#include "pipeline/column_hints.h"

namespace outfall::pipeline {
namespace {

void set_primary_key(schema::Table& table, const std::vector<std::string>& columns) {
  for (schema::Column& column : table.columns) column.primary_key = false;
  for (const std::string& name : columns) {
    schema::Column* column = table.columns.find(name);
    if (column == nullptr) {
      schema::Column made;
      made.name = name;
      column = &table.columns.add(std::move(made));
    }
    column->primary_key = true;
    column->nullable = false;
  }
}

}  // namespace

std::string column_of_root(const std::string& given, const normalize::RootOptions& root, const schema::Naming& naming) {
  const std::string name = is_ascii(given) ? given : to_nfc(given);
  return root.max_nesting > 0 ? column_at(name, naming) : naming.normalize_path(name);
}

void set_primary_keys(schema::Schema& schema, const std::vector<std::string>& roots,
                      const std::vector<std::string>& names, const normalize::ShapeOptions& shape,
                      const std::string& write_disposition) {
  if (names.empty()) return;
  for (const std::string& root : roots) {
    std::vector<std::string> columns;
    columns.reserve(names.size());
    for (const std::string& name : names) columns.push_back(column_of_root(name, shape.of_root(root), shape.naming));
    schema::Table* table = schema.tables.find(root);
    if (table == nullptr) table = &schema.tables.add(schema::Table::root(root, write_disposition, root));
    set_primary_key(*table, columns);
  }
}

}  // namespace outfall::pipeline
