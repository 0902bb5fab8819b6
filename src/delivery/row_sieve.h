// SPDX-License-Identifier: Apache-2.0
//
// RowSieve: finds the rows of a package that a database refuses, and loads the others.
//
// A statement that fails ends a transaction and names no row. So where a load was refused, another transaction first
// puts its rows into temporary tables, asks there which of them break a constraint or cannot become what their column
// is, and inserts what is left from there. A document is refused as a whole: its root row with all that is nested in
// it.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "delivery/destination.h"
#include "sql/connection.h"
#include "sql/system_tables.h"
#include "sql/transaction.h"

namespace outfall::delivery {

class RowSieve {
 public:
  /// Stages the tables of the package whose rows can be refused, with all that are nested in the same roots, and finds
  /// what is. Replaced tables must have been emptied in the transaction. All outlive the object.
  ///
  /// Errors: the rules cannot be asked for so; the transaction is of no more use.
  static Result<RowSieve> make(sql::Transaction& transaction, const sql::Dataset& dataset, const LoadRequest& request);

  RowSieve(RowSieve&&) noexcept;
  ~RowSieve();

  /// Documents that are refused.
  std::uint64_t documents() const;

  /// Rules that could not be held against the rows beforehand, for a message; empty: there are none.
  std::string unasked() const;

  /// Hands them over, table by table, in the order of their rows.
  Status tell(Refusals& refusals);

  bool holds(std::string_view table) const;

  /// Inserts the rows of a job of a table that it holds, but for the refused ones. Returns how many it took.
  Result<std::uint64_t> insert(const ledger::JobRecord& job, const sql::DefaultValues& defaults);

  /// Rows of that job that are refused.
  Result<std::uint64_t> refused(const ledger::JobRecord& job);

  /// Removes the temporary tables.
  Status drop();

 private:
  struct Parts;
  explicit RowSieve(std::unique_ptr<Parts> parts);

  std::unique_ptr<Parts> parts_;
};

}  // namespace outfall::delivery
