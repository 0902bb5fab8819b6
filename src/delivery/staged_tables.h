// SPDX-License-Identifier: Apache-2.0
//
// Tables of a package in temporary tables of the session that loads it, with marks on the documents that are refused.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/destination.h"
#include "sql/connection.h"
#include "sql/system_tables.h"
#include "sql/transaction.h"

namespace outfall::delivery {

/// A job file whose rows are staged.
struct StagedJob {
  std::string file;
  std::vector<std::string> columns;
  std::uint64_t begin = 0;  ///< its first row among those of the table
  std::uint64_t end = 0;
};

struct StagedTable {
  const schema::Table* table = nullptr;
  int parent = -1;  ///< its place among the staged ones; -1: it is a root
  std::size_t number = 0;
  std::size_t root = 0;  ///< number of the root table of its rows
  std::string name;      ///< of the temporary table, quoted
  std::vector<const schema::Column*> columns{};
  std::vector<StagedJob> jobs{};

  bool has(std::string_view column) const;
  /// Whether the rows of every job bring the column.
  bool all_jobs_have(std::string_view column) const;
};

/// Columns that a temporary table has besides: the place of a row among those of its table, from 0; that of the row of
/// the root table which it belongs to, the same for all rows of one document; and whether that document is refused.
inline constexpr std::string_view place_column = "_outfall_place";
inline constexpr std::string_view document_column = "_outfall_document";
inline constexpr std::string_view refused_column = "_outfall_is_refused";

/// Documents by their places, both inclusive.
struct DocumentRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

/// Of one load.
class StagedTables {
 public:
  /// Fills them from the job files. `tables` has parents before what is nested in them. All outlive the object.
  static Result<StagedTables> fill(sql::Transaction& transaction, const sql::Dataset& dataset,
                                   const LoadRequest& request, const std::vector<const schema::Table*>& tables);

  const std::vector<StagedTable>& tables() const { return tables_; }
  const StagedTable* find(std::string_view table) const;

  /// Refuses documents: `selection` stands behind a SELECT that gives the place and the reason of each.
  Status refuse(const StagedTable& table, std::string_view selection);

  /// The same for documents that another one of the load is in the way of: `selection` gives its place as well, last.
  /// Nothing is refused until it is settled.
  Status propose(const StagedTable& table, std::string_view selection);

  /// Refuses what was proposed, but for documents in whose way nothing but other proposed ones are. False: nothing was
  /// proposed.
  Result<bool> settle();

  /// Refuses these documents of a root table, which were proposed, and takes all other proposals back.
  Status settle(std::size_t root, const std::vector<std::uint64_t>& documents);

  /// Documents that are refused so far.
  Result<std::uint64_t> count_refused() const;

  /// Nothing is refused any more: the rows know from here on whether they are.
  Status mark_rows();

  /// The refused documents of a root table in ranges, in their order, which take about `characters` each as JSON, with
  /// what is nested in them or without. One document is never divided.
  enum class Parts { root, all };
  Result<std::vector<DocumentRange>> refused_ranges(const StagedTable& root, Parts parts,
                                                    std::uint64_t characters) const;

  /// Whether the document of the rows of `alias` is not refused, as a condition.
  std::string is_left(const StagedTable& table, std::string_view alias) const;

  /// Joined to the rows of `alias`: why their document is refused, as `_outfall_mark.reason`.
  std::string join_refused(const StagedTable& table, std::string_view alias) const;

  /// The rows of a staged job that are refused, or are not, as what stands behind FROM; in their order.
  enum class Rows { taken, refused };
  std::string rows_of(const StagedTable& table, const StagedJob& job, Rows rows) const;

  Status drop();

 private:
  StagedTables(sql::Transaction& transaction, const sql::Dataset& dataset)
      : transaction_(&transaction), connection_(&dataset.connection) {}

  Status make_marks();
  Status stage(StagedTable& table, const LoadRequest& request);
  Status stage(StagedTable& table, const LoadRequest& request, const ledger::JobRecord& job);
  Status name_documents(const StagedTable& table);
  Status execute(const std::string& statement);
  std::string quoted(std::string_view identifier) const;
  sql::TableName temporary(std::string_view name) const;
  std::string temporary_name(std::string_view name) const;

  sql::Transaction* transaction_;
  sql::Connection* connection_;
  std::vector<StagedTable> tables_;
  std::string refused_;   ///< the temporary table of refused documents, quoted
  std::string proposed_;  ///< the same of proposed ones
};

}  // namespace outfall::delivery
