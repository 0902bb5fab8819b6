// SPDX-License-Identifier: Apache-2.0
//
// UniqueColumns: holds columns of new tables to it that the schema calls them unique, where the database is asked to.
//
// An index is built much faster from rows that are there than row by row, so a table that has none yet gets it behind
// its first rows, in their transaction. A table that has rows without one stays as it is.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "delivery/destination.h"
#include "sql/connection.h"
#include "sql/system_tables.h"
#include "sql/transaction.h"

namespace outfall::delivery {

class UniqueColumns {
 public:
  /// Of the tables that get rows, which lack what. All outlive the object.
  static Result<UniqueColumns> find(sql::Transaction& transaction, const sql::Dataset& dataset,
                                    const LoadRequest& request);

  /// The tables that lack something, and had no rows. Their first load is to hold them (hold_of_rows) before it looks which are empty.
  std::set<std::string> tables() const;

  /// Forgets those that have rows, or what others have made meanwhile.
  Status look_again();

  /// Makes the indexes, unless they were made already.
  ///
  /// Errors: `insert into table NAME: ...` for rows that have one value twice.
  Status make_indexes();

  /// Makes constraints of indexes of ours, if nobody reads any of the tables; otherwise a later load makes them.
  ///
  /// Errors: the transaction can only be rolled back.
  Status make_constraints();

 private:
  struct Place {
    std::string table;
    std::string column;
  };

  UniqueColumns(sql::Transaction& transaction, const sql::Dataset& dataset)
      : transaction_(&transaction), dataset_(dataset) {}

  Status read(const std::vector<Place>& wanted);
  Status forget_filled();
  Result<bool> is_empty(const std::string& table);
  Result<bool> make_index(const Place& place);
  Result<bool> try_out(const std::string& statement);

  sql::Transaction* transaction_;
  sql::Dataset dataset_;
  std::vector<Place> lacking_{};  ///< no index
  std::vector<Place> bare_{};     ///< an index of ours that is no constraint
};

}  // namespace outfall::delivery
