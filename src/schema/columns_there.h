// SPDX-License-Identifier: Apache-2.0
//
// ColumnsThere: the columns that a dataset has at the database, found under names as the database compares them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/column_type.h"

namespace outfall::schema {

/// Names and type as the database has them.
struct ColumnThere {
  std::string table;
  std::string name;
  std::string word;                      ///< the database's word for its type
  std::optional<ColumnType> type;        ///< of ours, that the word stands for; none: we have nothing like it
  ValueRange range = ValueRange::whole;  ///< what it takes of that type
  bool is_view = false;                  ///< the table is one, and takes no rows
  bool is_required = false;              ///< a row has to bring its value: it may not be null, and has no default
  std::string lets_be_null{};            ///< of one that is required: statements that let it be null
  std::string default_value{};           ///< an expression, where it may not be null: for a row that brings no value
  bool is_computed = false;              ///< from other columns: no row brings it
  bool is_fixed = false;                 ///< its type cannot be changed: a constraint or an index stands on it
};

class ColumnsThere {
 public:
  enum class Names { case_matters, case_is_ignored };

  ColumnsThere() = default;
  ColumnsThere(std::vector<ColumnThere> columns, Names names);

  /// Null: there is none.
  const ColumnThere* find(std::string_view table, std::string_view column) const;

  /// Any column of the table. Null: there is no such table.
  const ColumnThere* first_of(std::string_view table) const;

  /// The columns of the table that a row has to bring values for, as they are called there.
  std::vector<std::string_view> required_of(std::string_view table) const;

  /// From now on there is no such table.
  void forget(std::string_view table);

  /// Whether the database takes the two for one name.
  bool is_same(std::string_view a, std::string_view b) const { return compared(a) == compared(b); }

 private:
  std::string compared(std::string_view name) const;

  Names names_ = Names::case_matters;
  std::map<std::pair<std::string, std::string>, ColumnThere> columns_;
};

}  // namespace outfall::schema
