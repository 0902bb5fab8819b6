// SPDX-License-Identifier: Apache-2.0
//
// DeletionGuard: keeps a load from taking away more rows of a table than the run allows.
#pragma once

#include <cstdint>
#include <string>

#include "outfall/error.h"
#include "schema/merge_settings.h"
#include "sql/transaction.h"

namespace outfall::delivery {

class DeletionGuard {
 public:
  /// Before anything of the table is taken away; counts its rows where there is a limit.
  static Result<DeletionGuard> make(sql::Transaction& transaction, const sql::TableName& table,
                                    const schema::DeletionLimit& limit);

  /// Errors: usage: so many rows are more than the limit.
  Status check(std::uint64_t gone) const;

  /// The same where the table has `rows` in place of all that it had.
  Status check_rows_left(std::uint64_t rows) const;

 private:
  schema::DeletionLimit limit_;
  std::uint64_t rows_before_ = 0;
};

}  // namespace outfall::delivery
