// SPDX-License-Identifier: Apache-2.0
//
// What the ledger remembers, as plain values. Layers above read and write these; only the ledger knows the SQL behind
// them.
//
// Times are microseconds since 1970 UTC. Paths of job files are relative to the package's folder.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace outfall::ledger {

/// One job file of a package: rows of one table, in input order.
struct JobRecord {
  std::string table;
  std::string file;
  std::uint64_t rows = 0;
  std::uint64_t bytes = 0;
  std::string hash{};  ///< xxh3-128 of the file in hex; empty: sealed before hashes were recorded
};

enum class PackageState { pending, loaded };

/// A column, by the names that it has at the destination.
struct TableColumn {
  std::string table;
  std::string column;

  bool operator==(const TableColumn&) const = default;
};

struct AlteredColumn {
  TableColumn column;
  std::string load_id{};  ///< of the package that brings it about; to seal: not used

  bool operator==(const AlteredColumn&) const = default;
};

enum class LaneState {
  open,    ///< rows of it are still to be delivered
  done,    ///< all are delivered or rejected
  failed,  ///< the destination gave it up; what is not settled waits for a person
};

/// How far a job is delivered, where its destination takes rows in batches.
struct LaneRecord {
  std::int64_t position = 0;  ///< of the job in its package, from 0
  LaneState state = LaneState::open;
  std::uint64_t settled = 0;   ///< rows before this one are delivered or rejected, and are not sent again
  std::uint64_t rejected = 0;  ///< of these
  /// Rows from `settled` on up to this one may be at the destination, because they were about to be sent: as batches
  /// that begin at `cut_first`, `cut_first + cut` and so on, the last one perhaps shorter. They are sent again as the
  /// same batches under the same keys.
  std::uint64_t sent_to = 0;
  std::uint64_t cut_first = 0;
  std::uint64_t cut = 0;
  std::string sent_as{};  ///< what they look like; empty: not known
  /// Behind `settled`: the batch in hand is a part of one that was divided, and ends here.
  std::uint64_t part_to = 0;
  /// Of the batch in hand, as JSON: rows that are rejected, and that nobody has let go yet. Its destination has the
  /// others. Empty: there are none.
  std::string held{};
  std::uint64_t attempts = 0;  ///< that failed, in all runs
  std::uint64_t unknown = 0;   ///< of these, those of which nobody knows what became
  std::string last_error{};

  bool operator==(const LaneRecord&) const = default;
};

/// A sealed package. It exists from the seal on, and will be delivered to `destination`, nowhere else.
struct PackageRecord {
  std::string load_id;
  std::string run_id;
  PackageState state = PackageState::pending;
  std::string destination;  ///< address without secrets
  std::string dataset;
  std::string schema_name;
  std::string schema_version_hash;
  std::string schema;                 ///< the complete schema document as JSON
  std::vector<std::string> replaced;  ///< root tables whose chains are emptied before the rows go in
  /// Columns that got another type in this package or in one before it. To seal: in this package.
  std::vector<AlteredColumn> altered;
  std::uint64_t documents = 0;  ///< rows of root tables: what the balance counts
  std::uint64_t rejected = 0;   ///< documents of the same inputs that are in no table
  /// Of `documents`, those that the newest attempt left out because the destination refuses them. Once the package is
  /// loaded they are rejected, and no documents of it.
  std::uint64_t refused = 0;
  std::map<std::string, std::uint64_t> refused_rows{};  ///< the same as rows, by table; those of loaded packages too
  std::int64_t sealed_at = 0;
  std::optional<std::int64_t> loaded_at;
  bool files_kept = false;  ///< loaded, and its job files are kept
  int attempts = 0;
  std::string last_error;           ///< of the newest failed attempt
  std::vector<JobRecord> jobs;      ///< in the order in which they are loaded
  std::vector<LaneRecord> lanes{};  ///< those that were begun, in the order of their jobs
  bool is_replay = false;           ///< its rows are those of dead letters
  /// Somebody has given up what was pending of it. While it is pending, that is not brought to its end.
  std::optional<std::int64_t> abort_asked_at{};
};

/// An input is its content: where it stood, how long and how old it was, and the xxh3-128 of the bytes that were read
/// (before decompression), in hex.
struct InputRecord {
  std::string path;  ///< absolute; or what else the input goes by (a run key)
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;
  std::string hash;
  std::uint64_t documents = 0;
  std::string table;  ///< that it was to fill, before naming; empty where an older program sealed it
};

/// A row that is in no table, with where it stood and why.
struct Letter {
  std::string table;  ///< that it was meant for
  std::string input;  ///< as messages call it
  std::uint64_t line = 0;
  std::uint64_t column = 0;
  std::uint64_t offset = 0;  ///< of its first byte in the decompressed input
  std::string reason;
  std::string hint;
  std::string header;            ///< of separated text: the record that names its fields; else empty
  std::string text;              ///< its bytes, which need not be text: the first limits::letter_text_bytes_max
  std::uint64_t text_bytes = 0;  ///< of all of it
  std::int64_t rejected_at = 0;
  /// Of a row that a destination rejected: where it stands in the package, the key it was sent under, how often it was
  /// sent. Empty and 0 for documents that became no row.
  std::string job_file{};
  std::uint64_t row = 0;
  std::string key{};
  std::uint64_t attempt = 0;
  bool is_csv = false;        ///< it was a record of separated text
  std::string primary_key{};  ///< the row's values of it, as text; empty: its table has none
  /// Its place among the rows of its table in the package, from 0; of one that became no row that of the row before it,
  /// or -1.
  std::int64_t table_row = 0;
};

/// A row that a destination has, of a table that has a primary key.
struct DeliveredKey {
  std::string table;
  std::string key;       ///< as Letter::primary_key
  std::int64_t row = 0;  ///< as Letter::table_row

  bool operator==(const DeliveredKey&) const = default;
};

/// A dead letter whose row a package brings once more.
struct ReplayedLetter {
  std::string load_id;
  std::int64_t ordinal = 0;
  std::uint64_t row = 0;      ///< of its table in the package, from 0
  bool keeps_key = true;      ///< the row goes by the key that its letter has
  bool is_in_no_row = false;  ///< it could not become a row this time either; then:
  std::string reason{};
  std::string hint{};
};

/// What the destination remembers, as JSON values by name. In changes none: it is gone.
using StateValues = std::map<std::string, std::string, std::less<>>;
using StateChanges = std::map<std::string, std::optional<std::string>, std::less<>>;

/// What a lane is from now on, with the rows that were rejected on the way there, and what the destination remembers of
/// it.
struct LaneUpdate {
  LaneRecord lane;
  std::uint64_t rejected = 0;     ///< rows that are rejected now
  std::uint64_t documents = 0;    ///< of these, rows of root tables
  std::vector<Letter> letters{};  ///< of the rejected rows that are kept
  StateChanges state{};
  std::vector<DeliveredKey> delivered{};  ///< of the rows that are delivered now, those with the key of a letter
};

/// Documents of a package that a destination refuses while it takes the others.
struct RefusedDocuments {
  std::string load_id;
  std::string run_id;
  std::uint64_t documents = 0;
  std::map<std::string, std::uint64_t> rows{};  ///< with all that is nested in them, by table
};

/// A letter that a seal has kept. It goes by its load id and its ordinal there, from 1.
struct LetterRecord {
  std::string load_id;
  std::int64_t ordinal = 0;
  std::string run_id;
  std::string status;  ///< one of letter_status, but for those that nobody is shown (tables.cc)
  Letter letter;
  std::string replay_load_id{};  ///< of the newest package that brought its row once more; empty: none did
  std::string overtaken_by{};    ///< the load that delivered a later row of its primary key; empty: none did
};

namespace letter_status {
inline constexpr std::string_view open = "open";            ///< nobody has done anything about it
inline constexpr std::string_view replaying = "replaying";  ///< a pending package brings its row once more
inline constexpr std::string_view replayed = "replayed";    ///< and has delivered it
inline constexpr std::string_view dropped = "dropped";      ///< it was given up, and its text is gone
}  // namespace letter_status

/// Of loads; the letters of one load stand as its rows did.
enum class LetterOrder { newest_first, oldest_first };

/// Empty or 0: all.
struct LetterFilter {
  std::string table{};
  std::string reason{};    ///< a part of it, in any case
  std::string input{};     ///< a part of its name
  std::int64_t since = 0;  ///< rejected then or later
  std::string load_id{};
  std::int64_t ordinal = 0;
  std::string status{};  ///< one of letter_status
  std::int64_t limit = INT64_MAX;
  LetterOrder order = LetterOrder::oldest_first;
};

/// What an input without a path goes by. Absolute paths begin otherwise, so no file is taken for it.
inline constexpr std::string_view run_key_prefix = "run-key:";

/// None: the input is a file.
inline std::optional<std::string> run_key_of(const std::string& path) {
  if (!path.starts_with(run_key_prefix)) return std::nullopt;
  return path.substr(run_key_prefix.size());
}

/// An input that some run sealed.
struct SealedInput {
  std::int64_t id = 0;  ///< the ledger's own number for it
  InputRecord input;
  std::string run_id;
  std::string load_id;
  std::int64_t sealed_at = 0;
  bool loaded = false;    ///< its rows are at the destination
  bool replaced = false;  ///< its package replaces tables
  bool aborted = false;   ///< what its package had not delivered was given up; it counts as loaded
  /// Loaded, and a run that covers it has a recorded end: the next run of the same command loads it anew.
  bool settled = false;
};

/// What a pipeline is tied to by its first run.
struct Binding {
  std::string name;
  std::string destination;  ///< address without secrets, or a name
  std::string dataset;
  /// What the name means: an address, or `sha3:` and the digest of one that is secret. Empty: it is no name.
  std::string meaning{};
  bool is_new_address = false;  ///< the name means the same destination, whatever address it had before
  /// What the newest run that was not refused was given of batches, as the engine writes it (engine/batch_settings.h):
  /// read only, Ledger::keep_batches writes it. None: not known.
  std::optional<std::string> batches{};
};

/// How runs cut batches, as a command line says it; keys of batches follow from it. Empty: not known.
struct BatchCuts {
  std::string newest;
  /// Of runners that may have delivered, of what is pending, more than is known here; " or " stands between them where
  /// these are several. Empty: there is none.
  std::string lost;

  bool operator==(const BatchCuts&) const = default;
};

/// The schema document that the newest seal left.
struct StoredSchema {
  std::string name;
  std::string version_hash;
  std::string document;  ///< JSON
  std::string naming;    ///< the convention that its names follow
};

/// What the pipeline knows from a seal on, beside the package's schema.
struct SealedState {
  std::string naming;    ///< the convention that the names in the schema follow
  std::string document;  ///< the pipeline's state (cursors) as JSON; empty leaves the stored one as it is
};

/// What a run was asked to load, as far as a later run can tell it from other content.
enum class RunInput {
  none,    ///< it only finishes what is pending
  known,   ///< each input has an identity: the same command loads it
  stream,  ///< some of it has none: until the seal it must be sent again
};

struct RunRecord {
  std::string run_id;
  std::string command;  ///< what was asked for, without secrets
  RunInput input = RunInput::none;
  std::string host;
  std::string boot_id;
  std::int64_t pid = 0;
  std::int64_t started_at = 0;
  std::optional<std::int64_t> ended_at;
  std::optional<int> ending;  ///< the exit code
  std::string trace;          ///< JSON: inputs, steps, times, jobs, rows, schema changes, errors
};

/// A run that was to load something and recorded no end: it died, or it is the live one.
struct UnendedRun {
  std::string run_id;
  RunInput input = RunInput::none;
  std::int64_t started_at = 0;
  std::string load_id;  ///< what it sealed; empty: it died before
  /// What another run of the same command has sealed, while that command still takes it for its own. Empty: nothing.
  std::string sealed_alike{};
};

/// How a run ended.
struct RunEnd {
  std::string run_id;
  int ending = 0;     ///< the exit code
  std::string trace;  ///< JSON, as in RunRecord
  bool told = false;  ///< it has counted what is pending, and so what dead runs have rejected
};

/// A loaded package that has letters nobody was told of.
struct UntoldLoad {
  std::string load_id;
  std::string schema;                            ///< the complete schema document as JSON
  std::map<std::string, std::uint64_t> letters;  ///< by table
};

/// Where a live run stands; written at most a few times a second, for `outfall status`.
struct ProgressRecord {
  std::string run_id;
  std::string stage;
  std::uint64_t rows = 0;
  std::uint64_t rows_total = 0;  ///< 0: unknown
  std::uint64_t bytes = 0;
  std::uint64_t bytes_total = 0;  ///< 0: unknown
  std::int64_t updated_at = 0;
};

}  // namespace outfall::ledger
