// SPDX-License-Identifier: Apache-2.0
//
// What a run was asked for and to promise, and whether its destination can.
#pragma once

#include "outfall/error.h"
#include "pipeline/run.h"

namespace outfall::pipeline {

/// The run is refused rather than what was asked for weakened. Asks the destination where only it can say.
///
/// Errors: usage: it cannot take rows so, or promises less; it cannot be asked.
Status check_asked(const RunRequest& request);

}  // namespace outfall::pipeline
