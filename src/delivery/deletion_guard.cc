// SPDX-License-Identifier: Apache-2.0
#include "delivery/deletion_guard.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/counts.h"
#include "sql/dialect.h"

namespace outfall::delivery {

Result<DeletionGuard> DeletionGuard::make(sql::Transaction& transaction, const sql::TableName& table,
                                          const schema::DeletionLimit& limit) {
  DeletionGuard guard;
  guard.limit_ = limit;
  if (!limit.rows && !limit.percent) return guard;
  const auto counted =
      transaction.rows("SELECT count(*) FROM " + sql::quoted(transaction.connection().dialect(), table));
  if (!counted) return fail(counted.error());
  guard.rows_before_ = std::stoull(counted->at(0).at(0).value_or("0"));
  return guard;
}

Status DeletionGuard::check(std::uint64_t gone) const {
  const bool is_beyond =
      (limit_.rows && gone > *limit_.rows) ||
      (limit_.percent && static_cast<double>(gone) * 100 > *limit_.percent * static_cast<double>(rows_before_));
  if (!is_beyond) return {};
  const std::string allowed = limit_.rows ? counted(*limit_.rows, "row")
                                          : fmt::format("{}% of {}", *limit_.percent, counted(rows_before_, "row"));
  return fail(Error{
      .message = fmt::format("{} would go, and {} at most may; nothing was changed", counted(gone, "row"), allowed),
      .hint = "if that is right, load again with a larger --max-deleted",
      .blame = Blame::usage});
}

Status DeletionGuard::check_rows_left(std::uint64_t rows) const {
  return check(rows_before_ - std::min(rows_before_, rows));
}

}  // namespace outfall::delivery
