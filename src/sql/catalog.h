// SPDX-License-Identifier: Apache-2.0
//
// Catalog: which tables and columns a dataset has at the database, as the database sees them.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "schema/columns_there.h"
#include "sql/connection.h"

namespace outfall::sql {

/// The database's words for the types of columns, which stand under the form in which it compares names (`folded`).
struct ExistingTable {
  std::unordered_map<std::string, std::string> columns;
  DefaultValues defaults{};  ///< of those that may not be null
};

struct ExistingDataset {
  std::unordered_map<std::string, ExistingTable> tables;  ///< by folded name

  const ExistingTable* find(const Dialect& dialect, std::string_view table) const;
};

/// Whether there is such a schema at the database.
Result<bool> has_dataset(Connection& connection, const std::string& dataset);

/// The names of its tables and views, folded. None where there is no such schema.
Result<std::set<std::string>> table_names(Connection& connection, const std::string& dataset);

/// None where there is no such schema at the database.
Result<std::vector<schema::ColumnThere>> read_columns(Connection& connection, const std::string& dataset);

/// None: there is no such schema at the database.
Result<std::optional<ExistingDataset>> read_dataset(Connection& connection, const std::string& dataset);

/// Columns that have a default, by folded names of table and column.
using ColumnsWithDefaults = std::set<std::pair<std::string, std::string>>;
Result<ColumnsWithDefaults> read_columns_with_defaults(Connection& connection, const std::string& dataset);

}  // namespace outfall::sql
