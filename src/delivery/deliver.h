// SPDX-License-Identifier: Apache-2.0
//
// deliver: brings one sealed package to its destination, exactly once where the destination is transactional.
//
// The package is the lane here: its jobs are ordered parts of one transaction.
#pragma once

#include <functional>

#include "base/env.h"
#include "delivery/destination.h"
#include "delivery/retry.h"
#include "outfall/error.h"

namespace outfall::delivery {

struct DeliverOptions {
  RetryPolicy retry;
  Sleep sleep = real_sleep();
  Env& env = Env::system();
  /// Told of each attempt that failed, before the wait for the next one. For the ledger's count.
  std::function<void(const Error&)> attempt_failed;
};

/// Loads the package unless its load id is at the destination already, then reads the load id back, whatever the commit
/// was answered. Only after this returned may the ledger say loaded.
///
/// Errors: the last attempt's. interrupted: the caller's stop; nothing of the package is visible then.
Result<LoadSummary> deliver(Destination& destination, const LoadRequest& request, const DeliverOptions& options);

}  // namespace outfall::delivery
