// SPDX-License-Identifier: Apache-2.0
//
// What must be made at a database before rows can go in: schemas, tables, columns. What a table has beyond the schema
// stays, and a column keeps its type unless it is to be altered.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "schema/schema.h"
#include "sql/catalog.h"
#include "sql/connection.h"

namespace outfall::sql {

/// A column gets another type.
struct Alteration {
  std::string column;
  std::string statement;
  /// Asks for a row if a value that is there does not fit the type; empty: all do. `as_text` makes the column text
  /// then.
  std::string misfits;
  std::string as_text;
};

/// A column keeps a type that would silently cut values of the schema's type.
struct CutColumn {
  std::string column;
  std::string type;     ///< as --column takes it
  std::string there;    ///< the database's word
  std::string advised;  ///< the statement that gives it a type which takes all
};

struct TableChange {
  std::string table;
  bool created = false;
  std::vector<std::string> new_columns{};  ///< of a table that was there before, as the next
  std::vector<std::string> statements{};   ///< in this order
  std::vector<Alteration> alterations{};   ///< behind the statements
  std::vector<CutColumn> cut{};
};

/// Empty: nothing is to be done.
std::string create_schema(const Dialect& dialect, const std::string& catalog, const std::string& dataset);

/// `existing` is null for a table that is not there. Columns that never had a value are left out. `altered` names
/// columns that get a type that takes the values of the schema's type beside those that they have, where theirs does
/// not.
///
/// Errors: a type that the database does not have; a name that is too long, or that the database takes for another one.
Result<TableChange> plan_table(const Dialect& dialect, const TableName& target, const schema::Table& table,
                               const ExistingTable* existing, const std::vector<std::string>& altered = {});

/// The alterations alone: those of `altered` columns of a table that gets no rows.
Result<std::vector<Alteration>> plan_alterations(const Dialect& dialect, const TableName& target,
                                                 const schema::Table& table, const ExistingTable& existing,
                                                 const std::vector<std::string>& altered);

/// For a person to run: statements that give a column another type, or let it be null, with `; ` between them. `word`
/// is the database's word for the type that it has then.
std::string retype_statements(const Dialect& dialect, const TableName& target, std::string_view column,
                              std::string_view word);
std::string unrequire_statements(const Dialect& dialect, const TableName& target, std::string_view column,
                                 std::string_view word);

}  // namespace outfall::sql
