// SPDX-License-Identifier: Apache-2.0
#include "pipeline/load_account.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "base/counts.h"
#include "pipeline/input_fates.h"
#include "pipeline/package_jobs.h"
#include "pipeline/rejected_rows.h"

namespace outfall::pipeline {
namespace {

PackageReport package_report(const ledger::PackageRecord& package, Resumed resumed) {
  return {.load_id = package.load_id,
          .resumed = resumed == Resumed::yes,
          .rows = input_rows(package),
          .jobs = job_reports(package)};
}

/// Of all packages that this run delivers.
void add_merged(TableReport& table, const delivery::MergeCounts& counts) {
  MergeReport& merged = table.merged ? *table.merged : table.merged.emplace();
  merged.duplicates += counts.duplicates;
  merged.removed += counts.removed;
  merged.updated += counts.updated;
  merged.ended += counts.ended;
  merged.inserted += counts.inserted;
}

}  // namespace

bool is_root(const schema::Schema& schema, const std::string& name) {
  const schema::Table* table = schema.tables.find(name);
  return table != nullptr && table->parent.empty();
}

Status LoadAccount::add(const ledger::PackageRecord& package) {
  const Result<DocumentCounts> counts = document_counts(package);
  if (!counts) return fail(counts.error());
  report_.balance.in += counts->pending;
  report_.balance.pending += counts->pending;
  auto letters = ledger_->untold_letters(package.load_id);
  if (!letters) return fail(std::move(letters.error()));
  if (letters->empty()) return add_rejected(package.load_id, package.rejected);
  const Result<std::uint64_t> untold =
      add_letters({.load_id = package.load_id, .schema = package.schema, .letters = std::move(*letters)});
  if (!untold) return fail(untold.error());
  return count_rejected(package.load_id, package.rejected + *untold);
}

Status LoadAccount::add_untold(const ledger::UntoldLoad& load) {
  const Result<std::uint64_t> untold = add_letters(load);
  if (!untold) return fail(untold.error());
  std::uint64_t rows = 0;
  for (const auto& [table, rows_of_table] : load.letters) rows += rows_of_table;
  report_.notes.push_back(fmt::format("a run that loaded package {} was killed before it told of {} that {} rejected",
                                      load.load_id, counted(rows, "row"), rows == 1 ? "was" : "were"));
  return count_rejected(load.load_id, *untold);
}

/// Their rows count for their tables. Returns how many of them are documents.
Result<std::uint64_t> LoadAccount::add_letters(const ledger::UntoldLoad& load) {
  const Result<schema::Schema> schema = schema::Schema::parse(load.schema);
  if (!schema) return fail(Error(schema.error()).in("read the schema of package " + load.load_id));
  std::uint64_t documents = 0;
  for (const auto& [table, rows] : load.letters) {
    table_report(table, *schema).rows_rejected += rows;
    documents += is_root(*schema, table) ? rows : 0;
  }
  return documents;
}

Status LoadAccount::add_rejected(const std::string& load_id, std::uint64_t rejected) {
  return rejected == 0 ? Status() : count_rejected(load_id, rejected);
}

Status LoadAccount::count_rejected(const std::string& load_id, std::uint64_t rejected) {
  if (!balanced_.emplace(load_id, 0).second) return {};
  report_.balance.in += rejected;
  report_.balance.rejected += rejected;
  return tell_letters(load_id);
}

void LoadAccount::take_back(const ledger::PackageRecord& package) {
  report_.balance.in -= package.documents + package.rejected;
  report_.balance.pending -= package.documents;
  report_.balance.rejected -= package.rejected;
  report_.dead_letters -= balanced_[package.load_id];
  report_.inputs.clear();
  for (const ledger::JobRecord& job : package.jobs) {
    const auto table = std::ranges::find(report_.tables, job.table, &TableReport::name);
    if (table != report_.tables.end()) table->rows -= std::min(table->rows, job.rows);
  }
  std::erase_if(report_.tables, [](const TableReport& table) { return table.rows == 0 && table.rows_rejected == 0; });
}

/// Those of a package that were not told yet.
Status LoadAccount::tell_letters(const std::string& load_id) {
  const Result<std::uint64_t> letters = ledger_->letters_left_by(load_id);
  if (!letters) return fail(letters.error());
  report_.dead_letters += *letters - std::exchange(balanced_[load_id], *letters);
  return {};
}

/// What was settled before was told by the run that did it.
Status LoadAccount::add_lanes(const ledger::PackageRecord& package, const delivery::LanesSummary& lanes,
                              const schema::Schema& schema, RowPlaces& places) {
  const std::uint64_t rejected = lanes.now.rejected - lanes.before.rejected;
  report_.balance.delivered += lanes.now.delivered - lanes.before.delivered;
  report_.balance.rejected += rejected;
  report_.balance.pending -= lanes.before.open - lanes.now.open;
  for (const delivery::RefusedDocument& document : lanes.refused) {
    if (report_.rejects.size() == rejects_reported_max) break;
    RejectReport reject{.input = "package " + package.load_id,
                        .table = document.table,
                        .line = document.row + 1,
                        .reason = document.reason,
                        .hint = ""};
    if (is_root(schema, document.table)) {
      Result<RowPlaces::Place> place = places.of(document.table, document.row);
      if (!place) return fail(std::move(place.error()));
      if (!place->input.empty()) {
        reject.input = std::move(place->input);
        reject.line = place->row;
      }
    }
    report_.rejects.push_back(std::move(reject));
  }
  tell_failed(lanes);
  if (lanes.not_numbers > 0) {
    report_.notes.push_back(fmt::format("{} of doubles that {} no number (NaN, infinite) went out as null",
                                        counted(lanes.not_numbers, "value"), lanes.not_numbers == 1 ? "is" : "are"));
  }
  if (lanes.refused.empty()) return {};
  balanced_.emplace(package.load_id, 0);
  return tell_letters(package.load_id);
}

/// Why batches went out again. Why the run stopped at one its error says.
void LoadAccount::tell_failed(const delivery::LanesSummary& lanes) {
  const auto last = [&lanes](const delivery::FailedAttempts& failed) {
    if (failed.last.empty() || lanes.error) return std::string();
    return fmt::format("{} {}", failed.count == 1 ? ";" : "; the last,", failed.last);
  };
  if (lanes.unknown.count > 0) {
    report_.notes.push_back(
        fmt::format("nobody knows what became of {}: what {} to deliver goes out again under the same key{}",
                    counted(lanes.unknown.count, "attempt"), lanes.unknown.count == 1 ? "it was" : "they were",
                    last(lanes.unknown)));
  }
  if (lanes.repeated.count > 0 && !lanes.error) {
    report_.notes.push_back(fmt::format("{} failed and {} made again{}", counted(lanes.repeated.count, "attempt"),
                                        lanes.repeated.count == 1 ? "was" : "were", last(lanes.repeated)));
  }
}

/// Of each table what this run has delivered; what it has sealed is in the report already.
Status LoadAccount::tell_lanes(const ledger::PackageRecord& before, const schema::Schema& schema, Resumed resumed) {
  ledger::PackageRecord after = before;
  auto lanes = ledger_->lanes(before.load_id);
  if (!lanes) return fail(std::move(lanes.error()));
  after.lanes = std::move(*lanes);
  const std::vector<TableCounts> were = table_counts(before);
  for (const TableCounts& now : table_counts(after)) {
    const TableCounts& was = *std::ranges::find(were, now.table, &TableCounts::table);
    const std::uint64_t delivered = now.delivered - was.delivered;
    const std::uint64_t rejected = now.rejected - was.rejected;
    const std::uint64_t attempts = now.attempts - was.attempts;
    if (resumed == Resumed::yes && delivered + rejected + attempts == 0) continue;
    TableReport& table = table_report(now.table, schema);
    if (resumed == Resumed::yes) {
      table.rows += delivered;
    } else {
      table.rows -= std::min(table.rows, rejected);
    }
    table.rows_rejected += rejected;
    table.attempts += attempts;
    table.unknown += now.unknown - was.unknown;
  }
  if (resumed == Resumed::no) add_rejected_of_inputs(rejected_by_input_);
  return {};
}

/// Documents of inputs that this run has read, and that became rows at first.
void LoadAccount::add_rejected_of_inputs(const std::map<std::string, std::uint64_t>& by_input) {
  for (InputReport& input : report_.inputs) {
    const auto found = by_input.find(input.run_key.empty() ? input.path : "run key " + input.run_key);
    if (found == by_input.end() || !is_read(input.fate)) continue;
    input.documents -= std::min(input.documents, found->second);
    input.rejected += found->second;
  }
}

void LoadAccount::add_loaded(const ledger::PackageRecord& package, const schema::Schema& schema,
                             const delivery::LoadSummary& summary, Resumed resumed) {
  report_.packages.push_back(package_report(package, resumed));
  if (summary.lanes) {
    report_.packages.back().rows = summary.rows;
    return;
  }
  report_.balance.delivered += package.documents;
  report_.balance.pending -= package.documents;
  for (const ledger::JobRecord& job : package.jobs) {
    if (resumed == Resumed::yes && !schema::is_system_name(job.table)) table_report(job.table, schema).rows += job.rows;
  }
  for (const delivery::TableLoad& table : summary.tables) {
    if (schema::is_system_name(table.table)) continue;
    TableReport& entry = table_report(table.table, schema);
    entry.created = entry.created || table.created;
    if (table.merged) add_merged(entry, *table.merged);
    entry.new_columns.insert(entry.new_columns.end(), table.new_columns.begin(), table.new_columns.end());
  }
}

/// Documents of a package that is loaded now, which its destination has left out.
Status LoadAccount::add_refused(const ledger::PackageRecord& package, const DestinationRejects& rejects,
                                Resumed resumed) {
  balanced_.emplace(package.load_id, 0);  // from now on they count as rejected with it
  const std::uint64_t refused = rejects.was_told() ? rejects.count() : package.refused;
  if (refused == 0) return {};
  report_.balance.delivered -= refused;
  report_.balance.rejected += refused;
  if (Status told = tell_letters(package.load_id); !told) return told;
  for (const RejectReport& reject : rejects.first()) {
    if (report_.rejects.size() < rejects_reported_max) report_.rejects.push_back(reject);
  }
  for (const auto& [table, rows] : rejects.was_told() ? rejects.rows() : package.refused_rows) {
    const auto told = std::ranges::find(report_.tables, table, &TableReport::name);
    if (told != report_.tables.end()) {
      told->rows -= std::min(told->rows, rows);
      told->rows_rejected += rows;
    }
    report_.packages.back().rows -= std::min(report_.packages.back().rows, rows);
  }
  if (resumed == Resumed::no) add_rejected_of_inputs(rejects.by_input());
  return {};
}

Status LoadAccount::tell_pending(const ledger::PackageRecord& package) {
  ledger::PackageRecord now = package;
  auto lanes = ledger_->lanes(package.load_id);
  if (!lanes) return fail(std::move(lanes.error()));
  now.lanes = std::move(*lanes);
  const Result<schema::Schema> schema = schema::Schema::parse(package.schema);
  if (!schema) return fail(Error(schema.error()).in("read the schema of package " + package.load_id));
  for (const TableCounts& counts : table_counts(now)) {
    if (counts.pending > 0) table_report(counts.table, *schema).rows_pending += counts.pending;
  }
  for (InputReport& input : report_.inputs) {
    if (!is_read(input.fate)) continue;
    input.fate = InputFate::pending;
    input.run = report_.run_id;
  }
  return {};
}

TableReport& LoadAccount::table_report(const std::string& name, const schema::Schema& schema) {
  const auto known = std::ranges::find(report_.tables, name, &TableReport::name);
  if (known != report_.tables.end()) return *known;
  const schema::Table* table = schema.tables.find(name);
  report_.tables.push_back({.name = name, .parent = table == nullptr ? "" : table->parent});
  return report_.tables.back();
}

void LoadAccount::list_pending() {
  const auto pending = ledger_->pending();
  if (!pending) return;  // the run has another error already, or its end cannot be recorded
  for (const ledger::PackageRecord& package : *pending) {
    report_.pending_packages.push_back(
        package_report(package, package.run_id == report_.run_id ? Resumed::no : Resumed::yes));
    PackageReport& told = report_.pending_packages.back();
    told.failed =
        std::ranges::find(package.lanes, ledger::LaneState::failed, &ledger::LaneRecord::state) != package.lanes.end();
    told.held = std::ranges::any_of(package.lanes, [](const ledger::LaneRecord& lane) { return !lane.held.empty(); });
    told.rows = 0;
    for (const TableCounts& table : table_counts(package)) told.rows += table.pending;
  }
}

}  // namespace outfall::pipeline
