// SPDX-License-Identifier: Apache-2.0
#include "pipeline/contracts.h"

#include <algorithm>
#include <utility>

#include "schema/contract.h"

namespace outfall::pipeline {
namespace {

Result<normalize::TableContract> table_contract(const RunOptions& options, const DatasetMemory& memory,
                                                const std::string& name) {
  const schema::Table* table = memory.schema.tables.find(name);
  Result<Contract> contract = options.contract ? *options.contract : schema::contract_of(memory.schema, name);
  if (!contract) return fail(std::move(contract.error()));
  const bool is_filled = table != nullptr && !schema::is_unfilled(*table);
  return normalize::TableContract{.contract = *contract,
                                  .is_there = is_filled || memory.there.first_of(name) != nullptr,
                                  .may_grow = table != nullptr && schema::evolves_once(*table)};
}

}  // namespace

Result<normalize::TableContracts> table_contracts(const RunOptions& options, const DatasetMemory& memory,
                                                  const std::vector<std::string>& roots) {
  std::vector<std::string> names = roots;
  for (const schema::Table& table : memory.schema.tables) {
    const std::string root(memory.schema.root_of(table.name));
    if (root != table.name && std::ranges::find(roots, root) != roots.end()) names.push_back(table.name);
  }
  normalize::TableContracts contracts;
  for (const std::string& name : names) {
    Result<normalize::TableContract> contract = table_contract(options, memory, name);
    if (!contract) return fail(std::move(contract.error()));
    contracts.emplace(name, *contract);
  }
  return contracts;
}

void keep_contracts(const RunOptions& options, const std::vector<std::string>& roots, schema::Schema& schema) {
  if (!options.contract) return;
  for (const std::string& root : roots) {
    if (schema::Table* table = schema.tables.find(root)) schema::set_contract(*table, *options.contract);
  }
}

std::vector<DiscardReport> discard_reports(const normalize::NormalizeSummary& summary,
                                           const std::vector<normalize::InputFacts>& inputs) {
  std::vector<DiscardReport> reports;
  for (const normalize::DiscardSummary& one : summary.discards) {
    reports.push_back({.table = one.discard.table,
                       .column = one.discard.column,
                       .entity = std::string(normalize::name(one.discard.entity)),
                       .values = one.discard.count,
                       .first_value = one.discard.value,
                       .input = inputs[one.input].name,
                       .line = one.discard.line});
  }
  return reports;
}

}  // namespace outfall::pipeline
