// SPDX-License-Identifier: Apache-2.0
//
// deliver: brings one sealed package to its destination, exactly once where the destination is transactional.
//
// A lane is a job file where the destination takes rows in batches, else the package. Both are worked on by one
// schedule, and attempts at both follow one policy.
#pragma once

#include <functional>

#include "base/env.h"
#include "delivery/destination.h"
#include "delivery/lane_schedule.h"
#include "outfall/error.h"

namespace outfall::delivery {

struct DeliverOptions {
  Wait wait = real_wait();
  Env& env = Env::system();
  /// Told of each attempt at the whole package that failed, before the wait for the next one. For the ledger's count.
  std::function<void(const Error&)> attempt_failed;
};

/// Delivers what is left of the package. In batches: as far as it goes now, and the summary says how far that is. As a
/// whole: unless its load id is at the destination already, and with the load id read back, whatever the commit was
/// answered; only after this returned may the ledger say loaded.
///
/// Errors: in batches: it is not known how far the package is; as a whole: the last attempt's. interrupted: the
/// caller's stop; nothing of the package is visible then.
Result<LoadSummary> deliver(Destination& destination, const LoadRequest& request, const DeliverOptions& options);

}  // namespace outfall::delivery
