// SPDX-License-Identifier: Apache-2.0
//
// What is asked of a run: whether it makes sense, before anything is touched.
#pragma once

#include "outfall/error.h"
#include "outfall/pipeline.h"

namespace outfall::engine {

/// Errors: usage: options that contradict each other or name nothing.
Status check_run(const RunOptions& options);

/// The same for rows that are pushed.
Status check_pushed(const RunOptions& options);

}  // namespace outfall::engine
