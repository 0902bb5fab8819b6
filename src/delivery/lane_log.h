// SPDX-License-Identifier: Apache-2.0
//
// LaneLog: makes durable what lanes have come to. All that wait at a moment share one commit.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "ledger/ledger.h"
#include "outfall/error.h"

namespace outfall::delivery {

/// Each is called by one thread at a time, and may use the ledger.
struct LaneLogHooks {
  std::function<void(std::uint64_t rows)> settled{};  ///< told of the rows that a commit has settled
  /// Completes a letter before it is kept, and one that only says where a row stood of which nothing is.
  std::function<Status(ledger::Letter& letter)> place_letter{};
  /// Told of what a commit has made durable of the destination's state, in the order in which it counts.
  std::function<void(const ledger::StateChanges& changes)> remembered{};
};

/// Rejected rows of a job file of which nothing is kept.
struct RowsLetGo {
  std::string table;
  std::string job_file;
  std::vector<std::uint64_t> rows{};  ///< counted in the file
};

/// Any thread may call. While it exists, the ledger is used through it alone.
class LaneLog {
 public:
  /// All outlive the object.
  LaneLog(ledger::Ledger& ledger, std::string load_id, std::string run_id, LaneLogHooks hooks);

  /// Returns once it is durable. `rows` are settled by it. After an error nothing can be recorded any more.
  Status record(ledger::LaneUpdate update, std::uint64_t rows, RowsLetGo let_go = {});

 private:
  void commit(std::unique_lock<std::mutex>& lock);
  Status write(std::vector<ledger::LaneUpdate> updates);
  Status place(const std::vector<RowsLetGo>& let_go) const;

  ledger::Ledger& ledger_;
  const std::string load_id_;
  const std::string run_id_;
  const LaneLogHooks hooks_;

  std::mutex mutex_;
  std::condition_variable committed_one_;
  std::vector<ledger::LaneUpdate> waiting_;
  std::vector<RowsLetGo> waiting_let_go_;
  std::uint64_t waiting_rows_ = 0;
  std::uint64_t asked_ = 0;      ///< updates that were handed over
  std::uint64_t committed_ = 0;  ///< of these
  bool is_committing_ = false;
  Status status_{};
};

}  // namespace outfall::delivery
