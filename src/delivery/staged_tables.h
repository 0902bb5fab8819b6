// SPDX-License-Identifier: Apache-2.0
//
// Tables of a package in temporary tables of the session that loads it, with a mark on each row that is refused.
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
  std::string name;  ///< of the temporary table, quoted
  std::vector<const schema::Column*> columns{};
  std::vector<StagedJob> jobs{};
  std::int64_t first_row_id = 0;

  bool has(std::string_view column) const;
};

/// Of one load. The statements that it helps to write go by the places of rows among those of their table, from 0.
class StagedTables {
 public:
  /// Fills them from the job files. `tables` has parents before what is nested in them. All outlive the object.
  static Result<StagedTables> fill(sql::Transaction& transaction, const sql::Dataset& dataset,
                                   const LoadRequest& request, const std::vector<const schema::Table*>& tables);

  const std::vector<StagedTable>& tables() const { return tables_; }
  const StagedTable* find(std::string_view table) const;

  /// The place of a row of the temporary table that `alias` stands for.
  std::string place(const StagedTable& table, std::string_view alias) const;

  /// Joined to the rows of `alias`: those that are refused, as `r`.
  std::string join_refused(const StagedTable& table, std::string_view alias) const;

  /// Whether the row at a place is not refused, as a condition.
  std::string is_left(const StagedTable& table, std::string_view place) const;

  /// Refuses rows: `selection` stands behind a SELECT that gives the place and the reason of each.
  Status refuse(const StagedTable& table, std::string_view selection);

  /// Refuses what belongs to one document with a refused row. The reason is that of the row.
  Status refuse_whole_documents();

  /// The rows of a staged job that are not refused, as what stands behind FROM.
  std::string left_of(const StagedTable& table, const StagedJob& job) const;

  Status drop();

 private:
  StagedTables(sql::Transaction& transaction, const sql::Dataset& dataset)
      : transaction_(&transaction), connection_(&dataset.connection) {}

  Status make_marks();
  Status stage(StagedTable& table, const LoadRequest& request);
  Status stage(StagedTable& table, const LoadRequest& request, const ledger::JobRecord& job);
  std::string quoted(std::string_view identifier) const;
  sql::TableName temporary(std::string_view name) const;

  sql::Transaction* transaction_;
  sql::Connection* connection_;
  std::vector<StagedTable> tables_;
  std::string marks_;  ///< the temporary table of refused rows, quoted
};

}  // namespace outfall::delivery
