// SPDX-License-Identifier: Apache-2.0
//
// What reports and status say of the job files of a package.
#pragma once

#include <cstdint>
#include <vector>

#include "ledger/records.h"
#include "outfall/report.h"

namespace outfall::pipeline {

std::vector<JobReport> job_reports(const ledger::PackageRecord& package);

/// Rows of the tables that the inputs fill, not of those that describe the load.
std::uint64_t input_rows(const ledger::PackageRecord& package);

}  // namespace outfall::pipeline
