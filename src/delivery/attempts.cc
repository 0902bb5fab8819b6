// SPDX-License-Identifier: Apache-2.0
#include "delivery/attempts.h"

#include <algorithm>

namespace outfall::delivery {
namespace {

/// So many equal failures in a row are a storm.
constexpr int storm_failures = 10;

}  // namespace

bool Storm::add(const std::string& reason) {
  const std::lock_guard lock(mutex_);
  if (reason_ != reason) failures_ = 0;
  reason_ = reason;
  return ++failures_ > storm_failures;
}

void Storm::end() {
  const std::lock_guard lock(mutex_);
  failures_ = 0;
}

std::optional<std::chrono::nanoseconds> Attempts::wait_after(const Outcome& outcome, Storm& storm) {
  const std::optional<std::chrono::nanoseconds> wait = retry_->next_wait();
  if (!wait) return std::nullopt;
  const auto asked =
      std::min<std::chrono::nanoseconds>(outcome.after.value_or(std::chrono::nanoseconds(0)), policy_->asked_max);
  const std::chrono::nanoseconds own = storm.add(outcome.reason) ? policy_->wait_max : *wait;
  return std::max(own, asked);
}

}  // namespace outfall::delivery
