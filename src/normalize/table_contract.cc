// SPDX-License-Identifier: Apache-2.0
#include "normalize/table_contract.h"

#include <fmt/format.h>

#include "normalize/walker.h"
#include "schema/type_text.h"

namespace outfall::normalize {
namespace {

std::string told(ContractEntity entity, ContractMode mode) {
  return fmt::format("({}: {})", name(entity), name(mode));
}

/// What to do if the change is wanted, or if it must not stop the run.
std::string hint_of(ContractEntity entity, ContractMode mode) {
  const std::string_view about = name(entity);
  const std::string allowed = fmt::format("--contract {}=evolve lets it be made", about);
  if (mode != ContractMode::freeze) return allowed;
  return fmt::format("{}, {}=discard_value leaves such values out, {}=discard_row sets such rows aside", allowed, about,
                     about);
}

}  // namespace

Refusal refuse_new_table(const std::string& table, ContractMode mode) {
  return {.message = fmt::format("the table {} is not there, and the contract lets none be made {}", table,
                                 told(ContractEntity::tables, mode)),
          .hint = hint_of(ContractEntity::tables, mode)};
}

Refusal refuse_new_list(const std::string& table, ContractMode mode) {
  return {.message = fmt::format("this list would make the table {}, and the contract lets none be made {}", table,
                                 told(ContractEntity::tables, mode)),
          .hint = hint_of(ContractEntity::tables, mode)};
}

Refusal refuse_new_column(const RefusedValue& refused, ContractMode mode) {
  const std::string value = refused.value.empty() ? "" : fmt::format("the value {} of ", sample(refused.value));
  return {.message = fmt::format("{}\"{}\" would give {} the column {} ({}), and the contract lets it get none {}",
                                 value, sample(refused.key), refused.table, refused.column,
                                 schema::type_text(refused.type), told(ContractEntity::columns, mode)),
          .hint = hint_of(ContractEntity::columns, mode)};
}

Refusal refuse_new_type(const RefusedValue& refused, const schema::ColumnType& column, ContractMode mode) {
  return {.message =
              fmt::format("the value {} of \"{}\" ({}) does not fit the column {} ({}) of {}, and the contract "
                          "lets nothing be made for it {}",
                          sample(refused.value), sample(refused.key), schema::type_text(refused.type), refused.column,
                          schema::type_text(column), refused.table, told(ContractEntity::data_type, mode)),
          .hint = hint_of(ContractEntity::data_type, mode)};
}

void add_discard(std::vector<Discard>& discards, Discard one) {
  for (Discard& known : discards) {
    if (!known.is_like(one)) continue;
    known.count += one.count;
    return;
  }
  discards.push_back(std::move(one));
}

}  // namespace outfall::normalize
