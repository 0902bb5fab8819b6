// SPDX-License-Identifier: Apache-2.0
//
// What people say of the capabilities of a destination, in its section of the configuration or by the program itself.
#pragma once

#include <span>

#include "delivery/destination.h"
#include "engine/settings_reader.h"
#include "outfall/capabilities.h"
#include "outfall/error.h"

namespace outfall::engine {

/// The keys of `[destination.NAME.capabilities]`.
std::span<const char* const> capability_keys();

/// Errors: usage: a value is none that its key can have.
Status read_capabilities(const SettingsReader& reader, CapabilityOverrides& found);

/// The first, and where it leaves something open the second.
CapabilityOverrides filled(CapabilityOverrides first, const CapabilityOverrides& second);

/// Has the destination do no more than that.
///
/// Errors: usage: it cannot do what is said.
Status override_capabilities(delivery::Destination& destination, const CapabilityOverrides& overrides);

}  // namespace outfall::engine
