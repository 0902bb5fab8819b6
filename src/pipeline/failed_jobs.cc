// SPDX-License-Identifier: Apache-2.0
#include "pipeline/failed_jobs.h"

#include <fmt/format.h>

#include <set>
#include <utility>
#include <vector>

#include "base/counts.h"
#include "base/fault.h"
#include "delivery/batch_key.h"
#include "delivery/held_rows.h"
#include "delivery/job_rows.h"
#include "delivery/letter_keys.h"
#include "delivery/row_keys.h"
#include "ledger/lane_intent.h"
#include "pipeline/held_command.h"
#include "pipeline/letter_keeper.h"
#include "pipeline/row_places.h"
#include "schema/schema.h"

namespace outfall::pipeline {
namespace {

using ledger::LaneRecord;
using ledger::LaneState;

Result<std::vector<LaneRecord>> find_failed(const ledger::PackageRecord& package, const std::string& table) {
  std::vector<LaneRecord> failed;
  std::set<std::string> tables;
  for (const LaneRecord& lane : package.lanes) {
    if (lane.state != LaneState::failed) continue;
    const std::string& of_table = package.jobs[static_cast<std::size_t>(lane.position)].table;
    tables.insert(of_table);
    if (table.empty() || of_table == table) failed.push_back(lane);
  }
  if (!failed.empty()) return failed;
  std::string hint = "outfall resume delivers what is pending; outfall package drop or abort gives it up";
  if (!tables.empty()) {
    hint = "failed are those of";
    for (const std::string& one : tables) hint += (&one == &*tables.begin() ? " " : ", ") + one;
  }
  return fail(Error{.message = fmt::format("no job of package {}{} has failed", package.load_id,
                                           table.empty() ? "" : " for the table " + table),
                    .hint = std::move(hint),
                    .blame = Blame::usage});
}

/// Gives up the rows of one job after the other.
class Skip {
 public:
  Skip(HeldPipeline& held, const SkipRequest& request, const ledger::PackageRecord& package,
       const schema::Schema& schema)
      : held_(held),
        request_(request),
        package_(package),
        schema_(schema),
        letters_(held.ledger),
        places_(package, held.ledger, request.name_length_max),
        keys_(package, schema, held.paths.package(package.load_id)) {}

  Status take(const LaneRecord& lane) {
    const ledger::JobRecord& job = package_.jobs[static_cast<std::size_t>(lane.position)];
    const schema::Table* table = schema_.tables.find(job.table);
    if (table == nullptr)
      return fail(fmt::format("the schema of package {} has no table {}", package_.load_id, job.table));
    const bool is_root = table->parent.empty();
    const std::uint64_t rows = ledger::open_rows(lane, job.rows);
    ledger::LaneUpdate update{.lane = lane, .rejected = rows, .documents = is_root ? rows : 0};
    update.lane.rejected += rows;
    ledger::close_lane(update.lane, job.rows);
    ++skipped_.jobs;
    skipped_.rows += rows;
    // The letters of a replay are there, and are open again.
    if (request_.on_reject != OnReject::drop || package_.is_replay) {
      if (Status kept = keep({lane, job, *table, rows_before(lane)}); !kept) return kept;
    }
    updates_.push_back(std::move(update));
    return {};
  }

  Result<FailedJobs> record() {
    const Status recorded = held_.ledger.record_lanes(request_.load_id, request_.run_id, updates_);
    if (!recorded) return fail(recorded.error());
    fault_point(Fault::after_skip);
    return skipped_;
  }

 private:
  struct Lane {
    const LaneRecord& record;
    const ledger::JobRecord& job;
    const schema::Table& table;
    std::uint64_t rows_before;  ///< of the table, in front of the job file
  };

  Status unreadable(const Error& error) const {
    return fail(Error{.message = error.message,
                      .hint = fmt::format("outfall package skip {} --on-reject drop gives the rows up without keeping "
                                          "their text",
                                          package_.load_id),
                      .remedy = error.remedy});
  }

  /// Rows that the destination has rejected already have reasons of their own.
  Status keep(const Lane& lane) {
    const auto rows = delivery::open_job_rows(held_.paths.package(package_.load_id), lane.job, lane.table, {});
    if (!rows) return unreadable(rows.error());
    std::uint64_t next = lane.record.settled;
    if (!lane.record.held.empty()) {
      const Result<std::vector<RejectedRow>> held = delivery::read_held(lane.record.held);
      if (!held) return unreadable(held.error());
      for (const RejectedRow& row : *held) {
        if (Status kept = keep_row(**rows, lane.record.settled + row.row, row.reason, lane); !kept) return kept;
      }
      next = ledger::intended_end(lane.record);
    }
    for (; next < lane.job.rows; ++next) {
      if (Status kept = keep_row(**rows, next, lane.record.last_error, lane); !kept) return kept;
    }
    return {};
  }

  Status keep_row(delivery::JobRows& rows, std::uint64_t row, const std::string& reason, const Lane& of) {
    text_.clear();
    if (Status told = rows.texts.append_as_kept(row, text_); !told) return unreadable(told.error());
    Result<std::string> key = keys_.of(of.job.table, of.rows_before + row);
    if (!key) return unreadable(key.error());
    ledger::Letter letter{.table = of.job.table,
                          .input = fmt::format("package {}", package_.load_id),
                          .line = row + 1,
                          .reason = reason,
                          .hint = "",
                          .header = "",
                          .text = "",
                          .rejected_at = request_.env.now_us(),
                          .job_file = of.job.file,
                          .row = row,
                          .key = delivery::batch_key(request_.pipeline, package_.load_id, of.job.file, row, row + 1),
                          .attempt = of.record.attempts,
                          .primary_key = std::move(*key),
                          .table_row = static_cast<std::int64_t>(of.rows_before + row)};
    if (of.table.parent.empty()) {
      if (Status placed = place_letter(places_, letter); !placed) return placed;
    }
    if (Status kept = letters_.keep(std::move(letter), text_); !kept) return kept;
    ++skipped_.letters;
    return {};
  }

  /// Of the table, in front of the job file.
  std::uint64_t rows_before(const LaneRecord& lane) const {
    const std::string& table = package_.jobs[static_cast<std::size_t>(lane.position)].table;
    std::uint64_t rows = 0;
    for (std::size_t i = 0; i < static_cast<std::size_t>(lane.position); ++i)
      rows += package_.jobs[i].table == table ? package_.jobs[i].rows : 0;
    return rows;
  }

  HeldPipeline& held_;
  const SkipRequest& request_;
  const ledger::PackageRecord& package_;
  const schema::Schema& schema_;
  LetterKeeper letters_;
  RowPlaces places_;
  delivery::PackageKeys keys_;
  FailedJobs skipped_;
  std::vector<ledger::LaneUpdate> updates_;
  std::string text_;  ///< of the row in hand
};

}  // namespace

namespace {

std::set<std::string> tables_of(const ledger::PackageRecord& package, const std::vector<LaneRecord>& lanes) {
  std::set<std::string> tables;
  for (const LaneRecord& lane : lanes) tables.insert(package.jobs[static_cast<std::size_t>(lane.position)].table);
  return tables;
}

/// A replay that has waited must not take the place of newer rows either.
Status check_not_overtaken(ledger::Ledger& ledger, const ledger::PackageRecord& package,
                           const std::set<std::string>& tables) {
  std::uint64_t overtaken = 0;
  for (const std::string& table : tables) {
    const Result<std::uint64_t> of_table = ledger.overtaken_letters(package.load_id, table);
    if (!of_table) return fail(of_table.error());
    overtaken += *of_table;
  }
  if (overtaken == 0) return {};
  return fail(
      fmt::format("package {} brings {} once more, and later rows were delivered since that may have {} primary keys",
                  package.load_id, counted(overtaken, "dead letter"), overtaken == 1 ? "its" : "their"),
      fmt::format("--force delivers {} all the same; outfall package drop {} puts {} back among the dead letters",
                  overtaken == 1 ? "it" : "them", package.load_id, overtaken == 1 ? "it" : "them"));
}

/// Whoever asks for it knows best whether the older rows matter.
Status note_on_later_rows(ledger::Ledger& ledger, const ledger::PackageRecord& package,
                          const std::set<std::string>& tables, std::vector<std::string>& notes) {
  const auto later = ledger.later_deliveries(package.load_id);
  if (!later) return fail(later.error());
  const Result<schema::Schema> schema = schema::Schema::parse(package.schema);
  if (!schema) return fail(Error(schema.error()).in("read the schema of package " + package.load_id));
  for (const auto& [name, load_id] : *later) {
    const schema::Table* table = tables.contains(name) ? schema->tables.find(name) : nullptr;
    if (table == nullptr || delivery::key_columns(*table).empty()) continue;
    notes.push_back(
        fmt::format("load {} is later and has delivered rows of {}: what is tried again goes out behind them, also "
                    "where a row of it has the primary key of a later one",
                    load_id, name));
  }
  return {};
}

}  // namespace

Result<FailedJobs> retry_failed(ledger::Ledger& ledger, const RetryRequest& request) {
  const Result<ledger::PackageRecord> package = find_pending(ledger, request.load_id, "tried again");
  if (!package) return fail(package.error());
  const Result<std::vector<LaneRecord>> failed = find_failed(*package, request.table);
  if (!failed) return fail(failed.error());
  const std::set<std::string> tables = tables_of(*package, *failed);
  FailedJobs retried;
  Status checked;
  if (!package->is_replay) {
    checked = note_on_later_rows(ledger, *package, tables, retried.notes);
  } else if (!request.force) {
    checked = check_not_overtaken(ledger, *package, tables);
  }
  if (!checked) return fail(std::move(checked.error()));
  std::vector<std::int64_t> positions;
  for (const LaneRecord& lane : *failed) {
    positions.push_back(lane.position);
    ++retried.jobs;
    retried.rows += ledger::open_rows(lane, package->jobs[static_cast<std::size_t>(lane.position)].rows);
  }
  const Status opened = ledger.reopen_lanes(request.load_id, positions);
  return opened ? Result<FailedJobs>(std::move(retried)) : fail(opened.error());
}

Result<FailedJobs> skip_failed(HeldPipeline& held, const SkipRequest& request) {
  const Result<ledger::PackageRecord> package = find_pending(held.ledger, request.load_id, "skipped");
  if (!package) return fail(package.error());
  const Result<std::vector<LaneRecord>> failed = find_failed(*package, request.table);
  if (!failed) return fail(failed.error());
  const Result<schema::Schema> schema = schema::Schema::parse(package->schema);
  if (!schema) return fail(Error(schema.error()).in("read the schema of package " + request.load_id));
  Skip skip(held, request, *package, *schema);
  for (const LaneRecord& lane : *failed) {
    if (Status taken = skip.take(lane); !taken) {
      held.ledger.forget_set_aside();
      return fail(taken.error());
    }
  }
  return skip.record();
}

}  // namespace outfall::pipeline
