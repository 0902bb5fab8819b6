// SPDX-License-Identifier: Apache-2.0
//
// SchemaLog: the columns of the committed schema in the order they were decided, for workers to read behind.
//
// The committer appends; workers copy what is new for them. A column that is in the log never changes again.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "columnar/column_builder.h"

namespace outfall::normalize {

struct LoggedColumn {
  std::string table;
  std::string parent;  ///< of a nested table; empty for a root table
  std::string name;
  schema::ColumnType type;
  bool nullable = true;
  bool declared = false;
  bool typed = true;  ///< false: only promised so far, by a hint that it is to be set in every row
};

/// The name that a key got where another may want it as well (OnCollision::suffix).
struct NameClaim {
  std::string table;
  std::string name;      ///< of the column that it would have alone; empty: it is about the table, the list of a row
  std::string keys;      ///< that lead to it, with dots between them
  std::string apart;     ///< the name that it got instead; empty: it is the first, and has its own
  bool settled = false;  ///< the dataset had that column already: nothing is left to agree on
};

class SchemaLog {
 public:
  void append(LoggedColumn column) {
    const std::lock_guard lock(mutex_);
    columns_.push_back(std::move(column));
  }

  /// The columns from `position` on.
  std::vector<LoggedColumn> since(std::size_t position) const {
    const std::lock_guard lock(mutex_);
    if (position >= columns_.size()) return {};
    return {columns_.begin() + static_cast<std::ptrdiff_t>(position), columns_.end()};
  }

  void append(NameClaim claim) {
    const std::lock_guard lock(mutex_);
    claims_.push_back(std::move(claim));
  }

  /// Who had which name first, from `position` on.
  std::vector<NameClaim> claims_since(std::size_t position) const {
    const std::lock_guard lock(mutex_);
    if (position >= claims_.size()) return {};
    return {claims_.begin() + static_cast<std::ptrdiff_t>(position), claims_.end()};
  }

 private:
  mutable std::mutex mutex_;
  std::vector<LoggedColumn> columns_;
  std::vector<NameClaim> claims_;
};

}  // namespace outfall::normalize
