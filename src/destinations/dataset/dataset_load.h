// SPDX-License-Identifier: Apache-2.0
//
// One attempt at a load into a DatasetDestination: migration, jobs, completion.
#pragma once

#include "base/env.h"
#include "delivery/destination.h"
#include "outfall/dataset_destination.h"

namespace outfall::destinations::dataset {

/// `watch`: of its calls; may be null.
///
/// Errors: those of the destination, with what it was doing; abandon: a job file is damaged, or the schema says what
/// cannot be.
Result<delivery::LoadSummary> load_package(DatasetDestination& destination, const delivery::LoadRequest& request,
                                           delivery::CallWatch* watch, Env& env);

}  // namespace outfall::destinations::dataset
