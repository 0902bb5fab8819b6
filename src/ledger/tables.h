// SPDX-License-Identifier: Apache-2.0
//
// The tables and views of a ledger, version by version.
#pragma once

#include <optional>
#include <string>

#include "base/sqlite.h"
#include "outfall/error.h"

namespace outfall::ledger {

/// The version of the tables that this program writes; it stands in PRAGMA user_version.
int tables_version();

/// Makes the tables, or brings older ones to `version` (a test makes older ones); call it inside a write transaction.
/// Returns the version that was found; 0 means the file was empty.
///
/// Errors: abandon: a newer version (naming both), or a database of something else.
Result<int> migrate_tables(Database& database, int version = tables_version());

/// Whether nothing was made in it yet.
Result<bool> has_no_tables(Database& database);

/// Whether an earlier version made the tables, or nobody has yet. Errors: abandon: a newer one (naming both) made them.
Result<bool> is_older(Database& database);

/// For reading, as it is. None: it has no tables.
///
/// Errors: abandon: no version up to today's made its tables; it cannot be opened.
Result<std::optional<Database>> open_filled(const std::string& path);

}  // namespace outfall::ledger
