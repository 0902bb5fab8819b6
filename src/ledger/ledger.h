// SPDX-License-Identifier: Apache-2.0
//
// Ledger: the one state store of a pipeline, a SQLite file. What it says is the truth; files and memory follow it.
//
// Every writing call is one durable transaction (but write_progress): after a crash it happened as a whole or not at
// all. A ledger opened for writing takes a generation number; as soon as another process has opened the file after us,
// our writes are refused. The pipeline's lock (pipeline_lock.h) is held by whoever opens for writing. One thread at a
// time uses a Ledger.
//
// The tables and views, for people with sqlite3: docs/state-store.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/env.h"
#include "base/sqlite.h"
#include "ledger/records.h"
#include "outfall/error.h"

namespace outfall::ledger {

/// What others may want to be told of when it is durable.
enum class Recorded {
  lanes,     ///< how far lanes are
  loaded,    ///< that a package is at its destination
  refusals,  ///< what a destination is about to refuse
};

class Ledger {
 public:
  /// Opens for writing; makes the file (its folder must exist) or brings an older one to today's tables.
  ///
  /// Errors: abandon: written by a newer Outfall (names both versions), not a ledger, damaged, or not writable.
  static Result<Ledger> open(const std::string& path, Env& env);

  /// Opens for looking, also while another process writes. A file of an older version stays as it is: what is looked
  /// at is a copy in memory, of today's version.
  static Result<Ledger> open_read_only(const std::string& path);

  /// What the pipeline at `path` is bound to, read from outside. None: there is no file, or a crash came before
  /// anything was recorded in it; the next open() makes it whole.
  static Result<std::optional<Binding>> binding_at(const std::string& path);

  /// Called behind each commit of such a kind, by the thread that recorded it. What it answers is the call's own answer
  /// then, although it is recorded; but not of what is loaded.
  void on_recorded(std::function<Status(Recorded)> call) { on_recorded_ = std::move(call); }

  // --- What the pipeline is ---

  /// Remembers name, destination and dataset; once something was sealed, another destination or dataset is refused,
  /// naming both; while a package is pending, so is another meaning of the destination's name.
  ///
  /// Errors: usage, abandon: bound to something else.
  Status bind(const Binding& binding);
  Result<std::optional<Binding>> binding();

  /// Binding::batches.
  Status keep_batches(const std::string& batches);
  Result<BatchCuts> batch_cuts();
  /// Writes what has changed.
  Status keep_batch_cuts(const BatchCuts& cuts);

  /// Whether bind() would accept it. Errors: those of bind.
  Status check_binding(const Binding& asked);

  /// Whether the pipeline's state is shared with other runners (ledger_copy.h).
  Result<bool> is_shared();

  /// From now on it is not.
  Status leave_shared();

  /// The id for the next package: greater than any before, and remembered before it is returned, so also one that was
  /// never sealed is never given twice.
  Result<std::string> new_load_id();

  /// The newest id given out; empty for none.
  Result<std::string> last_load_id();

  // --- Runs ---

  /// Records that a run began. Fault point run_begun behind it.
  Status begin_run(const RunRecord& run);

  /// Remembers that this run was asked for inputs that an earlier, unended run had sealed, and did not load them again.
  /// Takes effect when the run's end is recorded.
  void acknowledge(std::span<const SealedInput> inputs);

  /// Records the end of the run, in one transaction with what follows from it. If all its rows are delivered (or
  /// rejected), settled are the inputs whose package is loaded and that were sealed by this run, acknowledged by it, or
  /// sealed by an earlier run that has a recorded end; a run that failed or was stopped settles nothing.
  /// Inputs of a package that is still pending stay unsettled: the same command finishes them. Prunes what is older
  /// than the retention.
  Status end_run(const RunEnd& end);

  /// Newest first.
  Result<std::vector<RunRecord>> runs(std::size_t newest);

  /// Runs that were to load something and have no recorded end, oldest first. A run that records that it told of what
  /// is pending takes those before it off the list.
  Result<std::vector<UnendedRun>> unended_runs();

  /// Whether a run but `run_id` died since the oldest pending package was being sealed: it may have been loading it.
  Result<bool> load_was_interrupted(const std::string& run_id);
  Result<std::optional<RunRecord>> run(const std::string& run_id);

  // --- Inputs ---

  /// Everything ever sealed from this absolute path, newest first. Settled ones do not stop a new load.
  Result<std::vector<SealedInput>> sealed_inputs(const std::string& path);

  /// Everything ever sealed with this content, from whatever path, newest first.
  Result<std::vector<SealedInput>> sealed_inputs_by_content(std::uint64_t size, const std::string& hash);

  /// The loads that replace each root table, delivered or not, the newest first.
  Result<std::map<std::string, std::vector<std::string>>> replacing_loads();

  // --- Packages ---

  /// Seals a package: from here on it will be delivered. One transaction holds the package, its jobs, its inputs, the
  /// dead letters that were set aside, the schema (from now on the pipeline's) and the pipeline's state document. The
  /// job files must be durable. `replayed` are the letters whose rows a replay holds; they must be open. What is in no
  /// row stays so, with the new reason.
  ///
  /// Fault points: before_seal, in_seal (before the commit), after_seal.
  Status seal(const PackageRecord& package, std::span<const InputRecord> inputs, const SealedState& state,
              std::span<const ReplayedLetter> replayed = {});

  /// Packages to deliver, oldest first, complete with jobs and schema.
  Result<std::vector<PackageRecord>> pending();

  /// Any packages, newest first; those that are not pending without their schema documents.
  Result<std::vector<PackageRecord>> packages(std::size_t newest);

  /// Counts a failed attempt to deliver.
  Status record_attempt(const std::string& load_id, const std::string& error);

  /// The rows are at the destination, and that was verified; letters whose rows the package brought are replayed but
  /// for those that it leaves out, which are open again. The job files of the newest `keep_packages` loaded packages
  /// are kept from now on, those of all others are debris.
  ///
  /// `delivered` are rows of it that have the key of a letter, as overtake_letters takes them; not those that it leaves
  /// out.
  ///
  /// Fault points: before_ledger_loaded, after_ledger_loaded.
  Status mark_loaded(const std::string& load_id, int keep_packages, std::span<const DeliveredKey> delivered = {});

  /// What was sealed with a package, in the order of the command.
  Result<std::vector<InputRecord>> inputs_of(const std::string& load_id);

  /// Gives a pending package up: it, its inputs and its dead letters are forgotten, so that these count as not loaded,
  /// and the schema in force is that of the newest package left. Letters whose rows it was to bring are open again. Its
  /// job files are debris from then on.
  ///
  /// Fault points: before_package_drop, in_package_drop, after_package_drop.
  Status drop(const std::string& load_id);

  /// Remembers that what is pending of a package is to be given up. From then on nothing of it is to be delivered.
  ///
  /// Fault point: abort_asked behind it.
  Status ask_abort(const std::string& load_id, const std::string& run_id);

  /// Brings that to its end: of the package's documents all but `delivered` are rejected, without letters, and nothing
  /// of it is pending. Letters whose rows it was to bring are open again, but for those that it has delivered. Its job
  /// files are debris from then on.
  ///
  /// Fault points: in_abort (before the commit), after_abort.
  Status end_abort(const std::string& load_id, std::uint64_t delivered);

  /// Load ids whose folders belong to the ledger (pending, or loaded and kept); every other folder is debris.
  Result<std::vector<std::string>> packages_with_files();

  // --- Dead letters ---

  /// Sets a bad row aside for the next seal, which keeps it with its package. Until then it is not durable: a crash, or
  /// a run that fails, forgets it together with the rows beside it.
  Status set_aside(const Letter& letter);
  void forget_set_aside() { has_set_aside_ = false; }

  /// Says before the destination commits which documents of a pending package it leaves out because it refuses them:
  /// their number, and as letters what was set aside. It takes the place of what an earlier attempt said, and counts
  /// once the package is marked as loaded.
  Status propose_refused(const RefusedDocuments& refused);

  /// Hands letters to `visit` one by one; false ends it.
  using VisitLetter = std::function<Result<bool>(const LetterRecord&)>;
  Status visit_letters(const LetterFilter& filter, const VisitLetter& visit);
  /// Documents that were rejected beside the rows of a package; 0 where it is no longer known.
  Result<std::uint64_t> rejected_with(const std::string& load_id);
  Result<std::uint64_t> count_letters(const LetterFilter& filter);

  /// Open letters of rows that a package has left out: its own, and those that it was to bring once more.
  Result<std::uint64_t> letters_left_by(const std::string& load_id);
  /// Letters of a package that runs have left which died, by table, where no run has told since. Those of its seal are
  /// told while it is pending, so that they are among them once it is loaded.
  Result<std::map<std::string, std::uint64_t>> untold_letters(const std::string& load_id);
  /// Packages that are loaded and have such letters, oldest first.
  Result<std::vector<UntoldLoad>> untold_loads();

  /// One letter, whatever became of it.
  Result<std::optional<LetterRecord>> letter(const std::string& load_id, std::int64_t ordinal);

  /// Forgets the text of open letters, and calls them dropped. Returns how many.
  Result<std::uint64_t> drop_letters(const LetterFilter& filter);

  /// Primary keys of letters of a table whose rows may go out once more, and that no later row has overtaken yet; those
  /// that are proposed of a load too.
  Result<std::vector<std::string>> letter_keys(const std::string& table, const std::string& proposed_of = {});

  /// Letters of a table whose rows a pending replay is to bring and that later rows have overtaken.
  Result<std::uint64_t> overtaken_letters(const std::string& replay_load_id, const std::string& table);

  /// By table, the last load that was sealed behind this one, is no replay, and has delivered rows of it.
  Result<std::map<std::string, std::string>> later_deliveries(const std::string& load_id);

  /// By table, the place of the first letter of a load that has a primary key and was not overtaken.
  Result<std::map<std::string, std::int64_t>> first_keyed_letters(const std::string& load_id);

  /// Calls letters overtaken by rows of `load_id` that are delivered: those of the same primary key whose row stood
  /// before. A row of a replay stands where the row of its letter stood.
  Status overtake_letters(const std::string& load_id, std::span<const DeliveredKey> delivered);

  /// The keys under which the rows of a replay go out, by table, in the order of its rows there. Empty: the row has
  /// none from before.
  Result<std::map<std::string, std::vector<std::string>>> replayed_keys(const std::string& load_id);

  // --- Lanes ---

  /// The lanes of a package that were begun, in the order of their jobs.
  Result<std::vector<LaneRecord>> lanes(const std::string& load_id);

  /// Records what lanes of a pending package have come to, all in one transaction, and keeps the letters of what they
  /// rejected, with those that were set aside: rejected documents count as refused until the package is loaded. Of a
  /// replay the letters of before are open again in their place. What the destination remembers is recorded with it, in
  /// the order of the updates. Each lane once.
  Status record_lanes(const std::string& load_id, const std::string& run_id, std::span<const LaneUpdate> updates);

  /// What a destination remembers in this pipeline.
  Result<StateValues> destination_state(const std::string& destination);

  /// The schema document of the newest loaded package before this one; empty: there is none. One that was aborted does
  /// not count, since nobody knows how much of it the destination was told.
  Result<std::string> schema_before(const std::string& load_id);

  /// Makes lanes that the destination has given up open again. Their attempts stay counted.
  Status reopen_lanes(const std::string& load_id, std::span<const std::int64_t> positions);

  // --- Schema and state of the pipeline, as of the newest seal ---

  Result<std::optional<StoredSchema>> stored_schema();

  /// The pipeline's state document; empty for none.
  Result<std::string> stored_state();

  /// With which the package was sealed; empty: it is not known.
  Result<std::string> schema_of(const std::string& load_id);

  /// Has schema and state from elsewhere in the place of its own.
  Status remember(const StoredSchema& schema, const std::string& state);

  /// Forgets schema and state (the destination is gone). Pending packages keep the schema they were sealed with.
  Status reset_schema();

  // --- Progress ---

  /// Shows others where the run stands. Not synced: a power cut may lose it, nothing else waits for it.
  Status write_progress(const ProgressRecord& progress);
  Result<std::optional<ProgressRecord>> read_progress();

 private:
  Ledger(Database database, Env* env) : database_(std::move(database)), env_(env) {}

  Result<Transaction> begin_write();
  bool mark_alone(const std::string& load_id, const LaneUpdate& update);
  Status tell(Recorded what) { return on_recorded_ ? on_recorded_(what) : Status(); }

  Database database_;
  Env* env_;
  std::int64_t generation_ = 0;
  bool has_set_aside_ = false;
  std::vector<std::int64_t> acknowledged_;  ///< rows of inputs
  std::function<Status(Recorded)> on_recorded_;
};

}  // namespace outfall::ledger
