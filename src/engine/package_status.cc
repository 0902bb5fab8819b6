// SPDX-License-Identifier: Apache-2.0
#include "engine/package_status.h"

#include <algorithm>

#include "pipeline/package_jobs.h"

namespace outfall::engine {

Time time_of(std::int64_t microseconds) {
  return Time(std::chrono::microseconds(microseconds));
}

std::optional<Time> time_of(std::optional<std::int64_t> microseconds) {
  if (!microseconds) return std::nullopt;
  return time_of(*microseconds);
}

PackageStatus package_status(const ledger::PackageRecord& record) {
  PackageStatus status{
      .load_id = record.load_id,
      .run_id = record.run_id,
      .state = record.state == ledger::PackageState::pending ? PackageState::pending : PackageState::loaded,
      .destination = record.destination,
      .dataset = record.dataset,
      .documents = record.documents,
      .rejected = record.rejected,
      .rows = pipeline::input_rows(record),
      .sealed_at = time_of(record.sealed_at),
      .loaded_at = time_of(record.loaded_at),
      .files_kept = record.files_kept,
      .attempts = record.attempts,
      .last_error = record.last_error,
      .jobs = pipeline::job_reports(record),
  };
  for (const JobReport& job : status.jobs) status.bytes += job.bytes;
  const bool is_loaded = record.state == ledger::PackageState::loaded;
  for (const auto& [table, rows] : record.refused_rows) status.rows -= is_loaded ? std::min(status.rows, rows) : 0;
  return status;
}

}  // namespace outfall::engine
