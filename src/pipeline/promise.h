// SPDX-License-Identifier: Apache-2.0
//
// What a run was asked for and to promise, and whether its destination can.
#pragma once

#include <span>

#include "ledger/records.h"
#include "outfall/error.h"
#include "pipeline/run.h"

namespace outfall::pipeline {

/// The run is refused rather than what was asked for weakened. Asks the destination where only it can say.
///
/// Errors: usage: it cannot take rows so, or promises less; it cannot be asked.
Status check_asked(const RunRequest& request);

/// The same of what is to be delivered first: it was sealed when the destination may have been another one.
Status check_pending(const RunRequest& request, std::span<const ledger::PackageRecord> pending);

}  // namespace outfall::pipeline
