// SPDX-License-Identifier: Apache-2.0
//
// Giving up a pending package.
#pragma once

#include <string>
#include <vector>

#include "base/env.h"
#include "base/wait.h"
#include "delivery/destination.h"
#include "ledger/records.h"
#include "pipeline/held_pipeline.h"

namespace outfall::pipeline {

struct DropRequest {
  std::string key;  ///< the pipeline's folder in the data directory
  std::string data_dir;
  ledger::Binding binding;
  std::string load_id;
  LockWait lock_wait{};
  delivery::Destination& destination;  ///< the package's
  Env& env;
};

/// Asks the destination first: what it has is not pending, whatever the ledger says. The drop is a run of its own in
/// the ledger. Returns notes.
///
/// Errors: those of hold; the destination has the load, or could not be asked; the package is not pending.
Result<std::vector<std::string>> drop_package(const DropRequest& request);

}  // namespace outfall::pipeline
