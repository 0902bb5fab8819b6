// SPDX-License-Identifier: Apache-2.0
//
// TableReplacements: the tables of a package whose rows take the place of all that they hold. However that is done, it
// is seen when the transaction commits and not before.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/deletion_guard.h"
#include "delivery/destination.h"
#include "sql/system_tables.h"
#include "sql/transaction.h"

namespace outfall::delivery {

class TableReplacements {
 public:
  /// Empties the tables, or makes those that rows go into until `run`.
  ///
  /// Errors: the database knows no such strategy; as Transaction::execute.
  static Result<TableReplacements> make(sql::Transaction& transaction, const sql::Dataset& dataset,
                                        const LoadRequest& request, ReplaceStrategy strategy);

  /// Where rows of a table go until `run`. None: nothing stands in its place.
  std::optional<sql::TableName> place_of(std::string_view table) const;

  /// Puts what was inserted into its place.
  ///
  /// Errors: usage: more rows would be gone than the run allows; as Transaction::execute.
  Status run(const LoadSummary& summary);

 private:
  struct Replacement {
    const schema::Table* table = nullptr;
    sql::TableName target;
    std::optional<sql::TableName> staging{};
    std::optional<DeletionGuard> guard{};  ///< of root tables
  };

  TableReplacements(sql::Transaction& transaction, const sql::Dataset& dataset, ReplaceStrategy strategy)
      : transaction_(&transaction), dataset_(dataset), strategy_(strategy) {}

  Status add(const schema::Table& table);
  Status stage(Replacement& replacement);
  Status put_into_place(const Replacement& replacement);
  Result<std::uint64_t> empty(const sql::TableName& table);
  const sql::Dialect& dialect() const { return dataset_.connection.dialect(); }

  sql::Transaction* transaction_;
  sql::Dataset dataset_;
  ReplaceStrategy strategy_;
  std::vector<Replacement> replacements_{};
};

}  // namespace outfall::delivery
