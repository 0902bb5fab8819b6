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
  columnar::ColumnType type;
  bool nullable = true;
  bool declared = false;
  bool typed = true;  ///< false: only promised so far, by a hint that it is to be set in every row
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

 private:
  mutable std::mutex mutex_;
  std::vector<LoggedColumn> columns_;
};

}  // namespace outfall::normalize
