// SPDX-License-Identifier: Apache-2.0
//
// Opening a ledger, fencing, and what is known of the pipeline itself: binding, load ids, schema, state, progress.
#include "ledger/ledger.h"

#include <fmt/format.h>

#include "base/fault.h"
#include "base/file.h"
#include "base/load_id.h"
#include "ledger/pipeline_values.h"
#include "ledger/tables.h"

namespace outfall::ledger {
namespace {

// Takes the next generation; from now on older holders cannot write.
Result<std::int64_t> take_generation(Database& database) {
  Result<Statement> statement = database.prepare(
      "INSERT INTO pipeline (key, value) VALUES ('generation', 1) "
      "ON CONFLICT (key) DO UPDATE SET value = value + 1 RETURNING value");
  const Result<bool> row = statement ? statement->step() : std::unexpected(statement.error());
  if (!row) {
    return std::unexpected(row.error());
  }
  const std::int64_t generation = statement->integer(0);
  const Status finished = statement->run();
  return finished ? Result<std::int64_t>(generation) : std::unexpected(finished.error());
}

}  // namespace

Result<Ledger> Ledger::open(const std::string& path, Env& env) {
  Result<Database> database = Database::open(path, Database::Access::read_write);
  if (!database) {
    return std::unexpected(std::move(database).error().in("open the state store"));
  }
  Ledger ledger(std::move(*database), &env);
  Result<Transaction> transaction = Transaction::begin(ledger.database_);
  if (!transaction) {
    return std::unexpected(std::move(transaction).error().in("open the state store"));
  }
  const Result<int> found = migrate_tables(ledger.database_);
  if (!found) {
    return std::unexpected(found.error());
  }
  const Result<std::int64_t> generation = take_generation(ledger.database_);
  if (!generation) {
    return std::unexpected(generation.error());
  }
  ledger.generation_ = *generation;
  if (const Status committed = transaction->commit(); !committed) {
    return std::unexpected(committed.error());
  }
  // Whoever made the file may have died before this.
  if (const Status synced = sync_directory(std::string(parent_path(path))); !synced) {
    return std::unexpected(synced.error());
  }
  if (*found == 0) {
    fault_point(Fault::ledger_created);
  }
  return ledger;
}

Result<Ledger> Ledger::open_read_only(const std::string& path) {
  Result<Database> database = Database::open(path, Database::Access::read_only);
  if (!database) {
    return std::unexpected(std::move(database).error().in("open the state store"));
  }
  const Result<bool> older = is_older(*database);
  if (!older) {
    return std::unexpected(older.error());
  }
  if (*older) {
    database = database->copy_in_memory();
    const Result<int> migrated = database ? migrate_tables(*database) : std::unexpected(database.error());
    if (!migrated) {
      return std::unexpected(migrated.error());
    }
  }
  return Ledger(std::move(*database), &Env::system());
}

Result<std::optional<Binding>> Ledger::binding_at(const std::string& path) {
  // A rollback journal is only ever there while the file is turned to its write-ahead log, before the first tables.
  for (const auto& [file, means_nothing] : {std::pair(path, false), std::pair(path + "-journal", true)}) {
    const Result<bool> exists = file_exists(file);
    if (!exists) {
      return std::unexpected(exists.error());
    }
    if (*exists == means_nothing) {
      return std::nullopt;
    }
  }
  Result<std::optional<Database>> database = open_filled(path);
  if (!database) {
    return std::unexpected(std::move(database).error());
  }
  if (!*database) {
    return std::nullopt;
  }
  // The binding is as it was in the first version; the run that asks for it brings an older file up to date.
  return Ledger(std::move(**database), &Env::system()).binding();
}

Result<Transaction> Ledger::begin_write() {
  Result<Transaction> transaction = Transaction::begin(database_);
  if (!transaction) {
    return transaction;
  }
  const Result<std::int64_t> newest = database_.integer("SELECT value FROM pipeline WHERE key = 'generation'");
  if (!newest) {
    return std::unexpected(newest.error());
  }
  if (*newest != generation_) {
    return fail(Error{
        .message = fmt::format("cannot write {}: another process took over this pipeline (generation {}, ours is {})",
                               database_.path(), *newest, generation_),
        .hint = "let the other process finish; what was sealed here is delivered by it",
        .remedy = Remedy::abandon,
        .blame = Blame::busy});
  }
  return transaction;
}

Result<std::optional<Binding>> Ledger::binding() {
  Binding binding;
  const std::pair<std::string_view, std::string*> parts[] = {
      {"name", &binding.name}, {"destination", &binding.destination}, {"dataset", &binding.dataset}};
  for (const auto& [key, part] : parts) {
    Result<std::optional<std::string>> value = get_value(database_, key);
    if (!value) {
      return std::unexpected(std::move(value).error());
    }
    if (!*value) {
      return std::nullopt;
    }
    *part = std::move(**value);
  }
  Result<std::optional<std::string>> meaning = get_value(database_, "destination_meaning");
  if (!meaning) {
    return std::unexpected(std::move(meaning).error());
  }
  binding.meaning = std::move(*meaning).value_or("");
  Result<std::optional<std::string>> batches = get_value(database_, "batches");
  if (!batches) {
    return std::unexpected(std::move(batches).error());
  }
  binding.batches = std::move(*batches);
  return binding;
}

namespace {

bool is_digest(const std::string& meaning) {
  return meaning.starts_with("sha3:");
}

Error other_target(const Binding& known, const Binding& asked) {
  return {.message = fmt::format("pipeline '{}' loads into {}, dataset '{}'; this run asks for {}, dataset '{}'",
                                 known.name, known.destination, known.dataset, asked.destination, asked.dataset),
          .hint = "a pipeline keeps its target: name another pipeline for the other one (--pipeline NAME)",
          .blame = Blame::usage};
}

Error other_meaning(const Binding& known, const Binding& asked) {
  Error error{
      .message = fmt::format("destination {} means something else now, and packages of pipeline '{}' wait for "
                             "what it meant when they were sealed",
                             known.destination, known.name),
      .hint =
          "if it is the same destination under another address, --new-address says so and they go there; else let it "
          "mean the same until they are delivered, or drop them (outfall package drop)",
      .blame = Blame::usage};
  if (!is_digest(known.meaning) && !is_digest(asked.meaning)) {
    error.message = fmt::format(
        "destination {} means {} now, and packages of pipeline '{}' wait for what it meant when "
        "they were sealed, {}",
        known.destination, asked.meaning, known.name, known.meaning);
  }
  return error;
}

}  // namespace

Status Ledger::check_binding(const Binding& asked) {
  const Result<std::optional<Binding>> known = binding();
  if (!known) {
    return std::unexpected(known.error());
  }
  if (!*known) {
    return {};
  }
  const bool is_same = (*known)->destination == asked.destination && (*known)->dataset == asked.dataset;
  if (is_same && ((*known)->meaning == asked.meaning || asked.is_new_address)) {
    return {};
  }
  // A run that failed before its first seal has tied it to nothing; where what was sealed is delivered, a name may
  // come to mean something else.
  const Result<std::int64_t> tied =
      is_same ? database_.integer("SELECT EXISTS (SELECT 1 FROM packages WHERE state = 'pending')")
              : database_.integer(
                    "SELECT EXISTS (SELECT 1 FROM packages) OR EXISTS (SELECT 1 FROM inputs) OR "
                    "EXISTS (SELECT 1 FROM pipeline WHERE key = 'schema_id')");
  if (!tied) {
    return std::unexpected(tied.error());
  }
  if (*tied == 0) {
    return {};
  }
  return fail(is_same ? other_meaning(**known, asked) : other_target(**known, asked));
}

Status Ledger::bind(const Binding& asked) {
  Result<Transaction> transaction = begin_write();
  if (!transaction) {
    return std::unexpected(transaction.error());
  }
  if (Status same = check_binding(asked); !same) {
    return same;
  }
  const Result<std::optional<Binding>> known = binding();
  if (!known) {
    return std::unexpected(known.error());
  }
  if (*known && (*known)->destination == asked.destination && (*known)->dataset == asked.dataset &&
      (*known)->meaning == asked.meaning) {
    return {};
  }
  const std::pair<std::string_view, std::string_view> parts[] = {{"name", asked.name},
                                                                 {"destination", asked.destination},
                                                                 {"dataset", asked.dataset},
                                                                 {"destination_meaning", asked.meaning}};
  for (const auto& [key, part] : parts) {
    if (Status put = put_value(database_, key, part); !put) {
      return put;
    }
  }
  return transaction->commit();
}

Status Ledger::keep_batches(const std::string& batches) {
  const Result<std::optional<std::string>> known = get_value(database_, "batches");
  if (!known) {
    return std::unexpected(known.error());
  }
  if (*known == batches) {
    return {};
  }
  Result<Transaction> transaction = begin_write();
  if (!transaction) {
    return std::unexpected(transaction.error());
  }
  const Status kept = put_value(database_, "batches", batches);
  return kept ? transaction->commit() : kept;
}

Result<BatchCuts> Ledger::batch_cuts() {
  Result<std::optional<std::string>> newest = get_value(database_, "batch_cut");
  Result<std::optional<std::string>> lost = get_value(database_, "lost_batch_cut");
  if (!newest || !lost) {
    return std::unexpected(newest ? lost.error() : newest.error());
  }
  return BatchCuts{.newest = std::move(*newest).value_or(""), .lost = std::move(*lost).value_or("")};
}

Status Ledger::keep_batch_cuts(const BatchCuts& cuts) {
  const Result<BatchCuts> known = batch_cuts();
  if (!known) {
    return std::unexpected(known.error());
  }
  if (*known == cuts) {
    return {};
  }
  Result<Transaction> transaction = begin_write();
  if (!transaction) {
    return std::unexpected(transaction.error());
  }
  Status kept = put_value(database_, "batch_cut", cuts.newest);
  if (kept) {
    kept = put_value(database_, "lost_batch_cut", cuts.lost);
  }
  return kept ? transaction->commit() : kept;
}

Result<bool> Ledger::is_shared() {
  const Result<std::optional<std::string>> mark = get_value(database_, shared_mark_key);
  if (!mark) {
    return std::unexpected(mark.error());
  }
  return *mark && !(*mark)->empty();
}

Status Ledger::leave_shared() {
  Result<Transaction> transaction = begin_write();
  if (!transaction) {
    return std::unexpected(transaction.error());
  }
  const Status left = put_value(database_, shared_mark_key, "");
  return left ? transaction->commit() : left;
}

Result<std::string> Ledger::new_load_id() {
  Result<Transaction> transaction = begin_write();
  if (!transaction) {
    return std::unexpected(transaction.error());
  }
  const Result<std::string> last = last_load_id();
  if (!last) {
    return last;
  }
  std::string load_id = next_load_id(*env_, *last);
  if (const Status put = put_value(database_, "last_load_id", load_id); !put) {
    return std::unexpected(put.error());
  }
  if (const Status committed = transaction->commit(); !committed) {
    return std::unexpected(committed.error());
  }
  return load_id;
}

Result<std::string> Ledger::last_load_id() {
  Result<std::optional<std::string>> last = get_value(database_, "last_load_id");
  if (!last) {
    return std::unexpected(std::move(last).error());
  }
  return std::move(*last).value_or("");
}

Result<std::optional<StoredSchema>> Ledger::stored_schema() {
  Result<Statement> statement = database_.prepare(
      "SELECT name, version_hash, document, (SELECT value FROM pipeline WHERE key = 'naming') FROM schemas "
      "WHERE schema_id = (SELECT value FROM pipeline WHERE key = 'schema_id')");
  const Result<bool> row = statement ? statement->step() : std::unexpected(statement.error());
  if (!row) {
    return std::unexpected(row.error());
  }
  if (!*row) {
    return std::nullopt;
  }
  return StoredSchema{.name = std::string(statement->text(0)),
                      .version_hash = std::string(statement->text(1)),
                      .document = std::string(statement->text(2)),
                      .naming = std::string(statement->text(3))};
}

Result<std::string> Ledger::stored_state() {
  Result<std::optional<std::string>> state = get_value(database_, "state");
  if (!state) {
    return std::unexpected(std::move(state).error());
  }
  return std::move(*state).value_or("");
}

Status Ledger::reset_schema() {
  Result<Transaction> transaction = begin_write();
  if (!transaction) {
    return std::unexpected(transaction.error());
  }
  Status forgotten = database_.execute("DELETE FROM pipeline WHERE key IN ('schema_id', 'naming', 'state')");
  return forgotten ? transaction->commit() : forgotten;
}

Status Ledger::write_progress(const ProgressRecord& progress) {
  // NORMAL leaves out the sync of this commit and nothing else: the log stays consistent, and the next FULL commit
  // syncs it all.
  struct RelaxedSync {
    Database& database;
    explicit RelaxedSync(Database& relaxed) : database(relaxed) {
      static_cast<void>(database.execute("PRAGMA synchronous = normal"));
    }
    ~RelaxedSync() { static_cast<void>(database.execute("PRAGMA synchronous = full")); }
  };
  const RelaxedSync relaxed(database_);
  Result<Transaction> transaction = begin_write();
  if (!transaction) {
    return std::unexpected(transaction.error());
  }
  Result<Statement> statement = database_.prepare("INSERT OR REPLACE INTO progress VALUES (?, ?, ?, ?, ?, ?, ?)");
  if (!statement) {
    return std::unexpected(statement.error());
  }
  const Status written = statement
                             ->with(progress.run_id, progress.stage, progress.rows, progress.rows_total, progress.bytes,
                                    progress.bytes_total, progress.updated_at)
                             .run();
  return written ? transaction->commit() : written;
}

Result<std::optional<ProgressRecord>> Ledger::read_progress() {
  Result<Statement> statement = database_.prepare(
      "SELECT run_id, stage, rows, rows_total, bytes, bytes_total, updated_at FROM progress ORDER BY updated_at DESC "
      "LIMIT 1");
  const Result<bool> row = statement ? statement->step() : std::unexpected(statement.error());
  if (!row) {
    return std::unexpected(row.error());
  }
  if (!*row) {
    return std::nullopt;
  }
  return ProgressRecord{.run_id = std::string(statement->text(0)),
                        .stage = std::string(statement->text(1)),
                        .rows = static_cast<std::uint64_t>(statement->integer(2)),
                        .rows_total = static_cast<std::uint64_t>(statement->integer(3)),
                        .bytes = static_cast<std::uint64_t>(statement->integer(4)),
                        .bytes_total = static_cast<std::uint64_t>(statement->integer(5)),
                        .updated_at = statement->integer(6)};
}

}  // namespace outfall::ledger
