// SPDX-License-Identifier: Apache-2.0
//
// Unique indexes of one column: what there is, and how one is made that reads rows which are there already.
//
// An index and its constraint are two steps: an index that is being made lets others read the table, a constraint keeps
// them out for a moment, and waits for those who are reading.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "sql/connection.h"

namespace outfall::sql {

struct Dialect;

struct UniqueIndex {
  std::string table;
  std::string column;
  std::string name;
  bool is_constraint = false;  ///< or can be made none
};

/// Those of a dataset. None where the database is not asked for any (Dialect::unique_indexes).
Result<std::vector<UniqueIndex>> read_unique_indexes(Connection& connection, const std::string& dataset);

/// What the database itself would call the constraint.
std::string unique_index_name(const Dialect& dialect, std::string_view table, std::string_view column);

std::string make_unique_index(const Dialect& dialect, const TableName& table, std::string_view column);

/// Of an index that has the name of unique_index_name.
std::string make_unique_constraint(const Dialect& dialect, const TableName& table, std::string_view column);

}  // namespace outfall::sql
