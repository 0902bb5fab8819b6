// SPDX-License-Identifier: Apache-2.0
//
// FirstCall: what a destination that takes rows in batches would be handed first, found out while a dry run shapes its
// rows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/ipc_file.h"
#include "delivery/destination.h"
#include "outfall/arrow.h"
#include "outfall/report.h"
#include "schema/schema.h"

namespace outfall::pipeline {

class FirstCallWatch {
 public:
  /// `destination` outlives the object.
  explicit FirstCallWatch(const delivery::Destination& destination) : lanes_(destination.lane_options()) {}

  /// Sees the batches in the order in which job files would get them, and releases none.
  Status look(std::string_view table, const ArrowSchema& schema, const ArrowArray& batch);

  /// None: it saw no row, or the destination takes packages as a whole.
  Result<std::optional<FirstCall>> found(const schema::Schema& schema);

 private:
  /// Whether bytes bound a batch: then all its rows have to be looked at.
  bool is_bounded() const { return lanes_->batch_size > 0 && lanes_->batch_bytes > 0; }

  const delivery::LaneOptions* const lanes_;  ///< null: it takes packages as a whole
  std::string table_;                         ///< of the first job file; empty: none has begun
  std::vector<std::string> columns_;          ///< of that
  bool is_over_ = false;                      ///< the next batch of the table begins another file
  std::uint64_t rows_ = 0;                    ///< of the file, so far
  std::optional<columnar::IpcFileReader> sample_;
};

}  // namespace outfall::pipeline
