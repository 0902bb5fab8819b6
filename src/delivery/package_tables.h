// SPDX-License-Identifier: Apache-2.0
//
// Which tables of the schema a package touches.
#pragma once

#include <string>
#include <vector>

#include "ledger/records.h"
#include "outfall/error.h"
#include "schema/schema.h"

namespace outfall::delivery {

/// The tables with jobs, in the order of their first job, then the tables below replaced roots that have seen data.
///
/// Errors: a job's table is not in the schema.
Result<std::vector<const schema::Table*>> tables_to_make(const ledger::PackageRecord& package,
                                                         const schema::Schema& schema);

/// The replaced root tables with all tables nested below them, whether they have jobs or not.
std::vector<const schema::Table*> tables_to_empty(const ledger::PackageRecord& package, const schema::Schema& schema);

}  // namespace outfall::delivery
