// SPDX-License-Identifier: Apache-2.0
//
// Runs and the inputs that they sealed: what the same command may load again, and what not.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/fault.h"
#include "base/limits.h"
#include "ledger/ledger.h"
#include "outfall/report.h"

namespace outfall::ledger {
namespace {

constexpr std::int64_t day_us = std::int64_t{24} * 60 * 60 * 1'000'000;

constexpr std::string_view run_columns =
    "SELECT run_id, command, host, boot_id, pid, started_at, ended_at, ending, trace, input FROM runs ";

constexpr std::array<std::string_view, 3> input_words{"none", "known", "stream"};

std::string_view word(RunInput input) {
  return input_words[static_cast<std::size_t>(input)];
}

RunInput run_input(std::string_view text) {
  return static_cast<RunInput>(std::ranges::find(input_words, text) - input_words.begin());
}

RunRecord read_run(const Statement& row) {
  RunRecord run{.run_id = std::string(row.text(0)),
                .command = std::string(row.text(1)),
                .input = run_input(row.text(9)),
                .host = std::string(row.text(2)),
                .boot_id = std::string(row.text(3)),
                .pid = row.integer(4),
                .started_at = row.integer(5),
                .ended_at = std::nullopt,
                .ending = std::nullopt,
                .trace = std::string(row.text(8))};
  if (!row.is_null(6)) {
    run.ended_at = row.integer(6);
    run.ending = static_cast<int>(row.integer(7));
  }
  return run;
}

SealedInput read_sealed_input(const Statement& row) {
  return {.id = row.integer(0),
          .input = {.path = std::string(row.text(1)),
                    .size = static_cast<std::uint64_t>(row.integer(2)),
                    .mtime_ns = row.integer(3),
                    .hash = std::string(row.text(4)),
                    .documents = static_cast<std::uint64_t>(row.integer(5)),
                    .table = std::string(row.text(11))},
          .run_id = std::string(row.text(6)),
          .load_id = std::string(row.text(7)),
          .sealed_at = row.integer(8),
          .loaded = row.integer(9) != 0,
          .replaced = row.integer(12) != 0,
          .aborted = row.integer(13) != 0,
          .settled = row.integer(10) != 0};
}

Status record_end(Database& database, const RunEnd& end, std::int64_t now) {
  Result<Statement> statement =
      database.prepare("UPDATE runs SET ended_at = ?2, ending = ?3, trace = ?4, told = ?5 WHERE run_id = ?1");
  if (!statement) {
    return std::unexpected(statement.error());
  }
  if (Status updated = statement->with(end.run_id, now, end.ending, end.trace, end.told ? 1 : 0).run(); !updated) {
    return updated;
  }
  if (database.changes() != 1) {
    return fail(fmt::format("cannot record the end of run {}: {} does not know it", end.run_id, database.path()));
  }
  return {};
}

// A run that failed or was stopped is typed again, and names what it had found loaded once more.
bool did_what_it_was_asked(const RunEnd& end) {
  return end.ending == static_cast<int>(Ending::delivered) || end.ending == static_cast<int>(Ending::rejected);
}

// The run's own end is recorded already, so its inputs are among those of ended runs.
Status settle_inputs(Database& database, std::span<const std::int64_t> acknowledged) {
  if (Status settled = database.execute("UPDATE inputs SET settled = 1 WHERE settled = 0 "
                                        "AND run_id IN (SELECT run_id FROM runs WHERE ended_at IS NOT NULL) "
                                        "AND load_id NOT IN (SELECT load_id FROM packages WHERE state = 'pending')");
      !settled) {
    return settled;
  }
  Result<Statement> statement = database.prepare(
      "UPDATE inputs SET settled = 1 WHERE input_id = ?1 "
      "AND load_id NOT IN (SELECT load_id FROM packages WHERE state = 'pending')");
  if (!statement) {
    return std::unexpected(statement.error());
  }
  for (const std::int64_t id : acknowledged) {
    if (Status settled = statement->with(id).run(); !settled) {
      return settled;
    }
  }
  return {};
}

// What says nothing about pending or unsettled work, and is old. Inputs stay for ever: they are the memory of
// --skip-loaded. The newest loaded package stays: its schema is what the next one is compared with.
Status prune(Database& database, std::int64_t now) {
  const std::int64_t cutoff = now - limits::retention_days * day_us;
  for (const std::string_view sql :
       {"DELETE FROM packages WHERE state = 'loaded' AND files_kept = 0 AND loaded_at < ?1 AND load_id IS NOT "
        "(SELECT max(load_id) FROM packages WHERE state = 'loaded' AND load_id NOT IN (SELECT load_id FROM aborts))",
        "DELETE FROM dead_letters WHERE rejected_at < ?1 AND status <> 'replaying'",
        "DELETE FROM runs WHERE started_at < ?1 AND run_id NOT IN (SELECT run_id FROM packages) "
        "AND run_id NOT IN (SELECT run_id FROM inputs WHERE settled = 0)",
        "DELETE FROM schemas WHERE stored_at < ?1 AND schema_id NOT IN (SELECT schema_id FROM packages) "
        "AND schema_id NOT IN (SELECT value FROM pipeline WHERE key = 'schema_id')"}) {
    Result<Statement> statement = database.prepare(sql);
    if (!statement) {
      return std::unexpected(statement.error());
    }
    if (Status deleted = statement->with(cutoff).run(); !deleted) {
      return deleted;
    }
  }
  return {};
}

}  // namespace

Status Ledger::begin_run(const RunRecord& run) {
  Result<Transaction> transaction = begin_write();
  if (!transaction) {
    return std::unexpected(transaction.error());
  }
  Result<Statement> statement = database_.prepare(
      "INSERT INTO runs (run_id, command, host, boot_id, pid, started_at, trace, input) VALUES (?, ?, ?, ?, ?, ?, ?, "
      "?)");
  if (!statement) {
    return std::unexpected(statement.error());
  }
  Status begun =
      statement
          ->with(run.run_id, run.command, run.host, run.boot_id, run.pid, run.started_at, run.trace, word(run.input))
          .run();
  if (begun) {
    begun = database_.execute("DELETE FROM progress");
  }
  if (begun) {
    begun = transaction->commit();
  }
  if (begun) {
    acknowledged_.clear();
    fault_point(Fault::run_begun);
  }
  return begun;
}

void Ledger::acknowledge(std::span<const SealedInput> inputs) {
  for (const SealedInput& input : inputs) {
    acknowledged_.push_back(input.id);
  }
}

Status Ledger::end_run(const RunEnd& end) {
  fault_point(Fault::before_run_end);
  Result<Transaction> transaction = begin_write();
  if (!transaction) {
    return std::unexpected(transaction.error());
  }
  const std::int64_t now = env_->now_us();
  Status ended = record_end(database_, end, now);
  if (ended && did_what_it_was_asked(end)) {
    ended = settle_inputs(database_, acknowledged_);
  }
  if (ended) {
    ended = prune(database_, now);
  }
  if (ended) {
    ended = database_.execute("DELETE FROM progress");
  }
  if (ended) {
    ended = transaction->commit();
  }
  if (ended) {
    acknowledged_.clear();
    fault_point(Fault::after_run_end);
  }
  return ended;
}

Result<std::vector<RunRecord>> Ledger::runs(std::size_t newest) {
  Result<Statement> statement =
      database_.prepare(std::string(run_columns) + "ORDER BY started_at DESC, rowid DESC LIMIT ?1");
  if (!statement) {
    return std::unexpected(statement.error());
  }
  return collect(statement->with(newest), read_run);
}

Result<std::vector<UnendedRun>> Ledger::unended_runs() {
  Result<Statement> statement = database_.prepare(
      "SELECT s.run_id, s.input, s.started_at, "
      "coalesce((SELECT max(load_id) FROM packages WHERE packages.run_id = s.run_id), ''), "
      "coalesce((SELECT max(i.load_id) FROM inputs AS i JOIN runs AS r USING (run_id) WHERE i.settled = 0 AND "
      "r.command = d.command AND r.run_id <> d.run_id), '') "
      "FROM silent_runs AS s JOIN runs AS d USING (run_id) WHERE s.input <> 'none' ORDER BY s.ordinal");
  if (!statement) {
    return std::unexpected(statement.error());
  }
  return collect(*statement, [](const Statement& row) {
    return UnendedRun{.run_id = std::string(row.text(0)),
                      .input = run_input(row.text(1)),
                      .started_at = row.integer(2),
                      .load_id = std::string(row.text(3)),
                      .sealed_alike = std::string(row.text(4))};
  });
}

Result<bool> Ledger::load_was_interrupted(const std::string& run_id) {
  Result<Statement> statement = database_.prepare(
      "SELECT 1 FROM runs WHERE ended_at IS NULL AND run_id <> ?1 AND rowid >= (SELECT min(sealing.rowid) FROM "
      "packages "
      "JOIN runs AS sealing USING (run_id) WHERE packages.state = 'pending') LIMIT 1");
  return statement ? statement->with(run_id).step() : std::unexpected(statement.error());
}

Result<std::optional<RunRecord>> Ledger::run(const std::string& run_id) {
  Result<Statement> statement = database_.prepare(std::string(run_columns) + "WHERE run_id = ?1");
  const Result<bool> row = statement ? statement->with(run_id).step() : std::unexpected(statement.error());
  if (!row) {
    return std::unexpected(row.error());
  }
  return *row ? std::optional(read_run(*statement)) : std::nullopt;
}

Result<std::vector<SealedInput>> Ledger::sealed_inputs(const std::string& path) {
  Result<Statement> statement = database_.prepare(
      "SELECT input_id, path, size, mtime_ns, hash, documents, run_id, load_id, sealed_at, "
      "load_id NOT IN (SELECT load_id FROM packages WHERE state = 'pending'), settled, table_name, "
      "load_id IN (SELECT load_id FROM replaced_tables), load_id IN (SELECT load_id FROM aborts) "
      "FROM inputs WHERE path = ?1 ORDER BY input_id DESC");
  if (!statement) {
    return std::unexpected(statement.error());
  }
  return collect(statement->with(path), read_sealed_input);
}

Result<std::map<std::string, std::vector<std::string>>> Ledger::replacing_loads() {
  Result<Statement> statement =
      database_.prepare("SELECT table_name, load_id FROM replaced_tables ORDER BY load_id DESC");
  if (!statement) {
    return std::unexpected(statement.error());
  }
  std::map<std::string, std::vector<std::string>> loads;
  while (true) {
    const Result<bool> row = statement->step();
    if (!row) {
      return std::unexpected(row.error());
    }
    if (!*row) {
      return loads;
    }
    loads[std::string(statement->text(0))].emplace_back(statement->text(1));
  }
}

Result<std::vector<SealedInput>> Ledger::sealed_inputs_by_content(std::uint64_t size, const std::string& hash) {
  Result<Statement> statement = database_.prepare(
      "SELECT input_id, path, size, mtime_ns, hash, documents, run_id, load_id, sealed_at, "
      "load_id NOT IN (SELECT load_id FROM packages WHERE state = 'pending'), settled, table_name, "
      "load_id IN (SELECT load_id FROM replaced_tables), load_id IN (SELECT load_id FROM aborts) "
      "FROM inputs WHERE size = ?1 AND hash = ?2 ORDER BY input_id DESC");
  if (!statement) {
    return std::unexpected(statement.error());
  }
  return collect(statement->with(size, hash), read_sealed_input);
}

}  // namespace outfall::ledger
