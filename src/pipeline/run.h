// SPDX-License-Identifier: Apache-2.0
//
// One run of a pipeline: finish what an earlier run left, extract and normalize the inputs into a sealed package,
// deliver it.
//
// The order of the durable steps is what makes a crash harmless: job files are on the disk before the seal mentions
// them, the seal stands before the destination is touched, the destination is asked before the ledger says loaded, and
// the run's end is last.
#pragma once

#include <string>
#include <vector>

#include "base/env.h"
#include "base/wait.h"
#include "delivery/destination.h"
#include "ledger/data_dir.h"
#include "normalize/document_source.h"
#include "outfall/pipeline.h"
#include "pipeline/state_keeper.h"

namespace outfall::pipeline {

class LetterSource;

struct RunRequest {
  std::string name;    ///< as the destination knows the pipeline
  std::string key;     ///< its folder in the data directory
  std::string called;  ///< what commands call it by
  std::string dataset;
  std::string data_dir;
  LockWait lock_wait{};
  std::string command;  ///< for the trace, without secrets
  const RunOptions& options;
  delivery::Destination& destination;
  normalize::DocumentSource* source = nullptr;  ///< null: only finish what is pending
  LetterSource* replay = nullptr;               ///< the same, where it is one of dead letters
  Env& env;
  /// Keys of other pipelines of the dataset that may know the same inputs.
  std::vector<std::string> neighbours{};
  SharedState shared{};
  std::string note{};  ///< for the report; empty: none
  /// What later runs that only finish what is pending are given of batches; none: the same as before.
  std::optional<std::string> batches{};
};

Report run(const RunRequest& request);

}  // namespace outfall::pipeline
