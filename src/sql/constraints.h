// SPDX-License-Identifier: Apache-2.0
//
// Constraints: what the rows of tables must keep to, as the database has it.
#pragma once

#include <string>
#include <vector>

#include "sql/connection.h"

namespace outfall::sql {

struct Constraint {
  enum class Kind {
    check,
    not_null,
    unique,
    primary_key,
    foreign_key,
    collated,  ///< a check or an index over texts that only their column can compare
  };

  std::string table;
  Kind kind = Kind::check;
  std::string text;                             ///< how the database writes it
  std::string condition;                        ///< of a check
  std::vector<std::string> columns;             ///< their quoted names, or the expressions of an index
  std::string referenced_table;                 ///< of a foreign key, in the same dataset
  std::vector<std::string> referenced_columns;  ///< quoted
};

/// Those of all tables of the dataset. None where the dialect does not know how to ask.
Result<std::vector<Constraint>> read_constraints(Connection& connection, const std::string& dataset);

}  // namespace outfall::sql
