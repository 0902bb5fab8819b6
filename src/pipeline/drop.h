// SPDX-License-Identifier: Apache-2.0
//
// Giving up a pending package as if it had never been sealed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "delivery/destination.h"
#include "pipeline/held_pipeline.h"

namespace outfall::pipeline {

/// A crash between the destination's commit and our record of it leaves a package pending that is there. A destination
/// that another program has, null, records no loads.
///
/// Errors: it is there, or the destination could not be asked; `nothing` says that nothing was done.
Status check_not_there(delivery::Destination* destination, const ledger::PackageRecord& package,
                       std::string_view nothing);

/// Asks the destination first: what it has is not pending, whatever the ledger says.
///
/// Errors: the destination has the load, or could not be asked; the package is not pending.
Status drop_package(HeldPipeline& held, const std::string& load_id, delivery::Destination* destination,
                    std::vector<std::string>& notes);

}  // namespace outfall::pipeline
