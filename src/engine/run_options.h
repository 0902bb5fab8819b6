// SPDX-License-Identifier: Apache-2.0
//
// What is asked of a run: whether it makes sense, before anything is touched.
#pragma once

#include "outfall/error.h"
#include "outfall/pipeline.h"

namespace outfall::engine {

/// Errors: usage: options that contradict each other or name nothing.
Status check_run(const RunOptions& options);

/// Whether the shell has taken a command apart that was not in quotes: `--to exec:python3 push.py`.
///
/// Errors: usage: a program that runs programs is to be started without one, and one is among the inputs.
Status check_command_is_whole(const std::string& destination, const std::vector<std::string>& inputs);

/// The same as check_run for rows that are pushed.
Status check_pushed(const RunOptions& options);

}  // namespace outfall::engine
