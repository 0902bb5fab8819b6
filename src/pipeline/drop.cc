// SPDX-License-Identifier: Apache-2.0
#include "pipeline/drop.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "base/counts.h"
#include "outfall/types.h"
#include "pipeline/held_command.h"
#include "schema/schema.h"

namespace outfall::pipeline {
namespace {

/// Inputs may have been taken again behind a replacement, because it was to remove what they had brought.
Status note_on_replacement(ledger::Ledger& ledger, const ledger::PackageRecord& dropped,
                           std::vector<std::string>& notes) {
  if (dropped.replaced.empty()) return {};
  const auto pending = ledger.pending();
  if (!pending) return fail(pending.error());
  const auto behind = static_cast<std::uint64_t>(std::ranges::count_if(
      *pending, [&](const ledger::PackageRecord& package) { return package.load_id > dropped.load_id; }));
  if (behind == 0) return {};
  notes.push_back(
      fmt::format("it was to replace {}, and {} {} behind it: rows that it would have removed may come twice",
                  fmt::join(dropped.replaced, ", "), counted(behind, "package"), behind == 1 ? "waits" : "wait"));
  return {};
}

/// What to do about rows that are there depends on how their tables are written.
std::string ways_back(const ledger::PackageRecord& package) {
  const Result<schema::Schema> schema = schema::Schema::parse(package.schema);
  std::set<std::string> appended;
  std::set<std::string> others(package.replaced.begin(), package.replaced.end());
  for (const ledger::JobRecord& job : package.jobs) {
    const std::string root(schema ? schema->root_of(job.table) : job.table);
    const schema::Table* table = schema ? schema->tables.find(root) : nullptr;
    const bool is_merged = table != nullptr && table->write_disposition == name(WriteDisposition::merge);
    if (schema::is_system_name(root)) continue;
    (is_merged || others.contains(root) ? others : appended).insert(root);
  }
  std::string ways;
  if (!appended.empty()) {
    ways += fmt::format(
        "; the same inputs loaded again would come twice: the rows of {} whose _dlt_load_id is {} are of this load, "
        "and what is nested in them (_dlt_parent_id)",
        fmt::join(appended, ", "), package.load_id);
  }
  if (!others.empty()) {
    ways += fmt::format("; where {} was replaced or merged, what was there before is gone: keep the rows",
                        fmt::join(others, ", "));
  }
  return ways;
}

/// Parts of it may be committed by themselves.
Status note_on_parts(delivery::Destination* destination, const ledger::PackageRecord& package,
                     std::vector<std::string>& notes) {
  if (destination == nullptr) return {};
  const Result<std::uint64_t> parts = destination->committed_parts(package.dataset, package.load_id);
  if (!parts) return fail(parts.error());
  if (*parts == 0) return {};
  notes.push_back(fmt::format("a part of it is at {} already, and stays{}", package.destination, ways_back(package)));
  return {};
}

}  // namespace

Status check_not_there(delivery::Destination* destination, const ledger::PackageRecord& package,
                       std::string_view nothing) {
  if (destination == nullptr) return {};
  Result<bool> there = destination->has_load(package.dataset, package.load_id);
  if (!there) {
    return fail(std::move(there.error())
                    .in(fmt::format("{}: {} could not be asked whether it has load {}", nothing, package.destination,
                                    package.load_id)));
  }
  if (!*there) return {};
  return fail(fmt::format("{}: load {} is at {} already", nothing, package.load_id, package.destination),
              "outfall resume records that; then nothing of it is pending");
}

Status drop_package(HeldPipeline& held, const std::string& load_id, delivery::Destination* destination,
                    std::vector<std::string>& notes) {
  // Where the function is elsewhere, nobody may ever end the abort.
  const FindAborting aborting = destination == nullptr ? FindAborting::yes : FindAborting::no;
  const Result<ledger::PackageRecord> package = find_pending(held.ledger, load_id, "dropped", aborting);
  if (!package) return fail(package.error());
  if (Status absent = check_not_there(destination, *package, "nothing was dropped"); !absent) return absent;
  if (Status noted = note_on_parts(destination, *package, notes); !noted) return noted;
  if (Status dropped = held.ledger.drop(load_id); !dropped) return dropped;
  if (Status noted = note_on_replacement(held.ledger, *package, notes); !noted) return noted;
  return ledger::remove_package_files(held.paths, load_id);
}

}  // namespace outfall::pipeline
