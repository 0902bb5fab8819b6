// SPDX-License-Identifier: Apache-2.0
//
// What a run was asked to promise, and whether its destination can.
#pragma once

#include "outfall/error.h"
#include "pipeline/run.h"

namespace outfall::pipeline {

/// The run is refused rather than what was asked for weakened. Asks the destination where only it can say.
///
/// Errors: usage: it promises less; it cannot be asked.
Status check_promise(const RunRequest& request);

}  // namespace outfall::pipeline
