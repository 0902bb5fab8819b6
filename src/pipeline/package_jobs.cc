// SPDX-License-Identifier: Apache-2.0
#include "pipeline/package_jobs.h"

#include <algorithm>

#include "ledger/lane_intent.h"
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

Result<DocumentCounts> document_counts(const ledger::PackageRecord& package) {
  if (package.state == ledger::PackageState::loaded)
    return DocumentCounts{.delivered = package.documents, .rejected = package.rejected};
  DocumentCounts counts{.rejected = package.rejected, .pending = package.documents};
  if (package.lanes.empty()) return counts;
  Result<schema::Schema> schema = schema::Schema::parse(package.schema);
  if (!schema) return fail(std::move(schema.error()).in("read the schema of package " + package.load_id));
  for (const ledger::LaneRecord& lane : package.lanes) {
    const schema::Table* table = schema->tables.find(package.jobs[static_cast<std::size_t>(lane.position)].table);
    if (table == nullptr || !table->parent.empty()) continue;
    const std::uint64_t delivered = ledger::delivered_rows(lane);
    counts.delivered += delivered;
    counts.rejected += lane.rejected;
    counts.pending -= delivered + lane.rejected;
  }
  return counts;
}

std::vector<TableCounts> table_counts(const ledger::PackageRecord& package) {
  const bool is_loaded = package.state == ledger::PackageState::loaded;
  std::vector<TableCounts> tables;
  for (std::size_t i = 0; i < package.jobs.size(); ++i) {
    const ledger::JobRecord& job = package.jobs[i];
    if (schema::is_system_name(job.table)) continue;
    auto counts = std::ranges::find(tables, job.table, &TableCounts::table);
    if (counts == tables.end()) counts = tables.insert(counts, {.table = job.table});
    (is_loaded ? counts->delivered : counts->pending) += job.rows;
    const auto lane = std::ranges::find(package.lanes, static_cast<std::int64_t>(i), &ledger::LaneRecord::position);
    if (lane == package.lanes.end()) continue;
    counts->attempts += lane->attempts;
    counts->unknown += lane->unknown;
    if (is_loaded) continue;
    const std::uint64_t delivered = ledger::delivered_rows(*lane);
    counts->delivered += delivered;
    counts->rejected += lane->rejected;
    counts->pending -= delivered + lane->rejected;
  }
  if (!is_loaded) return tables;
  for (const auto& [table, rows] : package.refused_rows) {
    const auto counts = std::ranges::find(tables, table, &TableCounts::table);
    if (counts == tables.end()) continue;
    counts->rejected = std::min(rows, counts->delivered);
    counts->delivered -= counts->rejected;
  }
  return tables;
}

std::uint64_t input_rows(const ledger::PackageRecord& package) {
  std::uint64_t rows = 0;
  for (const ledger::JobRecord& job : package.jobs) rows += schema::is_system_name(job.table) ? 0 : job.rows;
  return rows;
}

}  // namespace outfall::pipeline
