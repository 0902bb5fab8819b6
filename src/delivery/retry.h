// SPDX-License-Identifier: Apache-2.0
//
// Retry: how long to wait before trying again, and when to stop.
#pragma once

#include <chrono>
#include <optional>

#include "base/env.h"

namespace outfall::delivery {

struct RetryPolicy {
  /// Attempts of one run; the next run has its own.
  int attempts_max = 5;
  /// The longest first wait; it doubles with each attempt.
  std::chrono::milliseconds wait_first{500};
  /// The longest wait at all.
  std::chrono::milliseconds wait_max{30'000};
  /// The longest wait that whoever takes the rows may ask for.
  std::chrono::milliseconds asked_max{5 * 60 * 1000};
  /// No attempt begins later than this after the first one did.
  std::chrono::milliseconds elapsed_max{15 * 60 * 1000};
};

/// Counts the attempts at one thing.
class Retry {
 public:
  Retry(const RetryPolicy& policy, Env& env) : policy_(policy), env_(&env), started_(env.monotonic()) {}

  /// The attempt that just failed was the n-th. How long to wait before the next one: anything between nothing and the
  /// limit of this attempt, so that many who failed together do not come back together. None: enough.
  std::optional<std::chrono::nanoseconds> next_wait();

  int attempts() const { return attempts_; }

 private:
  RetryPolicy policy_;
  Env* env_;
  std::chrono::nanoseconds started_;
  int attempts_ = 0;
};

}  // namespace outfall::delivery
