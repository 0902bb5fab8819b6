// SPDX-License-Identifier: Apache-2.0
//
// RateLimit: so many batches in a while, whoever sends them. Any thread may call.
#pragma once

#include <algorithm>
#include <chrono>
#include <mutex>

namespace outfall::delivery {

class RateLimit {
 public:
  using Clock = std::chrono::steady_clock;

  explicit RateLimit(std::chrono::nanoseconds interval) : interval_(interval) {}

  /// When the caller may send its batch. Each time is given once, and they are an interval apart.
  Clock::time_point reserve(Clock::time_point now) {
    const std::lock_guard lock(mutex_);
    const Clock::time_point due = std::max(now, next_);
    next_ = due + std::chrono::duration_cast<Clock::duration>(interval_);
    return due;
  }

 private:
  const std::chrono::nanoseconds interval_;
  std::mutex mutex_;
  Clock::time_point next_{};
};

}  // namespace outfall::delivery
