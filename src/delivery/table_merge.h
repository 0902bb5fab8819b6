// SPDX-License-Identifier: Apache-2.0
//
// TableMerges: the tables of a package whose rows are merged by their keys. Their rows go into temporary tables first,
// and from there into the tables of the dataset, in the same transaction.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/destination.h"
#include "schema/merge_settings.h"
#include "sql/merge_plan.h"
#include "sql/system_tables.h"
#include "sql/transaction.h"

namespace outfall::delivery {

class TableMerges {
 public:
  /// Makes the temporary tables. All outlive the object.
  ///
  /// Errors: a table of the package is merged without any key, or its strategy is not known.
  static Result<TableMerges> make(sql::Transaction& transaction, const sql::Dataset& dataset,
                                  const LoadRequest& request);

  /// Where rows of a table go: into the dataset, or into a temporary table.
  sql::TableName place_of(std::string_view table) const;

  /// Brings all staged rows into the tables of the dataset, and removes the temporary tables. What it did with the rows
  /// of root tables is in the summary.
  ///
  /// Errors: rows without a value in their primary key; as Transaction::execute.
  Status run(LoadSummary& summary);

 private:
  struct Merge {
    std::string table;
    sql::MergeChain chain;
    schema::DeletionLimit limit;
  };

  TableMerges(sql::Transaction& transaction, const sql::Dataset& dataset)
      : transaction_(&transaction), dataset_(dataset) {}

  Status add(const schema::Table& root, const LoadRequest& request);
  Status run_one(Merge& merge, std::size_t number, TableLoad& load);
  Result<MergeCounts> merge_rows(Merge& merge, const std::string& prefix);
  Result<MergeCounts> run_plan(const Merge& merge, const std::string& prefix);
  Result<std::uint64_t> run_step(const Merge& merge, const sql::MergeStep& step, MergeCounts& counts);
  /// `question` names the root table `{table}`, as a text.
  Result<std::vector<sql::TextRow>> ask_of_target(std::string_view question, const sql::MergeChain& chain);
  Result<std::uint64_t> inserted_so_far(const sql::MergeChain& chain);

  sql::Transaction* transaction_;
  sql::Dataset dataset_;
  std::vector<Merge> merges_{};
  std::size_t staged_ = 0;  ///< temporary tables
};

}  // namespace outfall::delivery
