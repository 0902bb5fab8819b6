// SPDX-License-Identifier: Apache-2.0
//
// MergePlan: the statements that bring staged rows into the tables of a dataset by their keys. One plan for all
// databases: delete, update, insert what is missing. MERGE, where it is faster, updates and inserts in one.
//
// Rows are staged in temporary tables of the session, one a table of the chain (a root table and all that is nested in
// it), and everything happens in the transaction of the load.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "outfall/types.h"
#include "sql/connection.h"

namespace outfall::sql {

struct MergeTable {
  TableName target;
  TableName staging;
  std::vector<std::string> columns;  ///< of both; the staged one has schema::origin_column_name beside them
  std::size_t parent = 0;            ///< of a nested table: its place in the chain
};

struct SortedBy {
  std::string column;
  bool is_descending = false;
};

/// A column that says which rows are to be deleted: those where it is true, or, if it is no boolean, not null.
struct HardDelete {
  std::string column;
  bool is_boolean = true;
};

/// Versions of rows: the columns that say what they are and when they hold, and moments as the database writes them.
struct MergeVersions {
  std::string version;
  std::string valid_from;
  std::string valid_to;
  std::string boundary;      ///< when those end that are no more, and those begin that are new
  std::string active_until;  ///< what `valid_to` is of one that has not ended; empty: null
};

struct MergeChain {
  std::vector<MergeTable> tables;  ///< the root first, parents before what is nested in them
  MergeStrategy strategy = MergeStrategy::delete_insert;
  std::vector<std::string> primary_key{};
  std::vector<std::string> merge_key{};
  std::optional<HardDelete> hard_delete{};
  std::optional<SortedBy> dedup_sort{};  ///< which of the rows with one key stays: the first; none: the last that came
  /// Conditions: which staged rows take part; which rows of the target may go, in place of those with a key that is
  /// staged, or of all. `{table}` and `{staging_table}` stand for the root tables. Empty: all; as the keys say.
  std::string source_filter{};
  std::string destination_scope{};
  bool skips_unchanged = false;             ///< rows of an upsert that are as they were are not written
  std::string row_version{};                ///< the column that says so; empty: all of them
  bool keeps_missing = false;               ///< an update leaves a value where the staged row has none
  bool removes = false;                     ///< rows with a key that is staged go, and none comes
  std::optional<MergeVersions> versions{};  ///< of scd2
  bool uses_merge = false;                  ///< MERGE can bring the staged root rows into the target
  bool has_repeated_keys = false;           ///< the target may have a key twice: an upsert gives its id to one row
};

/// The statement of a step, and what depends on the rows that it changed.
struct MergeStep {
  enum class Kind {
    always,
    if_changed,  ///< only if the newest step that always runs changed a row, or the newest question was not answered 0
    question,    ///< asks for a number
  };
  std::string statement;
  Kind kind = Kind::always;
  /// What its changed rows count as; none: they are not counted.
  enum class Counted {
    nothing,
    duplicates,
    removed,
    updated,
    ended,
    inserted,
    merged,  ///< updated, but for those that the transaction has inserted by then (Dialect::inserted_so_far)
  } counted = Counted::nothing;
};

/// Temporary tables are called `<prefix><word>`.
std::vector<MergeStep> plan_merge(const Dialect& dialect, const MergeChain& chain, const std::string& prefix);

/// The condition of a scope with the names of the two tables in it.
std::string scope_with_tables(std::string_view scope, const std::string& table, const std::string& staging_table);

/// Makes the staging table of one, as its target is.
std::string create_staging(const Dialect& dialect, const MergeTable& table);

/// Asks how many staged root rows have no value in a column of the primary key. Empty: there is no such key.
std::string count_rows_without_key(const Dialect& dialect, const MergeChain& chain);

}  // namespace outfall::sql
