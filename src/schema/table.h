// SPDX-License-Identifier: Apache-2.0
//
// Table: one table as the schema document has it, and the tables and columns that exist in every dataset.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "schema/column.h"
#include "schema/named_list.h"

namespace outfall::schema {

struct Table {
  std::string name;
  std::string parent;             ///< empty for a root table
  std::string resource;           ///< empty for a nested table
  std::string write_disposition;  ///< dlt's word; "skip" for its own tables; empty for a nested table
  std::string description;
  NamedList<Column> columns;

  /// The document this was read from, or the keys of a new table in dlt's order; the place of `columns` holds a null.
  Json stored;

  /// A table that documents come into, or that belongs to the dataset. Without columns yet.
  static Table root(std::string_view name, std::string_view write_disposition, std::string_view resource);

  /// The table of a list inside the rows of `parent`. Without columns yet.
  static Table nested(std::string_view name, std::string_view parent);

  /// Errors: abandon, naming the table, and the column and key that are wrong.
  static Result<Table> parse(std::string_view name, const Json& document);
  Json to_json() const;

  /// Whether rows were ever normalized into it. Tables without are not made at a destination.
  bool seen_data() const;

  /// Also ends the grace in which a table that was never filled may grow columns against its contract.
  void mark_seen_data();

  /// Levels of nesting below this table, where it has its own limit.
  std::optional<int> max_nesting() const;

  bool operator==(const Table&) const = default;
};

/// Whether a table or a column says something about the load, not about what was loaded. Data does not get such names.
constexpr bool is_system_name(std::string_view name) {
  return name.starts_with("_dlt");
}

/// Names that a dataset of dlt's has. No naming convention changes them.
inline constexpr std::string_view id_column_name = "_dlt_id";
inline constexpr std::string_view load_id_column_name = "_dlt_load_id";
inline constexpr std::string_view parent_id_column_name = "_dlt_parent_id";
inline constexpr std::string_view list_idx_column_name = "_dlt_list_idx";
inline constexpr std::string_view root_id_column_name = "_dlt_root_id";
/// All of the columns above: what a file has that was written from a dataset.
inline constexpr std::array<std::string_view, 5> system_column_names{
    id_column_name, load_id_column_name, parent_id_column_name, list_idx_column_name, root_id_column_name};
/// Holds whole documents as JSON in job files, in place of the columns of their values. No schema has it, and no data:
/// the name is not among those above, and a key that is called so is an error.
inline constexpr std::string_view document_column_name = "_dlt_document";
/// Of job files alone: which document a row came from, where several may have rows with one id (a number; no order).
inline constexpr std::string_view origin_column_name = "_dlt_origin";
inline constexpr std::string_view version_table_name = "_dlt_version";
inline constexpr std::string_view loads_table_name = "_dlt_loads";
inline constexpr std::string_view pipeline_state_table_name = "_dlt_pipeline_state";

/// The columns that identify a row and link it to its parent, its root and its load.
Column id_column();
Column load_id_column();
Column parent_id_column();
Column list_idx_column();
Column root_id_column();

/// The tables of a dataset that say what is in it. The pipeline's state is the one that is filled like any other table.
Table version_table();
Table loads_table();
Table pipeline_state_table();

}  // namespace outfall::schema
