// SPDX-License-Identifier: Apache-2.0
//
// Packages from the outside: what one holds, and giving one up that can never be delivered.
//
// A package is found by its load id, in whatever pipeline of the data directory it is. `status` (outfall/status.h)
// lists them.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "outfall/error.h"
#include "outfall/status.h"

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
};

struct PackageOptions {
  std::string data_dir{};  ///< as in PipelineOptions
  /// May be shortened as long as one package begins so.
  std::string load_id{};
};

/// Reads from the outside: no lock is taken, nothing is written.
///
/// Errors:   usage: no such package, or several.
Result<PackageDetail> find_package(const PackageOptions& options);

struct DropOptions {
  PackageOptions package{};
  /// How long to wait for another process that holds the pipeline, and as long again for one that has the database
  /// open.
  std::chrono::seconds lock_wait{0};
  /// Called where one of these waits begins.
  std::function<void(const LockWaiting&)> waiting{};
  std::stop_token stop{};
};

struct DroppedPackage {
  PackageDetail package{};           ///< as it was
  std::vector<std::string> notes{};  ///< facts worth a line
};

/// Gives a pending package up. Its rows are gone; its inputs count as not loaded, so that they can be loaded again.
/// After a crash it is pending as before, or gone.
///
/// Errors:   usage: no such package, or it is loaded; busy: another process holds the pipeline; others: the
///           destination has the load already, or could not be asked; nothing was dropped.
Result<DroppedPackage> drop_package(const DropOptions& options);

/// As one JSON document without line breaks; the fields are in docs/command-line.md.
std::string to_json(const PackageDetail& package);

}  // namespace outfall
