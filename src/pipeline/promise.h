// SPDX-License-Identifier: Apache-2.0
//
// What a run was asked for and to promise, and whether its destination can.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ledger/records.h"
#include "outfall/error.h"
#include "pipeline/held_pipeline.h"
#include "pipeline/run.h"

namespace outfall::pipeline {

/// What a destination promises whose loads are committed in such units.
DeliveryMode mode_as_committed(DeliveryMode mode, CommitUnit commit);

/// The run is refused rather than what was asked for weakened. Asks the destination where only it can say.
///
/// Errors: usage: it cannot take rows so, or promises less; it cannot be asked.
Status check_asked(const RunRequest& request);

/// Whether the destination merges rows so; one that says nothing of it takes them as they are.
///
/// Errors: usage: it does not (says how it does).
Status check_merge_strategy(const RunRequest& request, MergeStrategy strategy);

/// Whether what a runner whose disk is lost may have delivered behind its last push comes again under other keys,
/// because that runner cut its batches in another way: then nobody can tell that it is the same, and it is delivered at
/// least once. Adds a note that says so, and keeps how this run cuts them.
///
/// Errors: usage: more is required.
Result<bool> has_other_keys(const RunRequest& request, HeldPipeline& held, bool is_pending,
                            std::vector<std::string>& notes);

/// The same of what is to be delivered first: it was sealed when the destination may have been another one.
Status check_pending(const RunRequest& request, std::span<const ledger::PackageRecord> pending);

}  // namespace outfall::pipeline
