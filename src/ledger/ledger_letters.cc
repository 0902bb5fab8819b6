// SPDX-License-Identifier: Apache-2.0
//
// Dead letters: set aside in a temporary table while a run reads, and kept by the seal.
#include <fmt/format.h>

#include "base/limits.h"
#include "ledger/dead_letters.h"
#include "ledger/ledger.h"

namespace outfall::ledger {
namespace {

constexpr std::string_view letter_columns =
    "table_name, input, line, column_number, byte_offset, reason, hint, header, text, text_bytes, rejected_at, "
    "job_file, row_number, key, attempt, is_csv, primary_key, table_row";

LetterRecord read_letter(const Statement& row) {
  return {.load_id = std::string(row.text(0)),
          .ordinal = row.integer(1),
          .run_id = std::string(row.text(2)),
          .status = std::string(row.text(3)),
          .letter = {.table = std::string(row.text(4)),
                     .input = std::string(row.text(5)),
                     .line = static_cast<std::uint64_t>(row.integer(6)),
                     .column = static_cast<std::uint64_t>(row.integer(7)),
                     .offset = static_cast<std::uint64_t>(row.integer(8)),
                     .reason = std::string(row.text(9)),
                     .hint = std::string(row.text(10)),
                     .header = std::string(row.text(11)),
                     .text = std::string(row.text(12)),
                     .text_bytes = static_cast<std::uint64_t>(row.integer(13)),
                     .rejected_at = row.integer(14),
                     .job_file = std::string(row.text(15)),
                     .row = static_cast<std::uint64_t>(row.integer(16)),
                     .key = std::string(row.text(17)),
                     .attempt = static_cast<std::uint64_t>(row.integer(18)),
                     .is_csv = row.integer(19) != 0,
                     .primary_key = std::string(row.text(20)),
                     .table_row = row.integer(21)},
          .replay_load_id = std::string(row.text(22)),
          .overtaken_by = std::string(row.text(23))};
}

constexpr std::string_view filter_sql =
    "FROM dead_letters WHERE status <> 'proposed' AND (?1 = '' OR table_name = ?1) AND (?2 = '' OR "
    "instr(lower(reason), lower(?2)) > 0) "
    "AND rejected_at >= ?3 AND (?4 = '' OR load_id = ?4) AND (?5 = 0 OR ordinal = ?5) AND (?6 = '' OR instr(input, ?6) "
    "> 0) AND (?7 = '' OR status = ?7) ";

Statement& bind_filter(Statement& statement, const LetterFilter& filter) {
  return statement.with(filter.table, filter.reason, filter.since, filter.load_id, filter.ordinal, filter.input,
                        filter.status);
}

Result<std::uint64_t> count(Database& database, std::string_view sql, const std::string& load_id) {
  Result<Statement> statement = database.prepare(sql);
  const Result<bool> row = statement ? statement->with(load_id).step() : std::unexpected(statement.error());
  if (!row) {
    return std::unexpected(row.error());
  }
  return static_cast<std::uint64_t>(statement->integer(0));
}

Status run_all(Database& database, const std::string& load_id, std::initializer_list<std::string_view> statements) {
  for (const std::string_view sql : statements) {
    Result<Statement> statement = database.prepare(sql);
    if (!statement) {
      return std::unexpected(statement.error());
    }
    if (Status done = statement->with(load_id).run(); !done) {
      return done;
    }
  }
  return {};
}

/// The last load behind ?1 that has delivered rows of a table, by table. A replay does not count: it delivers what its
/// letters stand for.
constexpr std::string_view later_deliveries =
    "SELECT j.table_name, max(p.load_id) AS load_id FROM main.packages AS p JOIN main.jobs AS j USING (load_id) LEFT "
    "JOIN main.lanes AS d USING (load_id, position) WHERE p.load_id > ?1 AND NOT p.is_replay AND iif(d.load_id IS "
    "NULL, p.state = 'loaded', d.settled > d.rejected) GROUP BY j.table_name";

/// Rows of a table, from `first` up to `first + settled` in its package, that the lane of a job file has settled.
constexpr std::string_view settled_parts =
    "SELECT j.load_id, j.table_name, l.settled, coalesce(sum(j.rows) OVER (PARTITION BY j.load_id, j.table_name ORDER "
    "BY j.position ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS first FROM main.jobs AS j LEFT JOIN "
    "main.lanes AS l USING (load_id, position)";

/// Of the letters of a load; 0: it has none.
Result<std::int64_t> last_ordinal(Database& database, const std::string& load_id) {
  Result<Statement> statement =
      database.prepare("SELECT coalesce(max(ordinal), 0) FROM main.dead_letters WHERE load_id = ?1");
  const Result<bool> row = statement ? statement->with(load_id).step() : std::unexpected(statement.error());
  if (!row) {
    return std::unexpected(row.error());
  }
  return statement->integer(0);
}

}  // namespace

Status Ledger::set_aside(const Letter& letter) {
  // What SQLite keeps in a file of its own is gone with the process: until the seal nothing is rejected.
  if (!has_set_aside_) {
    Status made = database_.execute(
        "CREATE TEMP TABLE IF NOT EXISTS set_aside (ordinal INTEGER PRIMARY KEY, table_name, input, line, "
        "column_number, byte_offset, reason, hint, header, text, text_bytes, rejected_at, job_file, row_number, key, "
        "attempt, is_csv, primary_key, table_row); DELETE FROM set_aside");
    if (!made) {
      return made;
    }
    has_set_aside_ = true;
  }
  Result<Statement> statement = database_.prepare(fmt::format(
      "INSERT INTO temp.set_aside ({}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, CAST(? AS BLOB), ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      letter_columns));
  if (!statement) {
    return std::unexpected(statement.error());
  }
  const std::string_view text(letter.text);
  return statement
      ->with(letter.table, letter.input, letter.line, letter.column, letter.offset, letter.reason, letter.hint,
             letter.header, text.substr(0, limits::letter_text_bytes_max), letter.text_bytes, letter.rejected_at,
             letter.job_file, letter.row, letter.key, letter.attempt, letter.is_csv ? 1 : 0, letter.primary_key,
             letter.table_row)
      .run();
}

Status keep_letters(Database& database, const LetterOwner& owner) {
  const Result<std::int64_t> last = last_ordinal(database, owner.load_id);
  if (!last) {
    return std::unexpected(last.error());
  }
  Result<Statement> kept = database.prepare(
      fmt::format("INSERT INTO main.dead_letters (load_id, run_id, status, ordinal, {0}) SELECT ?1, ?2, ?3, "
                  "ordinal + ?4, {0} FROM temp.set_aside ORDER BY ordinal",
                  letter_columns));
  if (!kept) {
    return std::unexpected(kept.error());
  }
  if (Status done = kept->with(owner.load_id, owner.run_id, owner.status, *last).run(); !done) {
    return done;
  }
  // What a later load has delivered meanwhile was not looked at, and may be a row of the same key. Those that were kept
  // before were compared with it.
  Result<Statement> overtaken = database.prepare(
      fmt::format("UPDATE main.dead_letters AS o SET overtaken_by = l.load_id FROM ({}) AS l WHERE o.load_id = ?1 AND "
                  "o.ordinal > ?2 AND o.table_name = l.table_name AND o.primary_key <> '' AND o.overtaken_by = '' AND "
                  "o.status IN ('open', 'proposed')",
                  later_deliveries));
  // Of what replays have delivered the keys are known.
  Result<Statement> by_replays = database.prepare(
      fmt::format("UPDATE main.dead_letters AS o SET overtaken_by = r.replay_load_id FROM (SELECT d.table_name, "
                  "d.primary_key, d.load_id, d.table_row, d.replay_load_id FROM main.dead_letters AS d LEFT JOIN ({} "
                  "WHERE j.load_id IN (SELECT replay_load_id FROM main.dead_letters WHERE status = 'replaying')) AS p "
                  "ON d.status = 'replaying' AND p.load_id = d.replay_load_id AND p.table_name = d.table_name AND "
                  "d.replay_row >= p.first AND d.replay_row < p.first + p.settled WHERE d.primary_key <> '' AND "
                  "(d.status = 'replayed' OR p.load_id IS NOT NULL)) AS r WHERE o.load_id = ?1 AND o.ordinal > ?2 AND "
                  "o.table_name = r.table_name AND o.primary_key = r.primary_key AND o.overtaken_by = '' AND o.status "
                  "IN ('open', 'proposed') AND (r.load_id > o.load_id OR (r.load_id = o.load_id AND r.table_row > "
                  "o.table_row))",
                  settled_parts));
  if (!overtaken || !by_replays) {
    return std::unexpected(overtaken ? by_replays.error() : overtaken.error());
  }
  if (Status done = overtaken->with(owner.load_id, *last).run(); !done) {
    return done;
  }
  return by_replays->with(owner.load_id, *last).run();
}

Status replay_letters(Database& database, const std::string& load_id, std::span<const ReplayedLetter> letters,
                      std::int64_t now) {
  Result<Statement> replaying = database.prepare(
      "UPDATE dead_letters SET status = 'replaying', replay_load_id = ?3, replay_row = ?4, key = iif(?5, key, '') "
      "WHERE load_id = ?1 AND ordinal = ?2 AND status = 'open'");
  Result<Statement> again = database.prepare(
      "UPDATE dead_letters SET replay_load_id = ?3, reason = ?4, hint = ?5, rejected_at = ?6, attempt = attempt + 1 "
      "WHERE load_id = ?1 AND ordinal = ?2 AND status = 'open'");
  if (!replaying || !again) {
    return std::unexpected(replaying ? again.error() : replaying.error());
  }
  for (const ReplayedLetter& letter : letters) {
    Status done =
        letter.is_in_no_row
            ? again->with(letter.load_id, letter.ordinal, load_id, letter.reason, letter.hint, now).run()
            : replaying->with(letter.load_id, letter.ordinal, load_id, letter.row, letter.keeps_key ? 1 : 0).run();
    if (!done) {
      return done;
    }
    if (database.changes() != 1) {
      return fail(fmt::format("dead letter {}.{} is not open", letter.load_id, letter.ordinal));
    }
  }
  return {};
}

Status reopen_rejected_letters(Database& database, const std::string& load_id) {
  // A row is counted from the table's first one in the package, whatever job file it stands in.
  return run_all(
      database, load_id,
      {"UPDATE main.dead_letters AS o SET status = 'open', reason = s.reason, hint = s.hint, rejected_at = "
       "s.rejected_at, key = iif(o.key = '', s.key, o.key), attempt = o.attempt + s.attempt FROM temp.set_aside AS s "
       "JOIN main.jobs AS j ON "
       "j.load_id = ?1 AND j.file = s.job_file WHERE o.replay_load_id = ?1 AND o.status = 'replaying' AND o.table_name "
       "= "
       "s.table_name AND o.replay_row = s.row_number + (SELECT coalesce(sum(before.rows), 0) FROM main.jobs AS before "
       "WHERE before.load_id = ?1 AND before.table_name = j.table_name AND before.position < j.position)"});
}

Status overtake(Database& database, const std::string& load_id, std::span<const DeliveredKey> delivered) {
  if (delivered.empty()) {
    return {};
  }
  Result<Statement> statement = database.prepare(
      "UPDATE dead_letters AS o SET overtaken_by = ?1 FROM (SELECT ?1 AS load_id, ?4 AS table_row WHERE NOT EXISTS "
      "(SELECT 1 FROM packages WHERE load_id = ?1 AND is_replay) UNION ALL SELECT load_id, table_row FROM dead_letters "
      "WHERE replay_load_id = ?1 AND status = 'replaying' AND table_name = ?2 AND replay_row = ?4) AS d "
      "WHERE o.table_name = ?2 AND o.primary_key = ?3 AND o.primary_key <> '' AND o.overtaken_by = '' AND o.status IN "
      "('open', 'replaying', 'proposed') AND (o.load_id < d.load_id OR (o.load_id = d.load_id AND o.table_row < "
      "d.table_row)) AND NOT EXISTS (SELECT 1 FROM dead_letters AS r WHERE r.load_id = ?1 AND r.table_name = ?2 AND "
      "r.table_row = ?4 AND (r.status = 'proposed' OR (r.status = 'open' AND r.job_file <> '')))");
  if (!statement) {
    return std::unexpected(statement.error());
  }
  for (const DeliveredKey& row : delivered) {
    if (Status marked = statement->with(load_id, row.table, row.key, row.row).run(); !marked) {
      return marked;
    }
  }
  return {};
}

Status settle_letters(Database& database, const std::string& load_id) {
  return run_all(
      database, load_id,
      {"UPDATE dead_letters AS o SET status = 'open', reason = p.reason, hint = p.hint, rejected_at = p.rejected_at, "
       "attempt = o.attempt + 1 FROM dead_letters AS p WHERE p.load_id = ?1 AND p.status = 'proposed' AND "
       "o.replay_load_id = ?1 AND o.status = 'replaying' AND o.table_name = p.table_name AND o.replay_row = "
       "p.row_number",
       "DELETE FROM dead_letters WHERE load_id = ?1 AND status = 'proposed' AND EXISTS (SELECT 1 FROM packages WHERE "
       "packages.load_id = ?1 AND is_replay)",
       "UPDATE dead_letters SET status = 'open' WHERE load_id = ?1 AND status = 'proposed'",
       "UPDATE dead_letters SET status = 'replayed' WHERE replay_load_id = ?1 AND status = 'replaying'"});
}

Status release_letters(Database& database, const std::string& load_id) {
  const std::string replayed = fmt::format(
      "UPDATE dead_letters AS o SET status = 'replayed' WHERE replay_load_id = ?1 AND status = 'replaying' AND EXISTS "
      "(SELECT 1 FROM ({} WHERE j.load_id = ?1) AS p WHERE p.table_name = o.table_name AND o.replay_row >= p.first AND "
      "o.replay_row < p.first + p.settled)",
      settled_parts);
  return run_all(database, load_id,
                 {"DELETE FROM dead_letters WHERE load_id = ?1 AND status = 'proposed'", replayed,
                  "UPDATE dead_letters SET status = 'open' WHERE replay_load_id = ?1 AND status = 'replaying'"});
}

Status Ledger::propose_refused(const RefusedDocuments& refused) {
  Result<Transaction> transaction = begin_write();
  if (!transaction) {
    return std::unexpected(transaction.error());
  }
  Result<Statement> earlier = database_.prepare("DELETE FROM dead_letters WHERE load_id = ?1 AND status = 'proposed'");
  Result<Statement> count =
      database_.prepare("UPDATE packages SET refused = ?2 WHERE load_id = ?1 AND state = 'pending'");
  if (!earlier || !count) {
    return std::unexpected(earlier ? count.error() : earlier.error());
  }
  Result<Statement> no_rows = database_.prepare("DELETE FROM refused_rows WHERE load_id = ?1");
  Result<Statement> rows = database_.prepare("INSERT INTO refused_rows (load_id, table_name, rows) VALUES (?, ?, ?)");
  if (!no_rows || !rows) {
    return std::unexpected(no_rows ? rows.error() : no_rows.error());
  }
  Status proposed = earlier->with(refused.load_id).run();
  if (proposed) {
    proposed = no_rows->with(refused.load_id).run();
  }
  for (const auto& [table, count_of_table] : refused.rows) {
    if (proposed) {
      proposed = rows->with(refused.load_id, table, count_of_table).run();
    }
  }
  if (proposed) {
    proposed = count->with(refused.load_id, refused.documents).run();
  }
  if (proposed && has_set_aside_) {
    proposed = keep_letters(database_, {.load_id = refused.load_id, .run_id = refused.run_id, .status = "proposed"});
  }
  if (proposed) {
    proposed = transaction->commit();
  }
  forget_set_aside();
  return proposed ? tell(Recorded::refusals) : proposed;
}

Status Ledger::visit_letters(const LetterFilter& filter, const VisitLetter& visit) {
  const std::string_view order = filter.order == LetterOrder::newest_first ? "DESC" : "ASC";
  Result<Statement> statement =
      database_.prepare(fmt::format("SELECT load_id, ordinal, run_id, status, {}, replay_load_id, overtaken_by {} "
                                    "ORDER BY load_id {}, ordinal LIMIT ?8",
                                    letter_columns, filter_sql, order));
  if (!statement) {
    return std::unexpected(statement.error());
  }
  bind_filter(*statement, filter).bind(8, filter.limit);
  while (true) {
    const Result<bool> row = statement->step();
    if (!row) {
      return std::unexpected(row.error());
    }
    if (!*row) {
      return {};
    }
    const Result<bool> goes_on = visit(read_letter(*statement));
    if (!goes_on) {
      return std::unexpected(goes_on.error());
    }
    if (!*goes_on) {
      return {};
    }
  }
}

Result<std::uint64_t> Ledger::rejected_with(const std::string& load_id) {
  Result<Statement> statement = database_.prepare("SELECT rejected FROM packages WHERE load_id = ?1");
  const Result<bool> row = statement ? statement->with(load_id).step() : std::unexpected(statement.error());
  if (!row) {
    return std::unexpected(row.error());
  }
  return *row ? static_cast<std::uint64_t>(statement->integer(0)) : 0;
}

Result<std::uint64_t> Ledger::count_letters(const LetterFilter& filter) {
  Result<Statement> statement = database_.prepare(fmt::format("SELECT count(*) {}", filter_sql));
  const Result<bool> row = statement ? bind_filter(*statement, filter).step() : std::unexpected(statement.error());
  if (!row) {
    return std::unexpected(row.error());
  }
  return static_cast<std::uint64_t>(statement->integer(0));
}

Result<std::uint64_t> Ledger::letters_left_by(const std::string& load_id) {
  return count(database_,
               "SELECT (SELECT count(*) FROM dead_letters WHERE load_id = ?1 AND status = 'open') + "
               "(SELECT count(*) FROM dead_letters WHERE replay_load_id = ?1 AND status = 'open')",
               load_id);
}

Result<std::map<std::string, std::uint64_t>> Ledger::untold_letters(const std::string& load_id) {
  // What a replay could not make a row of is counted with its seal. A letter that is open again has the run that was
  // the first to reject its row; the one that rejected it again is the last that had begun by then.
  Result<Statement> statement = database_.prepare(
      "SELECT l.table_name, count(*) FROM dead_letters AS l JOIN packages AS p ON p.load_id = ?1 WHERE (l.load_id = ?1 "
      "AND l.status <> 'proposed' AND (l.job_file <> '' OR p.state = 'loaded') AND l.run_id IN (SELECT run_id FROM "
      "silent_runs)) OR (l.replay_load_id = ?1 AND l.status = 'open' AND l.rejected_at > p.sealed_at - (p.state = "
      "'loaded') AND (SELECT run_id FROM runs WHERE started_at <= l.rejected_at ORDER BY started_at DESC, rowid DESC "
      "LIMIT 1) IN (SELECT run_id FROM silent_runs)) GROUP BY l.table_name");
  if (!statement) {
    return std::unexpected(statement.error());
  }
  const auto rows = collect(statement->with(load_id), [](const Statement& row) {
    return std::pair(std::string(row.text(0)), static_cast<std::uint64_t>(row.integer(1)));
  });
  if (!rows) {
    return std::unexpected(rows.error());
  }
  return std::map<std::string, std::uint64_t>(rows->begin(), rows->end());
}

Result<std::vector<UntoldLoad>> Ledger::untold_loads() {
  Result<Statement> statement = database_.prepare(
      "SELECT load_id, document FROM packages JOIN schemas USING (schema_id) WHERE state = 'loaded' AND loaded_at >= "
      "(SELECT min(started_at) FROM silent_runs) ORDER BY load_id");
  if (!statement) {
    return std::unexpected(statement.error());
  }
  Result<std::vector<UntoldLoad>> loads = collect(*statement, [](const Statement& row) {
    return UntoldLoad{.load_id = std::string(row.text(0)), .schema = std::string(row.text(1)), .letters = {}};
  });
  for (std::size_t i = 0; loads && i < loads->size(); ++i) {
    auto letters = untold_letters((*loads)[i].load_id);
    if (!letters) {
      return std::unexpected(letters.error());
    }
    (*loads)[i].letters = std::move(*letters);
  }
  if (loads) {
    std::erase_if(*loads, [](const UntoldLoad& load) { return load.letters.empty(); });
  }
  return loads;
}

Result<std::optional<LetterRecord>> Ledger::letter(const std::string& load_id, std::int64_t ordinal) {
  Result<Statement> statement =
      database_.prepare(fmt::format("SELECT load_id, ordinal, run_id, status, {}, replay_load_id, overtaken_by FROM "
                                    "dead_letters WHERE load_id = ?1 AND "
                                    "ordinal = ?2 AND status <> 'proposed'",
                                    letter_columns));
  const Result<bool> row = statement ? statement->with(load_id, ordinal).step() : std::unexpected(statement.error());
  if (!row) {
    return std::unexpected(row.error());
  }
  return *row ? std::optional(read_letter(*statement)) : std::nullopt;
}

Result<std::uint64_t> Ledger::drop_letters(const LetterFilter& filter) {
  Result<Transaction> transaction = begin_write();
  if (!transaction) {
    return std::unexpected(transaction.error());
  }
  Result<Statement> statement =
      database_.prepare(fmt::format("UPDATE dead_letters SET status = 'dropped', text = x'', primary_key = '' WHERE "
                                    "rowid IN (SELECT rowid {} AND status = "
                                    "'open' ORDER BY load_id, ordinal LIMIT ?8)",
                                    filter_sql));
  if (!statement) {
    return std::unexpected(statement.error());
  }
  bind_filter(*statement, filter).bind(8, filter.limit);
  Status dropped = statement->run();
  const auto count = static_cast<std::uint64_t>(database_.changes());
  if (dropped) {
    dropped = transaction->commit();
  }
  return dropped ? Result<std::uint64_t>(count) : std::unexpected(dropped.error());
}

Result<std::vector<std::string>> Ledger::letter_keys(const std::string& table, const std::string& proposed_of) {
  Result<Statement> statement = database_.prepare(
      "SELECT DISTINCT primary_key FROM dead_letters WHERE table_name = ?1 AND primary_key <> '' AND overtaken_by = '' "
      "AND (status IN ('open', 'replaying') OR (status = 'proposed' AND load_id = ?2))");
  if (!statement) {
    return std::unexpected(statement.error());
  }
  return collect(statement->with(table, proposed_of), [](const Statement& row) { return std::string(row.text(0)); });
}

Result<std::uint64_t> Ledger::overtaken_letters(const std::string& replay_load_id, const std::string& table) {
  Result<Statement> statement = database_.prepare(
      "SELECT count(*) FROM dead_letters WHERE replay_load_id = ?1 AND status = 'replaying' AND overtaken_by <> '' AND "
      "table_name = ?2");
  const Result<bool> row = statement ? statement->with(replay_load_id, table).step() : fail(statement.error());
  if (!row) {
    return std::unexpected(row.error());
  }
  return static_cast<std::uint64_t>(statement->integer(0));
}

Result<std::map<std::string, std::string>> Ledger::later_deliveries(const std::string& load_id) {
  Result<Statement> statement = database_.prepare(ledger::later_deliveries);
  if (!statement) {
    return std::unexpected(statement.error());
  }
  const auto rows = collect(statement->with(load_id), [](const Statement& row) {
    return std::pair(std::string(row.text(0)), std::string(row.text(1)));
  });
  if (!rows) {
    return std::unexpected(rows.error());
  }
  return std::map<std::string, std::string>(rows->begin(), rows->end());
}

Result<std::map<std::string, std::int64_t>> Ledger::first_keyed_letters(const std::string& load_id) {
  Result<Statement> statement = database_.prepare(
      "SELECT table_name, min(table_row) FROM dead_letters WHERE load_id = ?1 AND primary_key <> '' AND overtaken_by = "
      "'' AND status = 'open' GROUP BY table_name");
  if (!statement) {
    return std::unexpected(statement.error());
  }
  const auto rows = collect(statement->with(load_id),
                            [](const Statement& row) { return std::pair(std::string(row.text(0)), row.integer(1)); });
  if (!rows) {
    return std::unexpected(rows.error());
  }
  return std::map<std::string, std::int64_t>(rows->begin(), rows->end());
}

Status Ledger::overtake_letters(const std::string& load_id, std::span<const DeliveredKey> delivered) {
  if (delivered.empty()) {
    return {};
  }
  Result<Transaction> transaction = begin_write();
  if (!transaction) {
    return std::unexpected(transaction.error());
  }
  const Status marked = overtake(database_, load_id, delivered);
  return marked ? transaction->commit() : marked;
}

Result<std::map<std::string, std::vector<std::string>>> Ledger::replayed_keys(const std::string& load_id) {
  Result<Statement> statement = database_.prepare(
      "SELECT table_name, replay_row, key FROM dead_letters WHERE replay_load_id = ?1 AND status IN ('replaying', "
      "'replayed') ORDER BY table_name, replay_row");
  if (!statement) {
    return std::unexpected(statement.error());
  }
  statement->with(load_id);
  std::map<std::string, std::vector<std::string>> keys;
  while (true) {
    const Result<bool> row = statement->step();
    if (!row) {
      return std::unexpected(row.error());
    }
    if (!*row) {
      return keys;
    }
    std::vector<std::string>& of_table = keys[std::string(statement->text(0))];
    of_table.resize(static_cast<std::size_t>(statement->integer(1)) + 1);
    of_table.back() = statement->text(2);
  }
}

}  // namespace outfall::ledger
