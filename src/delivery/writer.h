// SPDX-License-Identifier: Apache-2.0
//
// Writer: what takes rows in batches, and the answers it may give.
//
// A batch is rows [first, last) of one job file. The same rows are always sent under the same key, also by a later
// process, so whoever gets them can tell a repetition.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/row_texts.h"
#include "outfall/error.h"
#include "schema/table.h"

namespace outfall::delivery {

struct RejectedRow {
  std::uint64_t row = 0;  ///< of the batch, from 0
  std::string reason{};
};

/// What became of a batch.
struct Outcome {
  enum class Kind {
    delivered,
    retry,     ///< nothing of it took effect; it may be sent again
    rejected,  ///< `rows` are refused and the others delivered; no rows: nothing is delivered, and any may be to blame
    unknown,   ///< it may have taken effect, as a whole, in part, or not
    fatal,     ///< nothing of it took effect, and sending it again cannot help
  };

  Kind kind = Kind::delivered;
  std::string reason{};
  std::string hint{};
  std::optional<std::chrono::nanoseconds> after{};  ///< of retry: how long to wait at least
  std::vector<RejectedRow> rows{};                  ///< of rejected, in their order
};

struct Batch {
  const std::string& load_id;
  const schema::Table& table;
  const std::string& job_file;
  columnar::RowTexts& rows;  ///< of the whole job file
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t index = 0;    ///< how many whole batches stand before it in the file
  std::uint64_t attempt = 0;  ///< from 1
  std::string_view key{};
  std::stop_token stop{};

  std::uint64_t size() const { return last - first; }
};

/// What a writer is told besides batches: each at least once, also again by a later process.
struct Event {
  enum class Kind {
    begin_table,    ///< before any of its rows; also where there are none, but what was there before is replaced
    end_table,      ///< all its rows are delivered or rejected
    complete_load,  ///< the same of all tables
    abort_load,     ///< what is not delivered yet is given up
  };

  Kind kind = Kind::end_table;
  const std::string& load_id;
  const schema::Table* table = nullptr;  ///< null: the whole load
  std::stop_token stop{};
};

/// Belongs to one thread.
class Writer {
 public:
  virtual ~Writer() = default;

  virtual Outcome write(const Batch& batch) = 0;

  /// The outcome is delivered, or why it could not be told.
  virtual Outcome tell(const Event& event) = 0;
};

}  // namespace outfall::delivery
