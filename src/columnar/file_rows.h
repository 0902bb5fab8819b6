// SPDX-License-Identifier: Apache-2.0
//
// FileRows: some rows of a job file as streams, as often as wanted.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "columnar/ipc_file.h"

namespace outfall::columnar {

/// Rows of a file by their numbers, from 0: those from `begin` to before `end`.
struct RowRange {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// Used by one thread at a time, with its streams. The file may be closed before them.
class FileRows {
 public:
  explicit FileRows(const IpcFileReader& file);

  /// These rows, the ranges in their order, as plain arrays. What was read for one stream need not be read for the
  /// next.
  Status stream(std::vector<RowRange> rows, ArrowArrayStream* out);

 private:
  struct Newest;
  std::shared_ptr<Newest> newest_;
};

}  // namespace outfall::columnar
