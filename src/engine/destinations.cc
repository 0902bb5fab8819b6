// SPDX-License-Identifier: Apache-2.0
#include "base/env.h"
#include "engine/registry.h"
#include "outfall/destination.h"

namespace outfall {

Result<DestinationCapabilities> destination_capabilities(const std::string& address) {
  const auto destination = engine::make_destination(address, {}, Env::system());
  if (!destination) return fail(destination.error());
  const delivery::Capabilities& can = (*destination)->capabilities();
  return DestinationCapabilities{.address = (*destination)->address(),
                                 .mode = (*destination)->mode(),
                                 .identifier_length_max = can.identifier_length_max,
                                 .case_sensitive_names = can.case_sensitive_names};
}

}  // namespace outfall
