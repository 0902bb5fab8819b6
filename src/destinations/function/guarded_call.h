// SPDX-License-Identifier: Apache-2.0
//
// GuardedCall: calls code that is not ours. It may throw, and it may never return.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string_view>

#include "outfall/outcome.h"

namespace outfall::destinations::function {

/// Makes calls, with a time limit if there is one. With one they are made from a thread of their own, which serves one
/// call after another. A call that has not returned in time is left alone with it: the thread ends when the call does,
/// and nobody waits for that. Belongs to one thread.
class GuardedCalls {
 public:
  explicit GuardedCalls(std::optional<std::chrono::nanoseconds> timeout) : timeout_(timeout) {}
  GuardedCalls(const GuardedCalls&) = delete;
  GuardedCalls& operator=(const GuardedCalls&) = delete;
  ~GuardedCalls();

  /// `call` owns all that it touches. What it throws, or that it has not returned in time, is an unknown outcome;
  /// `what` is called so in its reason. Where there is a time limit, it has run out once `stop` is requested.
  Outcome call(std::function<Outcome()> call, std::string_view what, const std::stop_token& stop = {});

  /// Whether a call was left alone: what it touches it may still be touching.
  bool is_stuck() const { return is_stuck_; }

 private:
  struct Shared;
  std::optional<Outcome> call_in_time(std::function<Outcome()> call, const std::stop_token& stop);

  const std::optional<std::chrono::nanoseconds> timeout_;
  std::shared_ptr<Shared> thread_;  ///< null: none is idle
  bool is_stuck_ = false;
};

}  // namespace outfall::destinations::function
