// SPDX-License-Identifier: Apache-2.0
//
// Reading and writing the table lanes, inside transactions that do more.
#pragma once

#include <string>
#include <vector>

#include "base/sqlite.h"
#include "ledger/records.h"
#include "outfall/error.h"

namespace outfall::ledger {

/// In the order of their jobs.
Result<std::vector<LaneRecord>> read_lanes(Database& database, const std::string& load_id);

Status write_lane(Database& database, const std::string& load_id, const LaneRecord& lane);

/// What the lanes of a package have rejected is what the destination refuses of it, table by table.
Status count_refused_rows(Database& database, const std::string& load_id);

}  // namespace outfall::ledger
