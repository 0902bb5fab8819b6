// SPDX-License-Identifier: Apache-2.0
//
// LaneSchedule: who works on which lane, and when. A lane that waits holds no thread.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/env.h"
#include "delivery/lane.h"
#include "outfall/types.h"

namespace outfall::delivery {

/// Waits until `changed` is notified, no longer than `time`. A test moves its own clock here.
using Wait = std::function<void(std::unique_lock<std::mutex>& lock, std::condition_variable& changed,
                                std::chrono::nanoseconds time)>;

Wait real_wait();

struct ScheduleOptions {
  int workers = 1;  ///< threads at most, that of the caller among them
  Parallelism parallelism = Parallelism::parallel;
  Wait wait = real_wait();
  /// As LoadRequest::waiting.
  std::function<void(const std::string& what)> waiting{};
};

class LaneSchedule {
 public:
  /// The lanes outlive the object; their order is the one that the parallelism keeps.
  LaneSchedule(const std::vector<Lane*>& lanes, ScheduleOptions options, std::stop_token stop, Env& env);

  /// Works on the lanes until each is done or stopped, or the stop is requested. `writer` is that of the caller's
  /// thread, and may be made by it. No thread outlives the call.
  ///
  /// Errors: the first of a lane.
  Status run(std::unique_ptr<Writer>& writer);

 private:
  struct Slot {
    enum class State { ready, running, waiting, done, stopped };

    Lane* lane = nullptr;
    State state = State::ready;
    std::chrono::nanoseconds due{};
    bool is_long = false;  ///< the wait

    bool is_over() const { return state == State::done || state == State::stopped; }
  };

  void work(std::unique_ptr<Writer>& writer);
  Slot* take();
  bool may_begin(Slot& slot);
  bool tells(const Slot* nearest) const { return nearest != nullptr && nearest->is_long && options_.waiting; }
  void give_back(Slot& slot, const Turn& turn);
  void break_off(Error error);

  const ScheduleOptions options_;
  const std::stop_token stop_;
  Env& env_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Slot> slots_;
  std::optional<Error> broken_;
};

}  // namespace outfall::delivery
