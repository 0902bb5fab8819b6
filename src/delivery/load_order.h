// SPDX-License-Identifier: Apache-2.0
//
// In which order the jobs of a package go into a database: where a foreign key of the dataset refers to another table
// of the package, that one goes first.
#pragma once

#include <vector>

#include "delivery/destination.h"
#include "ledger/records.h"
#include "sql/constraints.h"
#include "sql/dialect.h"

namespace outfall::delivery {

/// The jobs, in their own order as far as the keys leave it. Tables that refer to each other in a circle stay as they
/// are.
std::vector<const ledger::JobRecord*> jobs_in_order(const ledger::PackageRecord& package,
                                                    const std::vector<sql::Constraint>& constraints,
                                                    const sql::Dialect& dialect);

/// The root tables of the jobs in the same way: one of which any table refers to one of another root goes behind it.
std::vector<const schema::Table*> roots_in_order(const LoadRequest& request,
                                                 const std::vector<sql::Constraint>& constraints,
                                                 const sql::Dialect& dialect);

}  // namespace outfall::delivery
