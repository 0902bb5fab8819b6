// SPDX-License-Identifier: Apache-2.0
//
// Packages from the outside: what one holds, and what a person may do about one that does not get through.
//
// A package is found by its load id, in whatever pipeline of the data directory it is. `status` (outfall/status.h)
// lists them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "outfall/error.h"
#include "outfall/status.h"
#include "outfall/types.h"

namespace outfall {

/// One input whose rows a package holds.
struct PackageInput {
  std::string path{};     ///< absolute; "-" for standard input
  std::string run_key{};  ///< of standard input; empty: a file
  std::uint64_t documents = 0;
  std::uint64_t bytes = 0;
};

struct PackageDetail {
  std::string pipeline{};  ///< as `status` names it
  PackageStatus package{};
  /// Those with an identity; what was sent without a run key is not remembered.
  std::vector<PackageInput> inputs{};
  std::uint64_t dead_letters = 0;  ///< open ones of its rows, which drop_package takes along
};

struct PackageOptions {
  std::string data_dir{};  ///< as in PipelineOptions
  std::string state{};     ///< as in PipelineOptions
  /// May be shortened as long as one package begins so.
  std::string load_id{};
};

/// Reads from the outside: no lock is taken, nothing is written.
///
/// Errors:   usage: no such package, or several.
Result<PackageDetail> find_package(const PackageOptions& options);

class OwnDestination;

/// To change what is pending the pipeline is held.
struct ChangeOptions {
  PackageOptions package{};
  /// A destination of the program itself, which is told of an abort of what was sealed for it.
  std::shared_ptr<OwnDestination> custom_destination{};
  /// How long to wait for another process that holds the pipeline, and as long again for one that has the database
  /// open.
  std::chrono::seconds lock_wait{0};
  /// Called where one of these waits begins, and about every five seconds while a program or function is waited for;
  /// then from another thread.
  std::function<void(const LockWaiting&)> waiting{};
  std::stop_token stop{};
};

struct ChangedPackage {
  PackageDetail package{};           ///< as it is now; of one that was dropped as it was
  std::uint64_t jobs = 0;            ///< job files that had failed, and are tried again or skipped
  std::uint64_t rows = 0;            ///< of retry and skip: that these had not delivered; of abort: that are given up
  std::uint64_t documents = 0;       ///< of abort and drop: that are given up
  std::uint64_t dead_letters = 0;    ///< of skip: rows that are kept (outfall/dead_letter.h)
  std::vector<std::string> notes{};  ///< facts worth a line
};

struct RetryOptions {
  ChangeOptions change{};
  std::string table{};  ///< empty: all
  /// Also what replays dead letters of which a later row of the same primary key was delivered since. Without, that is
  /// an error.
  bool force = false;
};

/// Has job files that their destination has given up tried again by the next run. Their attempts stay counted. Where
/// later loads have delivered rows of a table with a primary key, a note names them: what is older goes out behind.
///
/// Errors:   usage: no such package, it is not pending, or no job file of it has failed; abandon: it would replay what
///           is older than what is delivered; busy: another process holds the pipeline.
Result<ChangedPackage> retry_package(const RetryOptions& options);

struct SkipOptions {
  ChangeOptions change{};
  std::string table{};  ///< empty: all
  /// dead_letter keeps the rows, with the reason why their job failed; drop counts them.
  OnReject on_reject = OnReject::dead_letter;
};

/// Gives up what such job files have not delivered: these rows count as rejected. The next run finishes the package.
///
/// Errors:   as of retry_package; usage: on_reject is fail; abandon: the rows cannot be read, or are too many to keep.
Result<ChangedPackage> skip_package(const SkipOptions& options);

/// Gives up all that is pending of a package, for good: what was delivered stays so, the rest counts as rejected and is
/// kept nowhere, and its inputs count as loaded. A destination that can be told is told. What a crash interrupts the
/// next run brings to its end. (drop_package forgets the package instead: its inputs count as not loaded.)
///
/// What is for a function that this program does not have is aborted by the one that has it, at its next run or
/// resume: until then it is `aborting`, and a note says so.
///
/// Errors:   as of drop_package.
Result<ChangedPackage> abort_package(const ChangeOptions& options);

/// Gives a pending package up. Its rows and dead letters are gone; its inputs count as not loaded, so that they can be
/// loaded again: what was delivered in batches then comes a second time, under other keys.
/// After a crash it is pending as before, or gone. One that is aborting can be dropped without the function that it is
/// for.
///
/// Errors:   usage: no such package, or it is loaded; busy: another process holds the pipeline; others: the
///           destination has the load already, or could not be asked; nothing was dropped.
Result<ChangedPackage> drop_package(const ChangeOptions& options);

/// As one JSON document without line breaks; the fields are in docs/command-line.md.
std::string to_json(const PackageDetail& package);

}  // namespace outfall
