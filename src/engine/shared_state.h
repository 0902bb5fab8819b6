// SPDX-License-Identifier: Apache-2.0
//
// Where the state of pipelines is shared: the only place that names the kinds of stores.
#pragma once

#include <string>

#include "outfall/error.h"
#include "pipeline/state_keeper.h"

namespace outfall::engine {

/// `asked`: as PipelineOptions::state. Else OUTFALL_STATE, else `state` of the configuration files.
///
/// Errors: usage: it is no address of a store, or the folder is not there.
Result<pipeline::SharedState> find_shared_state(const std::string& asked);

/// Brings the pipelines that a name means (empty: all) up to date in a data directory, to be looked at. Nobody is kept
/// from anything.
Status refresh_pipelines(const pipeline::SharedState& shared, const std::string& data_dir, const std::string& name);

}  // namespace outfall::engine
