// SPDX-License-Identifier: Apache-2.0
//
// The job files of a package, delivered in batches: each file a lane, several of them at once.
#pragma once

#include "base/env.h"
#include "delivery/destination.h"
#include "delivery/intake.h"
#include "outfall/error.h"

namespace outfall::delivery {

/// Delivers what is left of the package, as far as it goes now. A row that is rejected, and a lane that gets no
/// further, do not keep the others.
///
/// Errors: it is not known how far the package is. Where it can only not be recorded any more, the summary says so, and
/// counts what was.
Result<LoadSummary> deliver_in_batches(const LoadRequest& request, const Intake& intake, Env& env);

}  // namespace outfall::delivery
