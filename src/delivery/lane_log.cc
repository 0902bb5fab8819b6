// SPDX-License-Identifier: Apache-2.0
#include "delivery/lane_log.h"

#include <utility>

namespace outfall::delivery {

LaneLog::LaneLog(ledger::Ledger& ledger, std::string load_id, std::string run_id, LaneLogHooks hooks)
    : ledger_(ledger), load_id_(std::move(load_id)), run_id_(std::move(run_id)), hooks_(std::move(hooks)) {}

Status LaneLog::record(ledger::LaneUpdate update, std::uint64_t rows, RowsLetGo let_go) {
  std::unique_lock lock(mutex_);
  waiting_.push_back(std::move(update));
  if (!let_go.rows.empty()) waiting_let_go_.push_back(std::move(let_go));
  waiting_rows_ += rows;
  const std::uint64_t mine = ++asked_;
  while (status_ && committed_ < mine) {
    if (is_committing_)
      committed_one_.wait(lock);
    else
      commit(lock);
  }
  return status_;
}

/// Commits for all that wait. Those that come meanwhile wait for the next one.
void LaneLog::commit(std::unique_lock<std::mutex>& lock) {
  is_committing_ = true;
  std::vector<ledger::LaneUpdate> updates = std::exchange(waiting_, {});
  const std::vector<RowsLetGo> let_go = std::exchange(waiting_let_go_, {});
  const std::uint64_t rows = std::exchange(waiting_rows_, 0);
  const std::uint64_t upto = asked_;
  lock.unlock();
  Status recorded = write(std::move(updates));
  if (recorded) recorded = place(let_go);
  if (recorded && hooks_.settled && rows > 0) hooks_.settled(rows);
  lock.lock();
  is_committing_ = false;
  if (!recorded) status_ = fail(std::move(recorded.error()).in("record what was delivered"));
  committed_ = upto;
  committed_one_.notify_all();
}

Status LaneLog::write(std::vector<ledger::LaneUpdate> updates) {
  for (ledger::LaneUpdate& update : updates) {
    for (ledger::Letter& letter : update.letters) {
      if (!hooks_.place_letter) break;
      if (Status placed = hooks_.place_letter(letter); !placed) return placed;
    }
  }
  if (Status recorded = ledger_.record_lanes(load_id_, run_id_, updates); !recorded) return recorded;
  for (const ledger::LaneUpdate& update : updates) {
    if (!update.state.empty() && hooks_.remembered) hooks_.remembered(update.state);
  }
  return {};
}

Status LaneLog::place(const std::vector<RowsLetGo>& let_go) const {
  if (!hooks_.place_letter) return {};
  for (const RowsLetGo& of_file : let_go) {
    ledger::Letter letter{.table = of_file.table, .job_file = of_file.job_file};
    for (const std::uint64_t row : of_file.rows) {
      letter.row = row;
      if (Status placed = hooks_.place_letter(letter); !placed) return placed;
    }
  }
  return {};
}

}  // namespace outfall::delivery
