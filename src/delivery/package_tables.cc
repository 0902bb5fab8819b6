// SPDX-License-Identifier: Apache-2.0
//
// Follows chains of nested tables through the schema.
#include "delivery/package_tables.h"

#include <fmt/format.h>

#include <unordered_set>

namespace outfall::delivery {

std::vector<const schema::Table*> tables_to_empty(const ledger::PackageRecord& package, const schema::Schema& schema) {
  std::unordered_set<std::string_view> roots(package.replaced.begin(), package.replaced.end());
  std::vector<const schema::Table*> out;
  for (const schema::Table& table : schema.tables) {
    if (roots.contains(schema.root_of(table.name))) out.push_back(&table);
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
  return out;
}

}  // namespace outfall::delivery
