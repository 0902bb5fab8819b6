// SPDX-License-Identifier: Apache-2.0
//
// A command that changes what is pending or rejected: a run of its own in the ledger, with the pipeline held.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/wait.h"
#include "ledger/records.h"
#include "pipeline/held_pipeline.h"

namespace outfall::pipeline {

struct CommandRequest {
  std::string key;  ///< the pipeline's folder in the data directory
  std::string data_dir;
  ledger::Binding binding;
  LockWait lock_wait{};
  std::string command;  ///< for the trace
  SharedState shared{};
  Env& env;
};

/// What the command does, as the run `run_id`; it may add notes.
using CommandAct =
    std::function<Status(HeldPipeline& held, const std::string& run_id, std::vector<std::string>& notes)>;

/// Holds the pipeline, acts, and records the end. Returns the notes.
///
/// Errors: those of hold; those of `act`.
Result<std::vector<std::string>> run_held_command(const CommandRequest& request, const CommandAct& act);

/// Whether one is found too that was aborted, and that nobody has brought to its end.
enum class FindAborting { no, yes };

/// The package, which must be pending.
///
/// Errors: usage: it is not pending (`verb`: what it cannot be: "dropped"), or somebody has it aborted.
Result<ledger::PackageRecord> find_pending(ledger::Ledger& ledger, const std::string& load_id, std::string_view verb,
                                           FindAborting aborting = FindAborting::no);

}  // namespace outfall::pipeline
