// SPDX-License-Identifier: Apache-2.0
#include "normalize/table_contract.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "normalize/walker.h"
#include "schema/type_text.h"

namespace outfall::normalize {
namespace {

using Entity = ContractMode Contract::*;

std::string told(const Contract& contract, Entity entity) {
  const auto named = std::ranges::find(contract_entities, entity, &std::pair<Entity, std::string_view>::first);
  return fmt::format("({}: {})", named->second, name(contract.*entity));
}

/// The contract as it is typed, but for one entity. What is not typed evolves, so the others are named.
std::string with(Contract contract, Entity changed, ContractMode mode) {
  contract.*changed = mode;
  std::string typed;
  for (const auto& [entity, word] : contract_entities) {
    if (entity != changed && contract.*entity == ContractMode::evolve) continue;
    typed += fmt::format("{}{}={}", typed.empty() ? "" : ",", word, name(contract.*entity));
  }
  return typed;
}

/// What to do if the change is wanted, or if it must not stop the run.
std::string hint_of(const Contract& contract, Entity entity, std::string_view left_out) {
  std::string hint = fmt::format("--contract {} lets it be made", with(contract, entity, ContractMode::evolve));
  if (contract.*entity != ContractMode::freeze) return hint;
  if (!left_out.empty()) {
    hint += fmt::format(", {} leaves {} out", with(contract, entity, ContractMode::discard_value), left_out);
  }
  return hint + fmt::format(", {} sets such rows aside", with(contract, entity, ContractMode::discard_row));
}

}  // namespace

Refusal refuse_new_table(const std::string& table, const Contract& contract) {
  return {.message = fmt::format("the table {} is not there, and the contract lets none be made {}", table,
                                 told(contract, &Contract::tables)),
          .hint = hint_of(contract, &Contract::tables, "")};
}

Refusal refuse_new_list(const std::string& table, const Contract& contract) {
  return {.message = fmt::format("this list would make the table {}, and the contract lets none be made {}", table,
                                 told(contract, &Contract::tables)),
          .hint = hint_of(contract, &Contract::tables, "such lists")};
}

Refusal refuse_new_column(const RefusedValue& refused, const Contract& contract) {
  const std::string value = refused.value.empty() ? "" : fmt::format("the value {} of ", sample(refused.value));
  return {.message = fmt::format("{}\"{}\" would give {} the column {} ({}), and the contract lets it get none {}",
                                 value, sample(refused.key), refused.table, refused.column,
                                 schema::type_text(refused.type), told(contract, &Contract::columns)),
          .hint = hint_of(contract, &Contract::columns, "such values")};
}

Refusal refuse_new_type(const RefusedValue& refused, const schema::ColumnType& column, const Contract& contract) {
  return {.message =
              fmt::format("the value {} of \"{}\" ({}) does not fit the column {} ({}) of {}, and the contract "
                          "lets nothing be made for it {}",
                          sample(refused.value), sample(refused.key), schema::type_text(refused.type), refused.column,
                          schema::type_text(column), refused.table, told(contract, &Contract::data_type)),
          .hint = hint_of(contract, &Contract::data_type, "such values")};
}

void add_discard(std::vector<Discard>& discards, Discard one) {
  for (Discard& known : discards) {
    if (!known.is_like(one) || known.variant != one.variant) continue;
    known.count += one.count;
    return;
  }
  discards.push_back(std::move(one));
}

}  // namespace outfall::normalize
