// SPDX-License-Identifier: Apache-2.0
//
// Packages: the seal, what is pending, and how a package ends.
#include <fmt/format.h>

#include <algorithm>

#include "base/fault.h"
#include "ledger/dead_letters.h"
#include "ledger/lane_table.h"
#include "ledger/ledger.h"
#include "ledger/pipeline_values.h"

namespace outfall::ledger {
namespace {

// The id of this very document: packages that were sealed with the same schema share one row.
Result<std::int64_t> store_schema(Database& database, const PackageRecord& package) {
  Result<Statement> known =
      database.prepare("SELECT schema_id FROM schemas WHERE version_hash = ?1 AND document = ?2 AND name = ?3");
  const Result<bool> found = known
                                 ? known->with(package.schema_version_hash, package.schema, package.schema_name).step()
                                 : std::unexpected(known.error());
  if (!found) {
    return std::unexpected(found.error());
  }
  if (*found) {
    return known->integer(0);
  }
  Result<Statement> insert = database.prepare(
      "INSERT INTO schemas (name, version_hash, document, stored_at) VALUES (?, ?, ?, ?) RETURNING schema_id");
  const Result<bool> row =
      insert ? insert->with(package.schema_name, package.schema_version_hash, package.schema, package.sealed_at).step()
             : std::unexpected(insert.error());
  if (!row) {
    return std::unexpected(row.error());
  }
  const std::int64_t schema_id = insert->integer(0);
  const Status finished = insert->run();
  return finished ? Result<std::int64_t>(schema_id) : std::unexpected(finished.error());
}

Status insert_package(Database& database, const PackageRecord& package, std::int64_t schema_id) {
  Result<Statement> statement = database.prepare(
      "INSERT INTO packages (load_id, run_id, state, destination, dataset, schema_id, documents, rejected, sealed_at, "
      "is_replay) VALUES (?, ?, 'pending', ?, ?, ?, ?, ?, ?, ?)");
  if (!statement) {
    return std::unexpected(statement.error());
  }
  return statement
      ->with(package.load_id, package.run_id, package.destination, package.dataset, schema_id, package.documents,
             package.rejected, package.sealed_at, package.is_replay ? 1 : 0)
      .run();
}

Status insert_jobs(Database& database, const PackageRecord& package) {
  Result<Statement> job = database.prepare(
      "INSERT INTO jobs (load_id, position, table_name, file, rows, bytes, hash) VALUES (?, ?, ?, ?, ?, ?, ?)");
  Result<Statement> replaced =
      database.prepare("INSERT INTO replaced_tables (load_id, position, table_name) VALUES (?, ?, ?)");
  Result<Statement> altered =
      database.prepare("INSERT INTO altered_columns (load_id, position, table_name, column_name) VALUES (?, ?, ?, ?)");
  for (const Result<Statement>* statement : {&job, &replaced, &altered}) {
    if (!*statement) {
      return std::unexpected(statement->error());
    }
  }
  std::int64_t position = 0;
  for (const JobRecord& each : package.jobs) {
    if (Status added =
            job->with(package.load_id, position++, each.table, each.file, each.rows, each.bytes, each.hash).run();
        !added) {
      return added;
    }
  }
  position = 0;
  for (const std::string& table : package.replaced) {
    if (Status added = replaced->with(package.load_id, position++, table).run(); !added) {
      return added;
    }
  }
  position = 0;
  for (const auto& [column, brought_by] : package.altered) {
    if (Status added = altered->with(package.load_id, position++, column.table, column.column).run(); !added) {
      return added;
    }
  }
  return {};
}

Status insert_inputs(Database& database, const PackageRecord& package, std::span<const InputRecord> inputs) {
  Result<Statement> statement = database.prepare(
      "INSERT INTO inputs (path, size, mtime_ns, hash, documents, table_name, run_id, load_id, sealed_at) VALUES (?, "
      "?, "
      "?, ?, ?, ?, ?, ?, ?)");
  if (!statement) {
    return std::unexpected(statement.error());
  }
  for (const InputRecord& input : inputs) {
    if (Status added = statement
                           ->with(input.path, input.size, input.mtime_ns, input.hash, input.documents, input.table,
                                  package.run_id, package.load_id, package.sealed_at)
                           .run();
        !added) {
      return added;
    }
  }
  return {};
}

/// Where the state is kept that a package was sealed on.
std::string state_before_key(const std::string& load_id) {
  return "state_before/" + load_id;
}

Status keep_state_before(Database& database, const std::string& load_id) {
  Result<Statement> kept = database.prepare(
      "INSERT OR REPLACE INTO pipeline (key, value) SELECT ?1, value FROM pipeline WHERE key = 'state'");
  return kept ? kept->with(state_before_key(load_id)).run() : std::unexpected(kept.error());
}

Status point_to_schema(Database& database, std::int64_t schema_id) {
  Result<Statement> pointer = database.prepare(
      "INSERT INTO pipeline (key, value) VALUES ('schema_id', ?1) ON CONFLICT (key) DO UPDATE SET value = "
      "excluded.value");
  return pointer ? pointer->with(schema_id).run() : std::unexpected(pointer.error());
}

Status store_pipeline_state(Database& database, const SealedState& state, std::int64_t schema_id,
                            const std::string& load_id) {
  // An id that did not come from new_load_id must not be given out again either.
  Result<Statement> newest = database.prepare(
      "INSERT INTO pipeline (key, value) VALUES ('last_load_id', ?1) "
      "ON CONFLICT (key) DO UPDATE SET value = max(value, excluded.value)");
  if (!newest) {
    return std::unexpected(newest.error());
  }
  Status stored = point_to_schema(database, schema_id);
  if (stored) {
    stored = newest->with(load_id).run();
  }
  if (stored) {
    stored = put_value(database, "naming", state.naming);
  }
  if (stored && !state.document.empty()) {
    stored = keep_state_before(database, load_id);
  }
  if (stored && !state.document.empty()) {
    stored = put_value(database, "state", state.document);
  }
  return stored;
}

/// A package that is loaded or aborted is not dropped any more.
Status forget_states_before(Database& database) {
  return database.execute(
      "DELETE FROM pipeline WHERE key LIKE 'state_before/%' AND NOT EXISTS "
      "(SELECT 1 FROM packages WHERE state = 'pending' AND key = 'state_before/' || load_id)");
}

/// As if the package had not been sealed, its sources are to be read again; but what is sealed behind it has gone on
/// from where it stopped.
Status take_back_state(Database& database, const std::string& load_id) {
  Result<Statement> restored = database.prepare(
      "UPDATE pipeline SET value = b.value FROM pipeline AS b WHERE pipeline.key = 'state' AND b.key = ?1 "
      "AND NOT EXISTS (SELECT 1 FROM packages WHERE load_id > ?2)");
  if (!restored) {
    return std::unexpected(restored.error());
  }
  const Status done = restored->with(state_before_key(load_id), load_id).run();
  return done ? forget_states_before(database) : done;
}

constexpr std::string_view package_columns =
    "SELECT p.load_id, p.run_id, p.state, p.destination, p.dataset, s.name, s.version_hash, p.documents, p.sealed_at, "
    "p.loaded_at, p.files_kept, p.attempts, p.last_error, p.rejected, p.refused, "
    "iif(p.state = 'pending', s.document, ''), p.is_replay, (SELECT asked_at FROM aborts WHERE load_id = p.load_id) "
    "FROM packages p JOIN schemas s USING (schema_id) ";

PackageRecord read_package(const Statement& row) {
  PackageRecord package{.load_id = std::string(row.text(0)),
                        .run_id = std::string(row.text(1)),
                        .state = row.text(2) == "loaded" ? PackageState::loaded : PackageState::pending,
                        .destination = std::string(row.text(3)),
                        .dataset = std::string(row.text(4)),
                        .schema_name = std::string(row.text(5)),
                        .schema_version_hash = std::string(row.text(6)),
                        .schema = std::string(row.text(15)),
                        .replaced = {},
                        .altered = {},
                        .documents = static_cast<std::uint64_t>(row.integer(7)),
                        .rejected = static_cast<std::uint64_t>(row.integer(13)),
                        .refused = static_cast<std::uint64_t>(row.integer(14)),
                        .sealed_at = row.integer(8),
                        .loaded_at = std::nullopt,
                        .files_kept = row.integer(10) != 0,
                        .attempts = static_cast<int>(row.integer(11)),
                        .last_error = std::string(row.text(12)),
                        .jobs = {},
                        .is_replay = row.integer(16) != 0};
  if (!row.is_null(9)) {
    package.loaded_at = row.integer(9);
  }
  if (!row.is_null(17)) {
    package.abort_asked_at = row.integer(17);
  }
  return package;
}

Status read_parts(Database& database, PackageRecord& package) {
  Result<Statement> jobs =
      database.prepare("SELECT table_name, file, rows, bytes, hash FROM jobs WHERE load_id = ?1 ORDER BY position");
  Result<Statement> replaced =
      database.prepare("SELECT table_name FROM replaced_tables WHERE load_id = ?1 ORDER BY position");
  Result<Statement> altered = database.prepare(
      "SELECT table_name, column_name, load_id FROM altered_columns WHERE load_id <= ?1 ORDER BY load_id, position");
  Result<Statement> refused = database.prepare("SELECT table_name, rows FROM refused_rows WHERE load_id = ?1");
  for (const Result<Statement>* statement : {&jobs, &replaced, &altered, &refused}) {
    if (!*statement) {
      return std::unexpected(statement->error());
    }
  }
  auto refused_rows = collect(refused->with(package.load_id), [](const Statement& row) {
    return std::pair(std::string(row.text(0)), static_cast<std::uint64_t>(row.integer(1)));
  });
  if (!refused_rows) {
    return std::unexpected(refused_rows.error());
  }
  package.refused_rows.insert(refused_rows->begin(), refused_rows->end());
  auto job_rows = collect(jobs->with(package.load_id), [](const Statement& row) {
    return JobRecord{.table = std::string(row.text(0)),
                     .file = std::string(row.text(1)),
                     .rows = static_cast<std::uint64_t>(row.integer(2)),
                     .bytes = static_cast<std::uint64_t>(row.integer(3)),
                     .hash = std::string(row.text(4))};
  });
  auto replaced_rows =
      collect(replaced->with(package.load_id), [](const Statement& row) { return std::string(row.text(0)); });
  auto altered_rows = collect(altered->with(package.load_id), [](const Statement& row) {
    return AlteredColumn{.column = {.table = std::string(row.text(0)), .column = std::string(row.text(1))},
                         .load_id = std::string(row.text(2))};
  });
  if (!job_rows || !replaced_rows) {
    return std::unexpected(job_rows ? replaced_rows.error() : job_rows.error());
  }
  if (!altered_rows) {
    return std::unexpected(altered_rows.error());
  }
  auto lanes = read_lanes(database, package.load_id);
  if (!lanes) {
    return std::unexpected(lanes.error());
  }
  package.lanes = std::move(*lanes);
  package.jobs = std::move(*job_rows);
  package.replaced = std::move(*replaced_rows);
  package.altered = std::move(*altered_rows);
  return {};
}

// The update before this call must have changed the one pending package that it named.
Status expect_one_pending(Database& database, const std::string& load_id) {
  if (database.changes() != 1) {
    return fail(fmt::format("cannot write {}: it knows no pending package {}", database.path(), load_id));
  }
  return {};
}

// The pipeline's schema is that of the newest package. Without any, what was known came from those that are gone.
Status forget_newer_schema(Database& database) {
  Status forgotten = database.execute(
      "UPDATE pipeline SET value = (SELECT schema_id FROM packages ORDER BY load_id DESC LIMIT 1) "
      "WHERE key = 'schema_id' AND EXISTS (SELECT 1 FROM packages)");
  if (!forgotten) {
    return forgotten;
  }
  return database.execute(
      "DELETE FROM pipeline WHERE key IN ('schema_id', 'naming', 'state') AND NOT EXISTS (SELECT 1 FROM packages)");
}

}  // namespace

Status Ledger::seal(const PackageRecord& package, std::span<const InputRecord> inputs, const SealedState& state,
                    std::span<const ReplayedLetter> replayed) {
  fault_point(Fault::before_seal);
  Result<Transaction> transaction = begin_write();
  if (!transaction) {
    return std::unexpected(transaction.error());
  }
  const Result<std::int64_t> schema_id = store_schema(database_, package);
  if (!schema_id) {
    return std::unexpected(schema_id.error());
  }
  Status sealed = insert_package(database_, package, *schema_id);
  if (sealed) {
    sealed = insert_jobs(database_, package);
  }
  if (sealed) {
    sealed = insert_inputs(database_, package, inputs);
  }
  if (sealed && has_set_aside_) {
    sealed = keep_letters(database_, {.load_id = package.load_id, .run_id = package.run_id});
  }
  if (sealed) {
    sealed = replay_letters(database_, package.load_id, replayed, package.sealed_at);
  }
  if (sealed) {
    sealed = store_pipeline_state(database_, state, *schema_id, package.load_id);
  }
  if (sealed) {
    fault_point(Fault::in_seal);
    sealed = transaction->commit();
  }
  if (!sealed) {
    return fail(std::move(sealed).error().in(fmt::format("seal package {}", package.load_id)));
  }
  has_set_aside_ = false;
  fault_point(Fault::after_seal);
  return {};
}

Status Ledger::remember(const StoredSchema& schema, const std::string& state) {
  Result<Transaction> transaction = begin_write();
  if (!transaction) {
    return std::unexpected(transaction.error());
  }
  PackageRecord document;
  document.schema_name = schema.name;
  document.schema_version_hash = schema.version_hash;
  document.schema = schema.document;
  document.sealed_at = env_->now_us();
  const Result<std::int64_t> schema_id = store_schema(database_, document);
  if (!schema_id) {
    return std::unexpected(schema_id.error());
  }
  Status kept = point_to_schema(database_, *schema_id);
  if (kept) {
    kept = put_value(database_, "naming", schema.naming);
  }
  if (kept) {
    kept = put_value(database_, "state", state);
  }
  return kept ? transaction->commit() : kept;
}

Result<std::vector<PackageRecord>> Ledger::pending() {
  const Result<Transaction> snapshot = Transaction::begin(database_, Transaction::Kind::read);
  if (!snapshot) {
    return std::unexpected(snapshot.error());
  }
  Result<Statement> statement =
      database_.prepare(std::string(package_columns) + "WHERE p.state = 'pending' ORDER BY p.load_id");
  if (!statement) {
    return std::unexpected(statement.error());
  }
  Result<std::vector<PackageRecord>> packages = collect(*statement, read_package);
  for (std::size_t i = 0; packages && i < packages->size(); ++i) {
    if (const Status read = read_parts(database_, (*packages)[i]); !read) {
      return std::unexpected(read.error());
    }
  }
  return packages;
}

Result<std::vector<PackageRecord>> Ledger::packages(std::size_t newest) {
  const Result<Transaction> snapshot = Transaction::begin(database_, Transaction::Kind::read);
  if (!snapshot) {
    return std::unexpected(snapshot.error());
  }
  Result<Statement> statement = database_.prepare(std::string(package_columns) + "ORDER BY p.load_id DESC LIMIT ?1");
  if (!statement) {
    return std::unexpected(statement.error());
  }
  Result<std::vector<PackageRecord>> packages = collect(statement->with(newest), read_package);
  for (std::size_t i = 0; packages && i < packages->size(); ++i) {
    if (const Status read = read_parts(database_, (*packages)[i]); !read) {
      return std::unexpected(read.error());
    }
  }
  return packages;
}

Status Ledger::record_attempt(const std::string& load_id, const std::string& error) {
  Result<Transaction> transaction = begin_write();
  if (!transaction) {
    return std::unexpected(transaction.error());
  }
  Result<Statement> statement = database_.prepare(
      "UPDATE packages SET attempts = attempts + 1, last_error = ?2 WHERE load_id = ?1 AND state = 'pending'");
  if (!statement) {
    return std::unexpected(statement.error());
  }
  Status counted = statement->with(load_id, error).run();
  if (counted) {
    counted = expect_one_pending(database_, load_id);
  }
  return counted ? transaction->commit() : counted;
}

Status Ledger::mark_loaded(const std::string& load_id, int keep_packages, std::span<const DeliveredKey> delivered) {
  fault_point(Fault::before_ledger_loaded);
  Result<Transaction> transaction = begin_write();
  if (!transaction) {
    return std::unexpected(transaction.error());
  }
  Result<Statement> loaded = database_.prepare(
      "UPDATE packages SET state = 'loaded', loaded_at = ?2, files_kept = 1, documents = documents - refused, "
      "rejected = rejected + refused, refused = 0 WHERE load_id = ?1 AND state = 'pending'");
  Result<Statement> kept = database_.prepare(
      "UPDATE packages SET files_kept = 0 WHERE files_kept = 1 AND load_id NOT IN "
      "(SELECT load_id FROM packages WHERE files_kept = 1 ORDER BY load_id DESC LIMIT ?1)");
  for (const auto* statement : {&loaded, &kept}) {
    if (!*statement) {
      return std::unexpected(statement->error());
    }
  }
  Status marked = loaded->with(load_id, env_->now_us()).run();
  if (marked) {
    marked = expect_one_pending(database_, load_id);
  }
  if (marked) {
    marked = overtake(database_, load_id, delivered);
  }
  if (marked) {
    marked = settle_letters(database_, load_id);
  }
  if (marked) {
    marked = forget_states_before(database_);
  }
  if (marked) {
    marked = kept->with(std::max(keep_packages, 0)).run();
  }
  if (marked) {
    marked = transaction->commit();
  }
  if (marked) {
    fault_point(Fault::after_ledger_loaded);
    static_cast<void>(tell(Recorded::loaded));  // it is loaded, whatever they answer
  }
  return marked;
}

Result<std::vector<InputRecord>> Ledger::inputs_of(const std::string& load_id) {
  Result<Statement> statement = database_.prepare(
      "SELECT path, size, mtime_ns, hash, documents, table_name FROM inputs WHERE load_id = ?1 ORDER BY input_id");
  if (!statement) {
    return std::unexpected(statement.error());
  }
  return collect(statement->with(load_id), [](const Statement& row) {
    return InputRecord{.path = std::string(row.text(0)),
                       .size = static_cast<std::uint64_t>(row.integer(1)),
                       .mtime_ns = row.integer(2),
                       .hash = std::string(row.text(3)),
                       .documents = static_cast<std::uint64_t>(row.integer(4)),
                       .table = std::string(row.text(5))};
  });
}

Status Ledger::drop(const std::string& load_id) {
  fault_point(Fault::before_package_drop);
  Result<Transaction> transaction = begin_write();
  if (!transaction) {
    return std::unexpected(transaction.error());
  }
  Result<Statement> package = database_.prepare("DELETE FROM packages WHERE load_id = ?1 AND state = 'pending'");
  // The schema of packages behind it has the types that this one was to bring about.
  Result<Statement> altered = database_.prepare(
      "UPDATE altered_columns SET load_id = n.load_id, position = position + n.behind FROM "
      "(SELECT load_id, (SELECT coalesce(max(position), -1) + 1 FROM altered_columns a WHERE a.load_id = p.load_id) "
      "AS behind FROM packages p WHERE load_id > ?1 ORDER BY load_id LIMIT 1) AS n "
      "WHERE altered_columns.load_id = ?1");
  Result<Statement> inputs = database_.prepare("DELETE FROM inputs WHERE load_id = ?1");
  // What another package brings once more is that one's affair.
  Result<Statement> letters =
      database_.prepare("DELETE FROM dead_letters WHERE load_id = ?1 AND status <> 'replaying'");
  for (const auto* statement : {&package, &altered, &inputs, &letters}) {
    if (!*statement) {
      return std::unexpected(statement->error());
    }
  }
  Status dropped = altered->with(load_id).run();
  if (dropped) {
    dropped = release_letters(database_, load_id);
  }
  if (dropped) {
    dropped = package->with(load_id).run();
  }
  if (dropped) {
    dropped = expect_one_pending(database_, load_id);
  }
  if (dropped) {
    dropped = inputs->with(load_id).run();
  }
  if (dropped) {
    dropped = letters->with(load_id).run();
  }
  if (dropped) {
    dropped = take_back_state(database_, load_id);
  }
  if (dropped) {
    dropped = forget_newer_schema(database_);
  }
  if (dropped) {
    fault_point(Fault::in_package_drop);
    dropped = transaction->commit();
  }
  if (!dropped) {
    return fail(std::move(dropped).error().in(fmt::format("drop package {}", load_id)));
  }
  fault_point(Fault::after_package_drop);
  return {};
}

Result<std::vector<std::string>> Ledger::packages_with_files() {
  Result<Statement> statement =
      database_.prepare("SELECT load_id FROM packages WHERE state = 'pending' OR files_kept = 1 ORDER BY load_id");
  if (!statement) {
    return std::unexpected(statement.error());
  }
  return collect(*statement, [](const Statement& row) { return std::string(row.text(0)); });
}

}  // namespace outfall::ledger
