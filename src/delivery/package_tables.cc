// SPDX-License-Identifier: Apache-2.0
//
// Follows chains of nested tables through the schema.
#include "delivery/package_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <unordered_set>

#include "outfall/types.h"
#include "schema/merge_settings.h"

namespace outfall::delivery {

std::vector<const schema::Table*> tables_to_empty(const ledger::PackageRecord& package, const schema::Schema& schema) {
  std::unordered_set<std::string_view> roots(package.replaced.begin(), package.replaced.end());
  std::vector<const schema::Table*> out;
  for (const schema::Table& table : schema.tables) {
    if (roots.contains(schema.root_of(table.name))) out.push_back(&table);
  }
  return out;
}

std::vector<std::string> typed_columns(const schema::Table& table) {
  std::vector<std::string> names;
  for (const schema::Column& column : table.columns) {
    if (column.type) names.push_back(column.name);
  }
  return names;
}

std::set<std::string> tables_to_drop(const ledger::PackageRecord& package, const schema::Schema& schema) {
  std::set<std::string> out;
  for (const ledger::JobRecord& job : package.jobs) {
    const schema::Table* table = schema.tables.find(job.table);
    const Json* dropped = table == nullptr ? nullptr : table->stored.find(schema::hint::dropped);
    if (dropped == nullptr || dropped->as_array() == nullptr) continue;
    for (const Json& name : *dropped->as_array()) {
      if (const std::string* text = name.as_string()) out.insert(*text);
    }
  }
  return out;
}

std::vector<const schema::Table*> merged_roots(const ledger::PackageRecord& package, const schema::Schema& schema) {
  std::vector<const schema::Table*> out;
  for (const ledger::JobRecord& job : package.jobs) {
    const schema::Table* root = schema.tables.find(schema.root_of(job.table));
    if (root == nullptr || root->write_disposition != name(WriteDisposition::merge)) continue;
    if (std::ranges::find(out, root) == out.end()) out.push_back(root);
  }
  return out;
}

std::vector<const schema::Table*> tables_below(const schema::Table& root, const schema::Schema& schema) {
  std::vector<const schema::Table*> out;
  for (const schema::Table& table : schema.tables) {
    if (&table != &root && schema.root_of(table.name) == root.name && table.seen_data()) out.push_back(&table);
  }
  return out;
}

Result<std::vector<const schema::Table*>> tables_to_make(const ledger::PackageRecord& package,
                                                         const schema::Schema& schema) {
  std::vector<const schema::Table*> out;
  std::unordered_set<std::string_view> known;
  for (const ledger::JobRecord& job : package.jobs) {
    const schema::Table* table = schema.tables.find(job.table);
    if (table == nullptr) {
      return fail(fmt::format("load {}: job {} is for table {}, which its schema does not have", package.load_id,
                              job.file, job.table));
    }
    if (known.insert(table->name).second) out.push_back(table);
  }
  for (const schema::Table* table : tables_to_empty(package, schema)) {
    if (table->seen_data() && known.insert(table->name).second) out.push_back(table);
  }
  for (const schema::Table* root : merged_roots(package, schema)) {
    if (known.insert(root->name).second) out.push_back(root);
    for (const schema::Table* table : tables_below(*root, schema)) {
      if (known.insert(table->name).second) out.push_back(table);
    }
  }
  return out;
}

}  // namespace outfall::delivery
