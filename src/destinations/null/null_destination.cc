// SPDX-License-Identifier: Apache-2.0
//
// Counts the rows of each job file, as its batches say them.
#include "destinations/null/null_destination.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "columnar/ipc_file.h"
#include "package/package_reader.h"

namespace outfall::destinations::null {

namespace {

Status count_job(const delivery::LoadRequest& request, const ledger::JobRecord& job, delivery::LoadSummary& summary) {
  if (request.stop.stop_requested()) return fail(Error{.message = "stopped", .hint = "", .blame = Blame::interrupted});
  Result<columnar::IpcFileReader> reader = package::open_job(request.folder, job, request.check);
  if (!reader) return fail(std::move(reader.error()));
  const std::uint64_t rows = reader->size().rows;
  auto entry = std::ranges::find(summary.tables, job.table, &delivery::TableLoad::table);
  if (entry == summary.tables.end()) entry = summary.tables.insert(entry, delivery::TableLoad{.table = job.table});
  entry->rows += rows;
  summary.rows += rows;
  if (request.progress) request.progress(summary.rows);
  return {};
}

}  // namespace

Result<delivery::LoadSummary> NullDestination::load(const delivery::LoadRequest& request) {
  delivery::LoadSummary summary;
  for (const ledger::JobRecord& job : request.package.jobs) {
    if (Status counted = count_job(request, job, summary); !counted) {
      return fail(std::move(counted.error()).in(fmt::format("load {}", request.package.load_id)));
    }
  }
  return summary;
}

}  // namespace outfall::destinations::null
