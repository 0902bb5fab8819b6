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

namespace {

PackageState state_of(const ledger::PackageRecord& record) {
  if (record.state == ledger::PackageState::loaded)
    return record.abort_asked_at ? PackageState::aborted : PackageState::loaded;
  if (record.abort_asked_at) return PackageState::aborting;
  const bool has_failed =
      std::ranges::find(record.lanes, ledger::LaneState::failed, &ledger::LaneRecord::state) != record.lanes.end();
  return has_failed ? PackageState::failed : PackageState::pending;
}

/// Of a job file that its destination has given up, or else of one that it did not take at the last attempt.
const std::string& error_of(const ledger::PackageRecord& record) {
  const std::string* error = &record.last_error;
  for (const ledger::LaneRecord& lane : record.lanes) {
    if (lane.state == ledger::LaneState::failed) return lane.last_error;
    if (lane.state == ledger::LaneState::open && !lane.last_error.empty()) error = &lane.last_error;
  }
  return *error;
}

}  // namespace

PackageStatus package_status(const ledger::PackageRecord& record) {
  const pipeline::DocumentCounts counts =
      pipeline::document_counts(record).value_or(pipeline::DocumentCounts{.pending = record.documents});
  PackageStatus status{
      .load_id = record.load_id,
      .run_id = record.run_id,
      .state = state_of(record),
      .destination = record.destination,
      .dataset = record.dataset,
      .is_replay = record.is_replay,
      .documents = counts.delivered + counts.pending,
      .delivered = counts.delivered,
      .rejected = counts.rejected,
      .pending = counts.pending,
      .sealed_at = time_of(record.sealed_at),
      .loaded_at = time_of(record.loaded_at),
      .files_kept = record.files_kept,
      .attempts = static_cast<std::uint64_t>(record.attempts),
      .last_error = error_of(record),
      .jobs = pipeline::job_reports(record),
  };
  for (const JobReport& job : status.jobs) status.bytes += job.bytes;
  for (const pipeline::TableCounts& table : pipeline::table_counts(record)) {
    status.rows += table.delivered + table.pending;
    status.attempts += table.attempts;
    status.unknown += table.unknown;
    status.tables.push_back({.name = table.table,
                             .delivered = table.delivered,
                             .rejected = table.rejected,
                             .pending = table.pending,
                             .attempts = table.attempts,
                             .unknown = table.unknown});
  }
  return status;
}

}  // namespace outfall::engine
