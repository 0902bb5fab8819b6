// SPDX-License-Identifier: Apache-2.0
//
// A package of the ledger as it is told outside.
#pragma once

#include <cstdint>
#include <optional>

#include "ledger/records.h"
#include "outfall/status.h"

namespace outfall::engine {

/// From microseconds since 1970 UTC, as the ledger has them.
Time time_of(std::int64_t microseconds);
std::optional<Time> time_of(std::optional<std::int64_t> microseconds);

PackageStatus package_status(const ledger::PackageRecord& record);

}  // namespace outfall::engine
