// SPDX-License-Identifier: Apache-2.0
//
// Loads a package into a database: a short transaction that makes what is missing, then one transaction with everything
// else.
#pragma once

#include "base/env.h"
#include "delivery/destination.h"
#include "sql/connection.h"

namespace outfall::delivery {

/// Makes dataset, system tables, tables and columns that the package needs, and stores its schema.
///
/// It only adds, so a crash behind it harms nothing, and the next attempt finds nothing left to do. The summary has
/// every table of the package, with no rows yet.
Result<LoadSummary> migrate(sql::Connection& connection, const LoadRequest& request, Env& env);

/// Empties the replaced tables, inserts all job files and records the load, in one transaction. Rows taken are compared
/// with rows sealed, job by job.
///
/// Errors: as Destination::load.
Result<LoadSummary> load_rows(sql::Connection& connection, const LoadRequest& request, LoadSummary summary, Env& env);

}  // namespace outfall::delivery
