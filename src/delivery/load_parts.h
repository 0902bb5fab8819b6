// SPDX-License-Identifier: Apache-2.0
//
// LoadParts: a package as parts that a database may commit one by one, each with marks of its own (sql/load_marks.h).
#pragma once

#include <set>
#include <string>
#include <vector>

#include "delivery/destination.h"
#include "ledger/records.h"
#include "sql/constraints.h"
#include "sql/dialect.h"

namespace outfall::delivery {

/// What commits together: the marks that it leaves. Each is the file of a job, or stands for a table that is emptied.
using LoadPart = std::vector<std::string>;

/// The parts of a package by LoadRequest::commit, in the order in which they go in. A table that is replaced or merged
/// is one part with all that is nested in it.
std::vector<LoadPart> load_parts(const LoadRequest& request, const std::vector<sql::Constraint>& constraints,
                                 const sql::Dialect& dialect);

/// What is left of a package without parts that have these marks.
ledger::PackageRecord without_parts(ledger::PackageRecord package, const std::set<std::string>& marks);

/// The part alone.
ledger::PackageRecord only_part(ledger::PackageRecord package, const LoadPart& part);

/// Whether something of a document may be committed of which something else is not: some jobs of a root table and of
/// what is nested in it have marks, others have none. A document without nested rows lies in one job.
bool are_documents_divided(const LoadRequest& request, const std::set<std::string>& marks);

/// The same load, of another package.
LoadRequest with_package(const LoadRequest& request, const ledger::PackageRecord& package);

}  // namespace outfall::delivery
