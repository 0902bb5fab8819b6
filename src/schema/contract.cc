// SPDX-License-Identifier: Apache-2.0
#include "schema/contract.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace outfall::schema {
namespace {

constexpr std::string_view contract_key = "schema_contract";

std::optional<ContractMode> mode_in(const Json& value) {
  return value.as_string() == nullptr ? std::nullopt : contract_mode(*value.as_string());
}

Result<Contract> read_contract(const Json& document, const std::string& where) {
  const auto unknown = [&] {
    return fail(fmt::format("the schema_contract of {} is {}, which is not known here", where, to_json(document)),
                "say what holds: --contract evolve, or another mode");
  };
  if (document.is_object()) {
    Contract contract;
    for (const auto& [mode, key] : contract_entities) {
      const Json* value = document.find(key);
      if (value == nullptr) continue;
      const std::optional<ContractMode> known = mode_in(*value);
      if (!known) return unknown();
      contract.*mode = *known;
    }
    return contract;
  }
  const std::optional<ContractMode> all = mode_in(document);
  if (!all) return unknown();
  return Contract{*all, *all, *all};
}

/// Null stands for none.
const Json* contract_in(const Json& document) {
  const Json* found = document.find(contract_key);
  return found == nullptr || *found == Json() ? nullptr : found;
}

}  // namespace

Result<Contract> contract_of(const Schema& schema, std::string_view table) {
  const Table* known = schema.tables.find(table);
  // Tables that are each other's parents end somewhere.
  for (std::size_t level = 0; known != nullptr && level <= schema.tables.size(); ++level) {
    if (const Json* own = contract_in(known->stored)) return read_contract(*own, known->name);
    known = known->parent.empty() ? nullptr : schema.tables.find(known->parent);
  }
  const Json* of_all = contract_in(schema.settings);
  return of_all == nullptr ? Contract() : read_contract(*of_all, "the schema " + schema.name);
}

void set_contract(Table& table, const Contract& contract) {
  if (contract.tables == contract.columns && contract.columns == contract.data_type) {
    table.stored.set(std::string(contract_key), name(contract.tables));
    return;
  }
  Json document = Json::object();
  for (const auto& [mode, key] : contract_entities) document.set(std::string(key), name(contract.*mode));
  table.stored.set(std::string(contract_key), std::move(document));
}

bool is_unfilled(const Table& table) {
  return std::ranges::none_of(table.columns, [](const Column& column) { return column.type.has_value(); });
}

bool evolves_once(const Table& table) {
  const Json* hints = table.stored.find("x-normalizer");
  const Json* once = hints == nullptr ? nullptr : hints->find("evolve-columns-once");
  return once != nullptr && once->as_bool() != nullptr && *once->as_bool();
}

}  // namespace outfall::schema
