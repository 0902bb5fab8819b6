// SPDX-License-Identifier: Apache-2.0
//
// TableContract: what documents may change in one table, and what is told of values that a contract leaves out.
//
// It is decided once, as things are when the run begins, so it does not matter which chunk comes first: what a table
// may not get, no chunk of the run gives it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "outfall/contract.h"
#include "schema/column_type.h"

namespace outfall::normalize {

struct TableContract {
  Contract contract{};
  bool is_there = false;  ///< the run does not make it
  bool may_grow = false;  ///< it is there, and gets columns all the same until rows have come into it

  ContractMode of_table() const { return is_there ? ContractMode::evolve : contract.tables; }
  ContractMode of_new_columns() const { return is_there && !may_grow ? contract.columns : ContractMode::evolve; }
};

/// By table. A table that is not in it has the contract of the table around it.
using TableContracts = std::unordered_map<std::string, TableContract>;

/// What a contract is about.
enum class ContractEntity : std::uint8_t { tables, columns, data_type };

constexpr std::string_view name(ContractEntity entity) {
  switch (entity) {
    case ContractEntity::tables:
      return "tables";
    case ContractEntity::columns:
      return "columns";
    case ContractEntity::data_type:
      return "data_type";
  }
  return "";
}

/// Values that were left out, of one column and for one reason, with the first of them.
struct Discard {
  ContractEntity entity = ContractEntity::columns;
  std::string table;
  std::string column;     ///< empty: rows of the table
  std::string variant{};  ///< the column beside it that would have taken the values; empty: none would
  std::string value;
  std::uint64_t line = 0;
  std::uint64_t count = 1;

  bool is_like(const Discard& other) const {
    return entity == other.entity && table == other.table && column == other.column;
  }
};

/// Adds to the one that is like it and has the same variant, or as the first.
void add_discard(std::vector<Discard>& discards, Discard one);

/// Why a document is not taken, and what to do.
struct Refusal {
  std::string message;
  std::string hint;
};

struct RefusedValue {
  std::string_view key;
  std::string_view table;
  std::string_view column;
  schema::ColumnType type;
  std::string_view value;  ///< empty: it is about the whole column
};

/// `contract`: that of the table, which refuses it.
Refusal refuse_new_table(const std::string& table, const Contract& contract);
Refusal refuse_new_list(const std::string& table, const Contract& contract);
Refusal refuse_new_column(const RefusedValue& refused, const Contract& contract);
/// `column`: the type that the value does not fit.
Refusal refuse_new_type(const RefusedValue& refused, const schema::ColumnType& column, const Contract& contract);

}  // namespace outfall::normalize
