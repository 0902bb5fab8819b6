// SPDX-License-Identifier: Apache-2.0
//
// Which tables of the schema a package touches.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "ledger/records.h"
#include "outfall/error.h"
#include "schema/schema.h"

namespace outfall::delivery {

/// The tables with jobs, in the order of their first job, then the tables of replaced and merged roots that have seen
/// data.
///
/// Errors: a job's table is not in the schema.
Result<std::vector<const schema::Table*>> tables_to_make(const ledger::PackageRecord& package,
                                                         const schema::Schema& schema);

/// The root tables whose rows are merged by their keys, in the order of the first job of each chain.
std::vector<const schema::Table*> merged_roots(const ledger::PackageRecord& package, const schema::Schema& schema);

/// All tables that are nested in a root and have seen data, parents first.
std::vector<const schema::Table*> tables_below(const schema::Table& root, const schema::Schema& schema);

/// The replaced root tables with all tables nested below them, whether they have jobs or not.
std::vector<const schema::Table*> tables_to_empty(const ledger::PackageRecord& package, const schema::Schema& schema);

/// The names of the columns that had a value so far.
std::vector<std::string> typed_columns(const schema::Table& table);

/// Tables that go before any is made.
std::set<std::string> tables_to_drop(const ledger::PackageRecord& package, const schema::Schema& schema);

}  // namespace outfall::delivery
