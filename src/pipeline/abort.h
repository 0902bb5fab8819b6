// SPDX-License-Identifier: Apache-2.0
//
// Giving up what is pending of a package, for good: what was delivered stays so, and all of it counts as done.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "delivery/destination.h"
#include "pipeline/held_pipeline.h"

namespace outfall::pipeline {

/// Records first that it is to be done: a later run goes on with it from there. Or goes on itself. Without a
/// destination, which another program has, it stays with that.
///
/// Errors: the destination has the whole load, or could not be asked; the package is not pending; interrupted: as
/// below.
Status abort_package(HeldPipeline& held, const std::string& run_id, const std::string& load_id,
                     delivery::Destination* destination, const std::stop_token& stop, std::vector<std::string>& notes);

/// Brings an abort to its end that was asked for. A destination that cannot be told does not keep it.
///
/// Errors: interrupted: the stop was requested before it was told. What was asked for stays so.
Status finish_abort(HeldPipeline& held, const ledger::PackageRecord& package, delivery::Destination& destination,
                    const std::stop_token& stop, std::vector<std::string>& notes);

}  // namespace outfall::pipeline
