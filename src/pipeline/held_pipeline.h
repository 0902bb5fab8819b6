// SPDX-License-Identifier: Apache-2.0
//
// HeldPipeline: a pipeline of which this process is the one holder, with its ledger open and its begin recorded.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/wait.h"
#include "ledger/data_dir.h"
#include "ledger/ledger.h"
#include "ledger/pipeline_lock.h"
#include "pipeline/state_keeper.h"

namespace outfall::pipeline {

struct HoldRequest {
  std::string key;  ///< its folder in the data directory
  std::string data_dir;
  ledger::Binding binding;
  LockWait lock_wait{};
  std::string run_id;
  std::string command;  ///< for the trace, without secrets
  ledger::RunInput input = ledger::RunInput::none;
  SharedState shared{};
};

struct HeldPipeline {
  ledger::PipelinePaths paths;
  ledger::PipelineLock lock;
  ledger::Ledger ledger;
  std::unique_ptr<StateKeeper> state;       ///< null: it is shared with nobody
  std::vector<ledger::UnendedRun> unended;  ///< those before this one
  std::vector<std::string> notes;           ///< facts worth a line
};

/// Takes the lock, fetches what other runners have shared, opens the ledger, and records that a run begins.
///
/// Errors: usage: the pipeline is bound to something else, or shared elsewhere; busy: another process holds it.
Result<HeldPipeline> hold(const HoldRequest& request, Env& env);

/// Records how the run ended, then pushes the state for the last time and lets go of it.
Status end_held(HeldPipeline& held, const ledger::RunEnd& end);

}  // namespace outfall::pipeline
