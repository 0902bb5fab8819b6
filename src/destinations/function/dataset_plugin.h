// SPDX-License-Identifier: Apache-2.0
//
// Plugins that take whole loads (outfall_dataset of outfall/plugin.h) as DatasetDestinations.
#pragma once

#include <memory>
#include <string>

#include "outfall/dataset_destination.h"
#include "outfall/error.h"
#include "outfall/plugin.h"

namespace outfall::destinations::function {

/// `name`: what it is called, PATH#NAME. What it was introduced with stays as long as the object.
///
/// Errors: usage: it says of itself what cannot be; the plugin was closed.
Result<std::shared_ptr<DatasetDestination>> make_dataset_plugin(std::string name, const outfall_destination& plugin);

}  // namespace outfall::destinations::function
