// SPDX-License-Identifier: Apache-2.0
//
// Exponential backoff with full jitter, a cap, and two limits.
#include "delivery/retry.h"

#include <algorithm>
#include <cstdint>
#include <span>

namespace outfall::delivery {

std::optional<std::chrono::nanoseconds> Retry::next_wait() {
  ++attempts_;
  if (attempts_ >= policy_.attempts_max) return std::nullopt;
  // 2^20 times the first wait is beyond any cap; more would overflow.
  auto limit = policy_.wait_first * (std::int64_t{1} << std::min(attempts_ - 1, 20));
  std::chrono::nanoseconds longest = std::min<std::chrono::milliseconds>(limit, policy_.wait_max);
  std::uint64_t dice = 0;
  env_->random(std::as_writable_bytes(std::span(&dice, 1)));
  std::chrono::nanoseconds wait(static_cast<std::int64_t>(dice % static_cast<std::uint64_t>(longest.count() + 1)));
  if (env_->monotonic() - started_ + wait > policy_.elapsed_max) return std::nullopt;
  return wait;
}

}  // namespace outfall::delivery
