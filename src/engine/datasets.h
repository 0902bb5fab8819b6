// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "delivery/destination.h"
#include "outfall/error.h"

namespace outfall::engine {

/// Schemas of the destination that a pipeline of dlt's or ours has loaded into.
Result<std::vector<std::string>> read_datasets(delivery::Destination& destination, const std::stop_token& stop);

}  // namespace outfall::engine
