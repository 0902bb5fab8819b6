// SPDX-License-Identifier: Apache-2.0
//
// Lanes: how far jobs are delivered that their destination takes in batches.
#include "ledger/lane_table.h"

#include <algorithm>

#include "base/json.h"
#include "ledger/dead_letters.h"
#include "ledger/lane_intent.h"
#include "ledger/ledger.h"

namespace outfall::ledger {
namespace {

std::string_view state_name(LaneState state) {
  switch (state) {
    case LaneState::open:
      return "open";
    case LaneState::done:
      return "done";
    case LaneState::failed:
      return "failed";
  }
  return "";
}

LaneState state_of(std::string_view name) {
  if (name == "done") {
    return LaneState::done;
  }
  return name == "failed" ? LaneState::failed : LaneState::open;
}

/// Of the batch in hand.
std::uint64_t held_delivered(const LaneRecord& record) {
  if (record.held.empty() || !has_intent(record)) {
    return 0;
  }
  const Result<Json> held = parse_json(record.held);
  const std::uint64_t rows = intended_end(record) - record.settled;
  return held && held->is_array() ? rows - std::min<std::uint64_t>(rows, held->as_array()->size()) : 0;
}

}  // namespace

std::uint64_t delivered_rows(const LaneRecord& record) {
  return record.settled - record.rejected + held_delivered(record);
}

std::uint64_t open_rows(const LaneRecord& record, std::uint64_t rows) {
  return rows - record.settled - held_delivered(record);
}

LaneRecord read_lane(const Statement& row) {
  return {.position = row.integer(0),
          .state = state_of(row.text(1)),
          .settled = static_cast<std::uint64_t>(row.integer(2)),
          .rejected = static_cast<std::uint64_t>(row.integer(3)),
          .sent_to = static_cast<std::uint64_t>(row.integer(4)),
          .cut_first = static_cast<std::uint64_t>(row.integer(5)),
          .cut = static_cast<std::uint64_t>(row.integer(6)),
          .sent_as = std::string(row.text(11)),
          .part_to = static_cast<std::uint64_t>(row.integer(7)),
          .held = std::string(row.text(12)),
          .attempts = static_cast<std::uint64_t>(row.integer(8)),
          .unknown = static_cast<std::uint64_t>(row.integer(9)),
          .last_error = std::string(row.text(10))};
}

namespace {

// After nearly every batch a lane is there and in the same state. Then the state is not set: SQLite builds a table to
// check one, and that takes longer than all the rest.
constexpr std::string_view mark_lane =
    "UPDATE lanes SET settled = ?4, rejected = ?5, sent_to = ?6, cut_first = ?7, cut = ?8, part_to = ?9, attempts = "
    "?10, unknown = ?11, last_error = ?12, sent_as = ?13, held = ?14 WHERE load_id = ?1 AND position = ?2 AND state = "
    "?3";

Statement& with_lane(Statement& statement, const std::string& load_id, const LaneRecord& lane) {
  return statement.with(load_id, lane.position, state_name(lane.state), lane.settled, lane.rejected, lane.sent_to,
                        lane.cut_first, lane.cut, lane.part_to, lane.attempts, lane.unknown, lane.last_error,
                        lane.sent_as, lane.held);
}

Status run_with_lane(Database& database, std::string_view sql, const std::string& load_id, const LaneRecord& lane) {
  Result<Statement> statement = database.prepare(sql);
  return statement ? with_lane(*statement, load_id, lane).run() : std::unexpected(statement.error());
}

}  // namespace

Status write_lane(Database& database, const std::string& load_id, const LaneRecord& lane) {
  const Status updated = run_with_lane(database, mark_lane, load_id, lane);
  if (!updated || database.changes() > 0) {
    return updated;
  }
  return run_with_lane(
      database,
      "INSERT OR REPLACE INTO lanes (load_id, position, state, settled, rejected, sent_to, cut_first, cut, part_to, "
      "attempts, unknown, last_error, sent_as, held) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, "
      "?14)",
      load_id, lane);
}

Status count_refused_rows(Database& database, const std::string& load_id) {
  Result<Statement> rows = database.prepare(
      "INSERT INTO refused_rows (load_id, table_name, rows) SELECT l.load_id, j.table_name, sum(l.rejected) FROM lanes "
      "l JOIN jobs j USING (load_id, position) WHERE l.load_id = ?1 GROUP BY 1, 2 "
      "ON CONFLICT (load_id, table_name) DO UPDATE SET rows = excluded.rows");
  return rows ? rows->with(load_id).run() : std::unexpected(rows.error());
}

namespace {

// What the lanes have rejected is what the destination refuses of the package.
Status count_refused(Database& database, const std::string& load_id, std::uint64_t documents) {
  Result<Statement> more = database.prepare("UPDATE packages SET refused = refused + ?2 WHERE load_id = ?1");
  if (!more) {
    return std::unexpected(more.error());
  }
  const Status counted = more->with(load_id, documents).run();
  return counted ? count_refused_rows(database, load_id) : counted;
}

Result<bool> is_replay(Database& database, const std::string& load_id) {
  Result<Statement> statement = database.prepare("SELECT is_replay FROM packages WHERE load_id = ?1");
  const Result<bool> row = statement ? statement->with(load_id).step() : std::unexpected(statement.error());
  return row && *row ? Result<bool>(statement->integer(0) != 0) : row;
}

Status keep_rejected(Database& database, const std::string& load_id, const std::string& run_id) {
  const Result<bool> are_again = is_replay(database, load_id);
  if (!are_again) {
    return std::unexpected(are_again.error());
  }
  return *are_again ? reopen_rejected_letters(database, load_id)
                    : keep_letters(database, {.load_id = load_id, .run_id = run_id});
}

}  // namespace

Result<std::vector<LaneRecord>> read_lanes(Database& database, const std::string& load_id) {
  Result<Statement> statement = database.prepare(
      "SELECT position, state, settled, rejected, sent_to, cut_first, cut, part_to, attempts, unknown, last_error, "
      "sent_as, "
      "held FROM lanes WHERE load_id = ?1 ORDER BY position");
  if (!statement) {
    return std::unexpected(statement.error());
  }
  return collect(statement->with(load_id), read_lane);
}

namespace {

Status write_state(Database& database, const std::string& load_id, const StateChanges& changes) {
  Result<Statement> set = database.prepare(
      "INSERT INTO destination_state (destination, name, value, load_id) SELECT destination, ?2, ?3, load_id FROM "
      "packages WHERE load_id = ?1 ON CONFLICT (destination, name) DO UPDATE SET value = excluded.value, load_id = "
      "excluded.load_id");
  Result<Statement> erase = database.prepare(
      "DELETE FROM destination_state WHERE destination = (SELECT destination FROM packages WHERE load_id = ?1) AND "
      "name = ?2");
  if (!set || !erase) {
    return std::unexpected(set ? erase.error() : set.error());
  }
  for (const auto& [name, value] : changes) {
    if (Status written = value ? set->with(load_id, name, *value).run() : erase->with(load_id, name).run(); !written) {
      return written;
    }
  }
  return {};
}

}  // namespace

Result<StateValues> Ledger::destination_state(const std::string& destination) {
  Result<Statement> statement = database_.prepare("SELECT name, value FROM destination_state WHERE destination = ?1");
  if (!statement) {
    return std::unexpected(statement.error());
  }
  const auto rows = collect(statement->with(destination), [](const Statement& row) {
    return std::pair(std::string(row.text(0)), std::string(row.text(1)));
  });
  return rows ? Result<StateValues>(StateValues(rows->begin(), rows->end())) : std::unexpected(rows.error());
}

Result<std::vector<LaneRecord>> Ledger::lanes(const std::string& load_id) {
  return read_lanes(database_, load_id);
}

/// One mark and nothing else, which is what a batch of a lone lane needs: a transaction of one statement. False: it
/// takes more than that, or nothing may be written.
bool Ledger::mark_alone(const std::string& load_id, const LaneUpdate& update) {
  if (has_set_aside_ || update.rejected > 0 || !update.letters.empty() || !update.state.empty() ||
      !update.delivered.empty()) {
    return false;
  }
  static const std::string mark_of_ours =
      std::string(mark_lane) + " AND (SELECT CAST(value AS INTEGER) FROM pipeline WHERE key = 'generation') = ?15";
  Result<Statement> statement = database_.prepare(mark_of_ours);
  if (!statement) {
    return false;
  }
  with_lane(*statement, load_id, update.lane).bind(15, generation_);
  return statement->run() && database_.changes() > 0;
}

Status Ledger::record_lanes(const std::string& load_id, const std::string& run_id,
                            std::span<const LaneUpdate> updates) {
  if (updates.size() == 1 && mark_alone(load_id, updates.front())) {
    return tell(Recorded::lanes);
  }
  Result<Transaction> transaction = begin_write();
  if (!transaction) {
    return std::unexpected(transaction.error());
  }
  std::uint64_t rejected = 0;
  std::uint64_t documents = 0;
  for (const LaneUpdate& update : updates) {
    if (Status written = write_lane(database_, load_id, update.lane); !written) {
      return written;
    }
    for (const Letter& letter : update.letters) {
      if (Status kept = set_aside(letter); !kept) {
        return kept;
      }
    }
    if (!update.state.empty()) {
      if (Status remembered = write_state(database_, load_id, update.state); !remembered) {
        return remembered;
      }
    }
    rejected += update.rejected;
    documents += update.documents;
  }
  Status recorded;
  if (rejected > 0) {
    recorded = count_refused(database_, load_id, documents);
  }
  if (recorded && has_set_aside_) {
    recorded = keep_rejected(database_, load_id, run_id);
  }
  // Behind the letters, since a row may have overtaken one of its own batch.
  for (const LaneUpdate& update : updates) {
    if (recorded) {
      recorded = overtake(database_, load_id, update.delivered);
    }
  }
  forget_set_aside();
  if (recorded) {
    recorded = transaction->commit();
  }
  return recorded ? tell(Recorded::lanes) : recorded;
}

Result<std::string> Ledger::schema_before(const std::string& load_id) {
  Result<Statement> statement = database_.prepare(
      "SELECT s.document FROM packages p JOIN schemas s USING (schema_id) WHERE p.state = 'loaded' AND p.load_id < ?1 "
      "AND p.load_id NOT IN (SELECT load_id FROM aborts) ORDER BY p.load_id DESC LIMIT 1");
  const Result<bool> row = statement ? statement->with(load_id).step() : std::unexpected(statement.error());
  if (!row) {
    return std::unexpected(row.error());
  }
  return *row ? std::string(statement->text(0)) : std::string();
}

Result<std::string> Ledger::schema_of(const std::string& load_id) {
  Result<Statement> statement =
      database_.prepare("SELECT s.document FROM packages p JOIN schemas s USING (schema_id) WHERE p.load_id = ?1");
  const Result<bool> row = statement ? statement->with(load_id).step() : std::unexpected(statement.error());
  if (!row) {
    return std::unexpected(row.error());
  }
  return *row ? std::string(statement->text(0)) : std::string();
}

Status Ledger::reopen_lanes(const std::string& load_id, std::span<const std::int64_t> positions) {
  Result<Transaction> transaction = begin_write();
  if (!transaction) {
    return std::unexpected(transaction.error());
  }
  Result<Statement> statement =
      database_.prepare("UPDATE lanes SET state = 'open' WHERE load_id = ?1 AND position = ?2 AND state = 'failed'");
  if (!statement) {
    return std::unexpected(statement.error());
  }
  for (const std::int64_t position : positions) {
    if (Status opened = statement->with(load_id, position).run(); !opened) {
      return opened;
    }
  }
  return transaction->commit();
}

}  // namespace outfall::ledger
