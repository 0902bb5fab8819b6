// SPDX-License-Identifier: Apache-2.0
//
// Attempts: how often one thing is sent, a batch or a whole package, and what is done when nobody knows whether it
// arrived.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/env.h"
#include "delivery/retry.h"
#include "outfall/outcome.h"

namespace outfall::delivery {

/// Equal failures one after the other, of whatever lanes of a load: sending more does no good to anybody then, and
/// whoever fails next waits as long as it may. Any thread may call.
class Storm {
 public:
  /// True: it is one.
  bool add(const std::string& reason);
  void end();

 private:
  std::mutex mutex_;
  std::string reason_;
  int failures_ = 0;
};

class Attempts {
 public:
  /// `may_be_there`: it may have been sent by an earlier process. All outlive the object.
  Attempts(const RetryPolicy& policy, Env& env, bool may_be_there)
      : policy_(&policy), env_(&env), may_be_there_(may_be_there) {}

  /// One more attempt, in up to three steps:
  ///   Outcome open()                     what else it takes is there: delivered; nothing was sent otherwise
  ///   std::optional<Outcome> resolve()   what became of what may be there; nothing: nobody can say
  ///   Outcome send()                     not before it is known that nothing is there, as far as that can be known
  template <class Open, class Resolve, class Send>
  Outcome make(Open&& open, Resolve&& resolve, Send&& send);

  /// It failed, with retry or unknown. How long to wait before the next one. None: enough.
  std::optional<std::chrono::nanoseconds> wait_after(const Outcome& outcome, Storm& storm);

  std::uint64_t count() const { return count_; }
  bool may_be_there() const { return may_be_there_; }

 private:
  const RetryPolicy* policy_;
  Env* env_;
  std::uint64_t count_ = 0;  ///< in this run
  bool may_be_there_;
  std::optional<Retry> retry_{};
};

template <class Open, class Resolve, class Send>
Outcome Attempts::make(Open&& open, Resolve&& resolve, Send&& send) {
  ++count_;
  if (!retry_) retry_.emplace(*policy_, *env_);
  if (Outcome opened = open(); opened.kind != Outcome::Kind::delivered) return opened;
  if (may_be_there_) {
    std::optional<Outcome> known = resolve();
    // It was asked what became of it, not for another verdict.
    const bool is_verdict = known && (known->kind == Outcome::Kind::fatal ||
                                      (known->kind == Outcome::Kind::rejected && known->rows.empty()));
    if (is_verdict) known->kind = Outcome::Kind::unknown;
    if (known && known->kind != Outcome::Kind::retry) return *std::move(known);
  }
  Outcome outcome = send();
  may_be_there_ = outcome.kind == Outcome::Kind::unknown;
  return outcome;
}

}  // namespace outfall::delivery
