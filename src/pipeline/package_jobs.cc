// SPDX-License-Identifier: Apache-2.0
#include "pipeline/package_jobs.h"

#include "schema/schema.h"

namespace outfall::pipeline {

std::vector<JobReport> job_reports(const ledger::PackageRecord& package) {
  std::vector<JobReport> jobs;
  jobs.reserve(package.jobs.size());
  for (const ledger::JobRecord& job : package.jobs) {
    jobs.push_back({.table = job.table, .file = job.file, .rows = job.rows, .bytes = job.bytes});
  }
  return jobs;
}

std::uint64_t input_rows(const ledger::PackageRecord& package) {
  std::uint64_t rows = 0;
  for (const ledger::JobRecord& job : package.jobs) rows += schema::is_system_name(job.table) ? 0 : job.rows;
  return rows;
}

}  // namespace outfall::pipeline
