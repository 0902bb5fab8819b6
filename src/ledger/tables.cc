// SPDX-License-Identifier: Apache-2.0
//
// The tables and views of a ledger. A change of them is a new entry at the end of `migrations`; entries that were
// released never change. docs/state-store.md describes them for people.
#include "ledger/tables.h"

#include <fmt/format.h>

#include <array>

namespace outfall::ledger {
namespace {

// Times are microseconds since 1970 UTC. Inputs refer to runs and packages by name only: they outlive both, so that
// "this content was loaded before" stays known after old runs and packages were pruned.
constexpr const char* version_1 = R"sql(
CREATE TABLE pipeline (
  key TEXT PRIMARY KEY,
  value ANY NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE runs (
  run_id TEXT PRIMARY KEY,
  command TEXT NOT NULL,
  host TEXT NOT NULL,
  boot_id TEXT NOT NULL,
  pid INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  ended_at INTEGER,
  ending INTEGER,
  trace TEXT NOT NULL
) STRICT;
CREATE INDEX runs_by_start ON runs (started_at);

CREATE TABLE schemas (
  schema_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  version_hash TEXT NOT NULL,
  document TEXT NOT NULL,
  stored_at INTEGER NOT NULL
) STRICT;
CREATE INDEX schemas_by_hash ON schemas (version_hash);

CREATE TABLE packages (
  load_id TEXT PRIMARY KEY,
  run_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'loaded')),
  destination TEXT NOT NULL,
  dataset TEXT NOT NULL,
  schema_id INTEGER NOT NULL REFERENCES schemas,
  documents INTEGER NOT NULL,
  sealed_at INTEGER NOT NULL,
  loaded_at INTEGER,
  files_kept INTEGER NOT NULL DEFAULT 0,
  attempts INTEGER NOT NULL DEFAULT 0,
  last_error TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX packages_pending ON packages (load_id) WHERE state = 'pending';
CREATE INDEX packages_by_run ON packages (run_id);
CREATE INDEX packages_by_schema ON packages (schema_id);

CREATE TABLE jobs (
  load_id TEXT NOT NULL REFERENCES packages ON DELETE CASCADE,
  position INTEGER NOT NULL,
  table_name TEXT NOT NULL,
  file TEXT NOT NULL,
  rows INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  PRIMARY KEY (load_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE replaced_tables (
  load_id TEXT NOT NULL REFERENCES packages ON DELETE CASCADE,
  position INTEGER NOT NULL,
  table_name TEXT NOT NULL,
  PRIMARY KEY (load_id, position)
) STRICT, WITHOUT ROWID;

CREATE TABLE inputs (
  input_id INTEGER PRIMARY KEY,
  path TEXT NOT NULL,
  size INTEGER NOT NULL,
  mtime_ns INTEGER NOT NULL,
  hash TEXT NOT NULL,
  documents INTEGER NOT NULL,
  run_id TEXT NOT NULL,
  load_id TEXT NOT NULL,
  sealed_at INTEGER NOT NULL,
  settled INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX inputs_by_path ON inputs (path);
CREATE INDEX inputs_by_content ON inputs (size, hash);
CREATE INDEX inputs_unsettled ON inputs (run_id, load_id) WHERE settled = 0;

CREATE TABLE progress (
  run_id TEXT PRIMARY KEY,
  stage TEXT NOT NULL,
  rows INTEGER NOT NULL,
  rows_total INTEGER NOT NULL,
  bytes INTEGER NOT NULL,
  bytes_total INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;

CREATE VIEW run_list AS
SELECT run_id,
       strftime('%Y-%m-%d %H:%M:%S', started_at / 1000000, 'unixepoch') AS started,
       strftime('%Y-%m-%d %H:%M:%S', ended_at / 1000000, 'unixepoch') AS ended,
       round((ended_at - started_at) / 1000000.0, 3) AS seconds,
       CASE
         WHEN ended_at IS NULL THEN 'no end recorded'
         WHEN ending = 0 THEN 'delivered'
         WHEN ending = 1 THEN 'failed'
         WHEN ending = 3 THEN 'rows rejected'
         WHEN ending = 4 THEN 'work pending'
         WHEN ending IN (130, 143) THEN 'interrupted'
         ELSE 'exit ' || ending
       END AS outcome,
       command, host, pid
FROM runs ORDER BY started_at DESC;

CREATE VIEW package_list AS
SELECT load_id, state,
       strftime('%Y-%m-%d %H:%M:%S', sealed_at / 1000000, 'unixepoch') AS sealed,
       strftime('%Y-%m-%d %H:%M:%S', loaded_at / 1000000, 'unixepoch') AS loaded,
       documents,
       (SELECT coalesce(sum(rows), 0) FROM jobs WHERE jobs.load_id = packages.load_id) AS rows,
       (SELECT coalesce(sum(bytes), 0) FROM jobs WHERE jobs.load_id = packages.load_id) AS bytes,
       (SELECT count(*) FROM jobs WHERE jobs.load_id = packages.load_id) AS job_files,
       attempts, last_error, destination, dataset, run_id
FROM packages ORDER BY load_id DESC;

CREATE VIEW table_list AS
SELECT load_id, table_name, sum(rows) AS rows, sum(bytes) AS bytes, count(*) AS job_files
FROM jobs GROUP BY load_id, table_name ORDER BY load_id DESC, min(position);

CREATE VIEW input_list AS
SELECT path, size,
       strftime('%Y-%m-%d %H:%M:%S', mtime_ns / 1000000000, 'unixepoch') AS modified,
       documents,
       strftime('%Y-%m-%d %H:%M:%S', sealed_at / 1000000, 'unixepoch') AS sealed,
       CASE
         WHEN settled = 1 THEN 'complete'
         WHEN load_id IN (SELECT load_id FROM packages WHERE state = 'pending') THEN 'pending'
         ELSE 'loaded, its command is not done'
       END AS state,
       load_id, run_id, hash
FROM inputs ORDER BY input_id DESC;
)sql";

// Damage to a job file is seen before a row of it is delivered. Empty for packages of before.
constexpr const char* version_2 = R"sql(
ALTER TABLE jobs ADD COLUMN hash TEXT NOT NULL DEFAULT '';
)sql";

// What a run was asked to load: whoever finds it dead says whether it must be sent again.
constexpr const char* version_3 = R"sql(
ALTER TABLE runs ADD COLUMN input TEXT NOT NULL DEFAULT 'none' CHECK (input IN ('none', 'known', 'stream'));
)sql";

// Where an input went: the same file for another table is another load. Empty for inputs of before.
constexpr const char* version_4 = R"sql(
ALTER TABLE inputs ADD COLUMN table_name TEXT NOT NULL DEFAULT '';
)sql";

// What could not become a row: kept by the seal of the package that it would have been in.
constexpr const char* version_5 = R"sql(
ALTER TABLE packages ADD COLUMN rejected INTEGER NOT NULL DEFAULT 0;

CREATE TABLE dead_letters (
  load_id TEXT NOT NULL,
  ordinal INTEGER NOT NULL,
  run_id TEXT NOT NULL,
  status TEXT NOT NULL DEFAULT 'open',
  table_name TEXT NOT NULL,
  input TEXT NOT NULL,
  line INTEGER NOT NULL,
  column_number INTEGER NOT NULL,
  byte_offset INTEGER NOT NULL,
  reason TEXT NOT NULL,
  hint TEXT NOT NULL,
  header TEXT NOT NULL,
  text BLOB NOT NULL,
  text_bytes INTEGER NOT NULL,
  rejected_at INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX dead_letters_by_id ON dead_letters (load_id, ordinal);
CREATE INDEX dead_letters_by_time ON dead_letters (rejected_at);

CREATE VIEW dead_letter_list AS
SELECT load_id || '.' || ordinal AS id,
       strftime('%Y-%m-%d %H:%M:%S', rejected_at / 1000000, 'unixepoch') AS rejected,
       table_name, input, line, column_number AS column, reason,
       CAST(text AS TEXT) AS text,
       text_bytes, status, run_id
FROM dead_letters ORDER BY load_id DESC, ordinal;
)sql";

// Columns that a package gives another type (--type-conflicts).
constexpr const char* version_6 = R"sql(
CREATE TABLE altered_columns (
  load_id TEXT NOT NULL REFERENCES packages ON DELETE CASCADE,
  position INTEGER NOT NULL,
  table_name TEXT NOT NULL,
  column_name TEXT NOT NULL,
  PRIMARY KEY (load_id, position)
) STRICT, WITHOUT ROWID;
)sql";

// Rows that a destination refuses while it takes the others. Their letters are 'proposed' before it commits: they count
// from the moment at which the package counts as loaded, and until then the next attempt writes them anew.
constexpr const char* version_7 = R"sql(
ALTER TABLE packages ADD COLUMN refused INTEGER NOT NULL DEFAULT 0;

CREATE TABLE refused_rows (
  load_id TEXT NOT NULL REFERENCES packages ON DELETE CASCADE,
  table_name TEXT NOT NULL,
  rows INTEGER NOT NULL,
  PRIMARY KEY (load_id, table_name)
) STRICT, WITHOUT ROWID;

DROP VIEW dead_letter_list;
CREATE VIEW dead_letter_list AS
SELECT load_id || '.' || ordinal AS id,
       strftime('%Y-%m-%d %H:%M:%S', rejected_at / 1000000, 'unixepoch') AS rejected,
       table_name, input, line, column_number AS column, reason,
       CAST(text AS TEXT) AS text,
       text_bytes, status, run_id
FROM dead_letters WHERE status <> 'proposed' ORDER BY load_id DESC, ordinal;
)sql";

// How far destinations that take rows in batches have taken them: one row a job, however many batches it is cut into.
constexpr const char* version_8 = R"sql(
CREATE TABLE lanes (
  load_id TEXT NOT NULL REFERENCES packages ON DELETE CASCADE,
  position INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('open', 'done', 'failed')),
  settled INTEGER NOT NULL,
  rejected INTEGER NOT NULL,
  sent_to INTEGER NOT NULL,
  cut INTEGER NOT NULL,
  attempts INTEGER NOT NULL,
  unknown INTEGER NOT NULL,
  last_error TEXT NOT NULL,
  PRIMARY KEY (load_id, position)
) STRICT, WITHOUT ROWID;

ALTER TABLE dead_letters ADD COLUMN job_file TEXT NOT NULL DEFAULT '';
ALTER TABLE dead_letters ADD COLUMN row_number INTEGER NOT NULL DEFAULT 0;
ALTER TABLE dead_letters ADD COLUMN key TEXT NOT NULL DEFAULT '';
ALTER TABLE dead_letters ADD COLUMN attempt INTEGER NOT NULL DEFAULT 0;
)sql";

// What is done about rows that were not delivered. A letter is 'open'; 'replaying' while a pending package brings its
// row once more, as the row `replay_row` of its table there; then 'replayed', or 'open' again; or 'dropped'. Who asked
// for an abort is answered once it has an end; aborts stay, as the inputs do.
constexpr const char* version_9 = R"sql(
ALTER TABLE dead_letters ADD COLUMN is_csv INTEGER NOT NULL DEFAULT 0;
ALTER TABLE dead_letters ADD COLUMN replay_load_id TEXT NOT NULL DEFAULT '';
ALTER TABLE dead_letters ADD COLUMN replay_row INTEGER NOT NULL DEFAULT 0;
UPDATE dead_letters SET is_csv = 1 WHERE header <> '';
CREATE INDEX dead_letters_by_replay ON dead_letters (replay_load_id, table_name, replay_row) WHERE replay_load_id <> '';

ALTER TABLE packages ADD COLUMN is_replay INTEGER NOT NULL DEFAULT 0;

-- Batches that may have arrived begin at cut_first, cut_first + cut and so on; the one in hand ends at part_to where that
-- is behind what is settled, because it is a part of a batch that was divided.
ALTER TABLE lanes ADD COLUMN cut_first INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lanes ADD COLUMN part_to INTEGER NOT NULL DEFAULT 0;
UPDATE lanes SET cut_first = settled;

CREATE TABLE aborts (
  load_id TEXT PRIMARY KEY,
  run_id TEXT NOT NULL,
  asked_at INTEGER NOT NULL,
  ended_at INTEGER
) STRICT, WITHOUT ROWID;

DROP VIEW dead_letter_list;
CREATE VIEW dead_letter_list AS
SELECT load_id || '.' || ordinal AS id,
       strftime('%Y-%m-%d %H:%M:%S', rejected_at / 1000000, 'unixepoch') AS rejected,
       table_name, input, line, column_number AS column, reason,
       CAST(text AS TEXT) AS text,
       text_bytes, status, run_id, job_file, row_number, key, attempt, replay_load_id
FROM dead_letters WHERE status <> 'proposed' ORDER BY load_id DESC, ordinal;

DROP VIEW package_list;
CREATE VIEW package_list AS
SELECT load_id,
       CASE
         WHEN load_id IN (SELECT load_id FROM aborts) THEN iif(state = 'pending', 'aborting', 'aborted')
         WHEN state = 'pending' AND load_id IN (SELECT load_id FROM lanes WHERE state = 'failed') THEN 'failed'
         ELSE state
       END AS state,
       strftime('%Y-%m-%d %H:%M:%S', sealed_at / 1000000, 'unixepoch') AS sealed,
       strftime('%Y-%m-%d %H:%M:%S', loaded_at / 1000000, 'unixepoch') AS loaded,
       documents,
       (SELECT coalesce(sum(rows), 0) FROM jobs WHERE jobs.load_id = packages.load_id) AS rows,
       (SELECT coalesce(sum(bytes), 0) FROM jobs WHERE jobs.load_id = packages.load_id) AS bytes,
       (SELECT count(*) FROM jobs WHERE jobs.load_id = packages.load_id) AS job_files,
       attempts, last_error, destination, dataset, run_id, is_replay
FROM packages ORDER BY load_id DESC;

CREATE VIEW delivery_list AS
SELECT j.load_id, j.table_name, j.file, j.rows,
       coalesce(l.settled - l.rejected, 0) AS delivered,
       coalesce(l.rejected, 0) AS rejected,
       j.rows - coalesce(l.settled, 0) AS pending,
       coalesce(l.attempts, 0) AS attempts,
       coalesce(l.unknown, 0) AS unknown,
       coalesce(l.state, 'open') AS state,
       coalesce(l.last_error, '') AS last_error
FROM jobs j LEFT JOIN lanes l USING (load_id, position)
WHERE j.load_id IN (SELECT load_id FROM lanes) AND substr(j.table_name, 1, 4) <> '_dlt'
ORDER BY j.load_id DESC, j.position;
)sql";

constexpr const char* version_10 = R"sql(
-- What batches that may have arrived look like, so that they come again as they were.
ALTER TABLE lanes ADD COLUMN sent_as TEXT NOT NULL DEFAULT '';
-- Of the batch in hand, as JSON: rows that are rejected, where the run stopped at them.
ALTER TABLE lanes ADD COLUMN held TEXT NOT NULL DEFAULT '';

-- What destinations remember, as JSON: set with the mark of the batch whose call did it.
CREATE TABLE destination_state (
  destination TEXT NOT NULL,
  name TEXT NOT NULL,
  value TEXT NOT NULL,
  load_id TEXT NOT NULL,
  PRIMARY KEY (destination, name)
) STRICT, WITHOUT ROWID;

-- What lanes have come to counts for their package, and rows are those of the tables that the inputs fill.
DROP VIEW package_list;
CREATE VIEW package_list AS
SELECT load_id,
       CASE
         WHEN load_id IN (SELECT load_id FROM aborts) THEN iif(state = 'pending', 'aborting', 'aborted')
         WHEN state = 'pending' AND load_id IN (SELECT load_id FROM lanes WHERE state = 'failed') THEN 'failed'
         ELSE state
       END AS state,
       strftime('%Y-%m-%d %H:%M:%S', sealed_at / 1000000, 'unixepoch') AS sealed,
       strftime('%Y-%m-%d %H:%M:%S', loaded_at / 1000000, 'unixepoch') AS loaded,
       documents,
       (SELECT coalesce(sum(rows), 0) FROM jobs
        WHERE jobs.load_id = packages.load_id AND substr(table_name, 1, 4) <> '_dlt') AS rows,
       (SELECT coalesce(sum(bytes), 0) FROM jobs WHERE jobs.load_id = packages.load_id) AS bytes,
       (SELECT count(*) FROM jobs WHERE jobs.load_id = packages.load_id) AS job_files,
       attempts + (SELECT coalesce(sum(l.attempts), 0) FROM lanes l WHERE l.load_id = packages.load_id) AS attempts,
       coalesce(nullif(last_error, ''), (SELECT l.last_error FROM lanes l
        WHERE l.load_id = packages.load_id AND l.last_error <> '' ORDER BY l.position LIMIT 1), '') AS last_error,
       destination, dataset, run_id, is_replay
FROM packages ORDER BY load_id DESC;
)sql";

// A letter is overtaken when a later row of its primary key was delivered. Rows of a table are in the order of the
// loads, and in one load in that of the table: `table_row`.
constexpr const char* version_11 = R"sql(
ALTER TABLE dead_letters ADD COLUMN primary_key TEXT NOT NULL DEFAULT '';
ALTER TABLE dead_letters ADD COLUMN table_row INTEGER NOT NULL DEFAULT 0;
ALTER TABLE dead_letters ADD COLUMN overtaken_by TEXT NOT NULL DEFAULT '';
CREATE INDEX dead_letters_by_primary_key ON dead_letters (table_name, primary_key) WHERE primary_key <> '';

DROP VIEW dead_letter_list;
CREATE VIEW dead_letter_list AS
SELECT load_id || '.' || ordinal AS id,
       strftime('%Y-%m-%d %H:%M:%S', rejected_at / 1000000, 'unixepoch') AS rejected,
       table_name, input, line, column_number AS column, reason,
       CAST(text AS TEXT) AS text,
       text_bytes, status, run_id, job_file, row_number, key, attempt, replay_load_id, primary_key, overtaken_by
FROM dead_letters WHERE status <> 'proposed' ORDER BY load_id DESC, ordinal;
)sql";

// A batch of which some rows are rejected, and that the run has stopped at: its destination has the others.
constexpr const char* version_12 = R"sql(
DROP VIEW delivery_list;
CREATE VIEW delivery_list AS
SELECT load_id, table_name, file, rows,
       settled - rejected + held_delivered AS delivered,
       rejected,
       rows - settled - held_delivered AS pending,
       attempts, unknown, state, last_error
FROM (
  SELECT j.load_id, j.position, j.table_name, j.file, j.rows,
         coalesce(l.settled, 0) AS settled,
         coalesce(l.rejected, 0) AS rejected,
         CASE
           WHEN coalesce(l.held, '') = '' OR l.sent_to <= l.settled THEN 0
           WHEN l.part_to > l.settled THEN l.part_to - l.settled - json_array_length(l.held)
           ELSE min(l.cut_first + ((l.settled - l.cut_first) / l.cut + 1) * l.cut, l.sent_to) - l.settled
                - json_array_length(l.held)
         END AS held_delivered,
         coalesce(l.attempts, 0) AS attempts,
         coalesce(l.unknown, 0) AS unknown,
         coalesce(l.state, 'open') AS state,
         coalesce(l.last_error, '') AS last_error
  FROM jobs j LEFT JOIN lanes l USING (load_id, position)
  WHERE j.load_id IN (SELECT load_id FROM lanes) AND substr(j.table_name, 1, 4) <> '_dlt'
)
ORDER BY load_id DESC, position;
)sql";

// A run has told what the dead ones before it could not, unless it was refused before it counted what is pending.
constexpr const char* version_13 = R"sql(
ALTER TABLE runs ADD COLUMN told INTEGER NOT NULL DEFAULT 0;
UPDATE runs SET told = 1 WHERE ended_at IS NOT NULL;

-- Runs of which nobody knows yet what they did.
CREATE VIEW silent_runs AS
SELECT rowid AS ordinal, run_id, input, started_at FROM runs
WHERE ended_at IS NULL AND rowid > coalesce((SELECT max(rowid) FROM runs WHERE told = 1), 0);
)sql";

constexpr std::array migrations{version_1, version_2, version_3,  version_4,  version_5,  version_6, version_7,
                                version_8, version_9, version_10, version_11, version_12, version_13};

Result<int> found_version(Database& database) {
  const Result<std::int64_t> version = database.integer("PRAGMA user_version");
  if (!version) {
    return std::unexpected(version.error());
  }
  return static_cast<int>(*version);
}

Error no_store_of_ours(const Database& database) {
  return {.message =
              fmt::format("cannot use {}: it is a SQLite database, but not a state store of Outfall", database.path()),
          .hint = "move the file away, or choose another --data-dir"};
}

Error other_version(const Database& database, int found) {
  if (found > tables_version()) {
    return {.message =
                fmt::format("cannot use {}: it has version {} of the state store, this program knows up to version {}",
                            database.path(), found, tables_version()),
            .hint = "a newer Outfall wrote it: use that one, or another --data-dir"};
  }
  return no_store_of_ours(database);
}

}  // namespace

int tables_version() {
  return static_cast<int>(migrations.size());
}

Result<int> migrate_tables(Database& database, int version) {
  const Result<int> found = found_version(database);
  if (!found) {
    return found;
  }
  if (*found > tables_version() || *found < 0) {
    return fail(other_version(database, *found));
  }
  if (*found == 0) {
    const Result<bool> empty = has_no_tables(database);
    if (!empty) {
      return std::unexpected(empty.error());
    }
    if (!*empty) {
      return fail(no_store_of_ours(database));
    }
  }
  for (int next = *found; next < version; ++next) {
    if (Status migrated = database.execute(migrations[static_cast<std::size_t>(next)]); !migrated) {
      return fail(std::move(migrated).error().in(fmt::format("bring the state store to version {}", next + 1)));
    }
  }
  if (*found < version) {
    if (const Status noted = database.execute(fmt::format("PRAGMA user_version = {}", version)); !noted) {
      return std::unexpected(noted.error());
    }
  }
  return found;
}

Result<bool> has_no_tables(Database& database) {
  const Result<std::int64_t> objects = database.integer("SELECT count(*) FROM sqlite_schema");
  return objects ? Result<bool>(*objects == 0) : std::unexpected(objects.error());
}

Result<bool> is_older(Database& database) {
  const Result<int> found = found_version(database);
  if (!found) {
    return std::unexpected(found.error());
  }
  if (*found > tables_version() || *found < 0) {
    return fail(other_version(database, *found));
  }
  return *found < tables_version();
}

Result<std::optional<Database>> open_filled(const std::string& path) {
  Result<Database> database = Database::open(path, Database::Access::read_only);
  if (!database) {
    return std::unexpected(std::move(database).error().in("open the state store"));
  }
  const Result<bool> empty = has_no_tables(*database);
  if (!empty) {
    return std::unexpected(empty.error());
  }
  if (*empty) {
    return std::nullopt;
  }
  const Result<int> found = found_version(*database);
  if (!found) {
    return std::unexpected(found.error());
  }
  if (*found > tables_version() || *found <= 0) {
    return fail(other_version(*database, *found));
  }
  return std::move(*database);
}

}  // namespace outfall::ledger
