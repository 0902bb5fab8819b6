// SPDX-License-Identifier: Apache-2.0
//
// Where the state of pipelines is shared: the only place that names the kinds of stores.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "outfall/error.h"
#include "pipeline/state_keeper.h"

namespace outfall::engine {

/// Asks for no shared state, whatever else says where it is.
inline constexpr std::string_view shared_with_nobody = "none";

/// `asked`: as PipelineOptions::state. Else OUTFALL_STATE, else `state` of the configuration files.
///
/// Errors: usage: it is no address of a store, or the folder is not there.
Result<pipeline::SharedState> find_shared_state(const std::string& asked);

/// A pipeline of the shared state that could not be brought up to date here, or a folder there that cannot be read.
struct Unreadable {
  std::string key;
  Error error;
};

/// Brings the pipelines that a name means (empty: all) up to date in a data directory, to be looked at. Without a name
/// one that cannot be is among those that are returned, and the others are.
///
/// Errors: those of the store; with a name also those of its pipelines.
Result<std::vector<Unreadable>> refresh_pipelines(const pipeline::SharedState& shared, const std::string& data_dir,
                                                  const std::string& name);

}  // namespace outfall::engine
