// SPDX-License-Identifier: Apache-2.0
//
// LoadBoard: what the calls of a load share beside rows: what the destination remembers, what it counts, and what
// is to be noted of it. Any thread may call.
#pragma once

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "ledger/records.h"
#include "outfall/metrics.h"

namespace outfall::delivery {

/// The values once the changes are made.
inline std::shared_ptr<const ledger::StateValues> with_changes(const ledger::StateValues& values,
                                                               const ledger::StateChanges& changes) {
  auto changed = std::make_shared<ledger::StateValues>(values);
  for (const auto& [name, value] : changes) {
    if (value)
      changed->insert_or_assign(name, *value);
    else
      changed->erase(name);
  }
  return changed;
}

class LoadBoard {
 public:
  /// `pipeline_state`: the pipeline's document, as JSON.
  LoadBoard(ledger::StateValues state, std::string pipeline_state)
      : state_(std::make_shared<const ledger::StateValues>(std::move(state))),
        pipeline_state_(std::move(pipeline_state)) {}

  std::shared_ptr<const ledger::StateValues> state() const {
    const std::lock_guard lock(mutex_);
    return state_;
  }
  const std::string& pipeline_state() const { return pipeline_state_; }

  /// What is durable by now.
  void apply(const ledger::StateChanges& changes) {
    if (changes.empty()) return;
    const std::lock_guard lock(mutex_);
    state_ = with_changes(*state_, changes);
  }

  void count(const Metrics& counted) {
    if (counted.empty()) return;
    const std::lock_guard lock(mutex_);
    metrics_.add(counted);
  }
  /// For the report. What was said before is not said again.
  void note(std::string text) {
    const std::lock_guard lock(mutex_);
    if (std::ranges::find(notes_, text) == notes_.end()) notes_.push_back(std::move(text));
  }
  std::vector<std::string> take_notes() {
    const std::lock_guard lock(mutex_);
    return std::exchange(notes_, {});
  }
  Metrics metrics() const {
    const std::lock_guard lock(mutex_);
    return metrics_;
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const ledger::StateValues> state_;
  const std::string pipeline_state_;
  Metrics metrics_;
  std::vector<std::string> notes_;
};

}  // namespace outfall::delivery
