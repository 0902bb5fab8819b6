// SPDX-License-Identifier: Apache-2.0
//
// Aborts: what is pending of a package is given up. That somebody asked for it is durable before anything is done.
#include <fmt/format.h>

#include <algorithm>

#include "base/fault.h"
#include "ledger/dead_letters.h"
#include "ledger/lane_intent.h"
#include "ledger/lane_table.h"
#include "ledger/ledger.h"

namespace outfall::ledger {
namespace {

struct JobRows {
  std::int64_t position = 0;
  std::uint64_t rows = 0;
};

// Of each job of the inputs' tables: what is left of it is rejected.
Status reject_rest(Database& database, const std::string& load_id) {
  Result<Statement> statement = database.prepare(
      "SELECT position, rows FROM jobs WHERE load_id = ?1 AND substr(table_name, 1, 4) <> '_dlt' ORDER BY position");
  if (!statement) {
    return std::unexpected(statement.error());
  }
  const auto jobs = collect(statement->with(load_id), [](const Statement& row) {
    return JobRows{.position = row.integer(0), .rows = static_cast<std::uint64_t>(row.integer(1))};
  });
  const auto lanes = read_lanes(database, load_id);
  if (!jobs || !lanes) {
    return std::unexpected(jobs ? lanes.error() : jobs.error());
  }
  for (const JobRows& job : *jobs) {
    const auto known = std::ranges::find(*lanes, job.position, &LaneRecord::position);
    LaneRecord lane = known == lanes->end() ? LaneRecord{.position = job.position} : *known;
    lane.rejected += open_rows(lane, job.rows);
    close_lane(lane, job.rows);
    if (Status written = write_lane(database, load_id, lane); !written) {
      return written;
    }
  }
  return count_refused_rows(database, load_id);
}

}  // namespace

Status Ledger::ask_abort(const std::string& load_id, const std::string& run_id) {
  Result<Transaction> transaction = begin_write();
  if (!transaction) {
    return std::unexpected(transaction.error());
  }
  Result<Statement> statement = database_.prepare(
      "INSERT INTO aborts (load_id, run_id, asked_at) SELECT load_id, ?2, ?3 FROM packages WHERE load_id = ?1 AND "
      "state "
      "= 'pending'");
  if (!statement) {
    return std::unexpected(statement.error());
  }
  Status asked = statement->with(load_id, run_id, env_->now_us()).run();
  if (asked && database_.changes() != 1) {
    asked = fail(fmt::format("cannot write {}: it knows no pending package {}", database_.path(), load_id));
  }
  if (asked) {
    asked = transaction->commit();
  }
  if (asked) {
    fault_point(Fault::abort_asked);
  }
  return asked;
}

Status Ledger::end_abort(const std::string& load_id, std::uint64_t delivered) {
  Result<Transaction> transaction = begin_write();
  if (!transaction) {
    return std::unexpected(transaction.error());
  }
  Result<Statement> package = database_.prepare(
      "UPDATE packages SET state = 'loaded', loaded_at = ?2, rejected = rejected + documents - ?3, documents = ?3, "
      "refused = 0 WHERE load_id = ?1 AND state = 'pending'");
  Result<Statement> ended =
      database_.prepare("UPDATE aborts SET ended_at = ?2 WHERE load_id = ?1 AND ended_at IS NULL");
  if (!package || !ended) {
    return std::unexpected(package ? ended.error() : package.error());
  }
  const std::int64_t now = env_->now_us();
  // Before the lanes say that nothing is left: they tell which rows were delivered.
  Status done = release_letters(database_, load_id);
  if (done) {
    done = reject_rest(database_, load_id);
  }
  if (done) {
    done = package->with(load_id, now, delivered).run();
  }
  if (done) {
    done = ended->with(load_id, now).run();
  }
  if (done && database_.changes() != 1) {
    done = fail(fmt::format("cannot write {}: nobody asked to abort package {}", database_.path(), load_id));
  }
  if (done) {
    fault_point(Fault::in_abort);
    done = transaction->commit();
  }
  if (!done) {
    return fail(std::move(done).error().in(fmt::format("abort package {}", load_id)));
  }
  fault_point(Fault::after_abort);
  return {};
}

}  // namespace outfall::ledger
