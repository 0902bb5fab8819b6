// SPDX-License-Identifier: Apache-2.0
//
// What reports and status say of the job files of a package.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ledger/records.h"
#include "outfall/report.h"

namespace outfall::pipeline {

std::vector<JobReport> job_reports(const ledger::PackageRecord& package);

/// Rows of the tables that the inputs fill, not of those that describe the load.
std::uint64_t input_rows(const ledger::PackageRecord& package);

/// Documents of a package, which was sealed with so many: what became of them so far.
struct DocumentCounts {
  std::uint64_t delivered = 0;
  std::uint64_t rejected = 0;  ///< also those that never became rows
  std::uint64_t pending = 0;
};

/// What a pending package's destination has taken or rejected of it, in batches, is settled; what it would reject of a
/// package that it takes as a whole is not. Rows that it rejected and that nobody has let go are pending.
///
/// Errors: abandon: the schema of the package cannot be read.
Result<DocumentCounts> document_counts(const ledger::PackageRecord& package);

/// Rows of one table of a package: all are in one of the three.
struct TableCounts {
  std::string table;
  std::uint64_t delivered = 0;
  std::uint64_t rejected = 0;
  std::uint64_t pending = 0;
  std::uint64_t attempts = 0;  ///< that failed
  std::uint64_t unknown = 0;   ///< of these, those of which nobody knows what became
};

/// Of the tables that the inputs fill, in the order of their jobs.
std::vector<TableCounts> table_counts(const ledger::PackageRecord& package);

}  // namespace outfall::pipeline
