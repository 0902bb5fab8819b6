// SPDX-License-Identifier: Apache-2.0
//
// Contract: what rows may change in the tables of a dataset, as dlt's schema contracts have it.
//
// A run that brings a new table, a new column, or a value that its column does not take, changes what others read. A
// contract says for each of the three what becomes of that. A table that a run makes gets its columns freely until the
// run has ended.
#pragma once

#include <array>
#include <optional>
#include <string_view>
#include <utility>

#include "outfall/error.h"

namespace outfall {

enum class ContractMode {
  evolve,         ///< the change is made
  freeze,         ///< the run fails, and nothing of it is visible
  discard_value,  ///< the value is left out and counted; the rest of its row is loaded
  discard_row,    ///< the document is a rejected row (RunOptions::on_reject: a dead letter, or dropped)
};

struct Contract {
  ContractMode tables = ContractMode::evolve;     ///< new tables, those of nested lists as well
  ContractMode columns = ContractMode::evolve;    ///< new columns of tables that are there
  ContractMode data_type = ContractMode::evolve;  ///< columns beside a column, or another type for it

  bool operator==(const Contract&) const = default;
};

/// What a contract is about, each with its name.
inline constexpr std::array<std::pair<ContractMode Contract::*, std::string_view>, 3> contract_entities{{
    {&Contract::tables, "tables"},
    {&Contract::columns, "columns"},
    {&Contract::data_type, "data_type"},
}};

/// "evolve", "freeze", "discard_value", "discard_row"
std::string_view name(ContractMode mode);
std::optional<ContractMode> contract_mode(std::string_view name);

/// A contract as it is typed: `freeze` for all three, or `tables=evolve,columns=freeze`; what is not named evolves.
///
/// Errors: usage: a word is not known.
Result<Contract> parse_contract(std::string_view text);

}  // namespace outfall
