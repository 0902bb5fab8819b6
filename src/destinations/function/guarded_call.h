// SPDX-License-Identifier: Apache-2.0
//
// GuardedCall: calls code that is not ours. It may throw, and it may never return.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>

#include "outfall/outcome.h"

namespace outfall::destinations::function {

/// Whatever it throws is an unknown outcome. `what` is called so in its reason.
Outcome call_and_catch(const std::function<Outcome()>& call, std::string_view what);

/// Calls with a time limit, from a thread of its own, which serves one call after another. A call that has not returned
/// in time is left alone with it: the thread ends when the call does, and nobody waits for that. Belongs to one thread.
class TimedCalls {
 public:
  explicit TimedCalls(std::chrono::nanoseconds timeout) : timeout_(timeout) {}
  TimedCalls(const TimedCalls&) = delete;
  TimedCalls& operator=(const TimedCalls&) = delete;
  ~TimedCalls();

  /// `call` owns all that it touches. Nothing: it has not returned in time.
  std::optional<Outcome> call(std::function<Outcome()> call);

 private:
  struct Shared;
  const std::chrono::nanoseconds timeout_;
  std::shared_ptr<Shared> thread_;  ///< null: none is idle
};

}  // namespace outfall::destinations::function
