// SPDX-License-Identifier: Apache-2.0
//
// Plugins as destinations of the program itself (outfall/plugin.h).
#pragma once

#include <memory>
#include <string>

#include "delivery/call_watch.h"
#include "outfall/error.h"
#include "outfall/own_destination.h"

namespace outfall::destinations::function {

/// Loads the library of `plugin:PATH#NAME`, and lets it introduce itself. `name`: of one whose address is secret, by
/// which it goes in errors; empty: it goes by its address. `watch`: of the time that this takes; may be null.
///
/// Errors: usage: there is no such library or function, or the plugin refuses.
Result<std::shared_ptr<OwnDestination>> load_plugin(const std::string& address, const std::string& name,
                                                    delivery::CallWatch* watch);

}  // namespace outfall::destinations::function
