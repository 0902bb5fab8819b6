// SPDX-License-Identifier: Apache-2.0
#include "pipeline/replacements.h"

#include <utility>

#include "pipeline/adopted_tables.h"

namespace outfall::pipeline {

Result<std::optional<schema::Naming>> stored_naming(ledger::Ledger& ledger,
                                                    std::optional<schema::NameLimit> name_length_max) {
  const Result<std::optional<ledger::StoredSchema>> schema = ledger.stored_schema();
  if (!schema) return fail(schema.error());
  const auto convention = *schema ? naming_convention((*schema)->naming) : std::nullopt;
  if (!convention) return std::nullopt;
  return schema::Naming(*convention, name_length_max);
}

Result<Replacements> Replacements::read(ledger::Ledger& ledger, std::optional<schema::NameLimit> name_length_max) {
  Replacements read;
  Result<std::map<std::string, std::vector<std::string>>> loads = ledger.replacing_loads();
  if (!loads) return fail(std::move(loads.error()));
  read.loads_ = std::move(*loads);
  if (read.loads_.empty()) return read;
  const Result<std::vector<ledger::PackageRecord>> pending = ledger.pending();
  if (!pending) return fail(pending.error());
  for (const ledger::PackageRecord& package : *pending) read.pending_.insert(package.load_id);
  Result<std::optional<schema::Naming>> naming = stored_naming(ledger, name_length_max);
  if (!naming) return fail(std::move(naming.error()));
  read.naming_ = *naming;
  return read;
}

Result<std::string> Replacements::of(const ledger::SealedInput& earlier, LoadsThere& there) const {
  if (!naming_ || earlier.input.table.empty()) return std::string();
  const auto found = loads_.find(root_table(*naming_, earlier.input.table));
  if (found == loads_.end()) return std::string();
  for (const std::string& load_id : found->second) {
    if (load_id <= earlier.load_id) break;
    const Result<bool> counts = pending_.contains(load_id) ? Result<bool>(true) : there.has(load_id);
    if (!counts) return fail(counts.error());
    if (*counts) return load_id;
  }
  return std::string();
}

}  // namespace outfall::pipeline
