// SPDX-License-Identifier: Apache-2.0
//
// The data directory: where it is, what stands where in it, and how debris leaves it.
//
//   <data dir>/pipelines/<pipeline>/outfall.db          the ledger
//                                   lock                the pipeline's lock
//                                   packages/<load id>/ job files
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "outfall/error.h"

namespace outfall::ledger {

/// What decides where the data directory is, strongest first.
struct DataDirSearch {
  std::string asked;  ///< --data-dir; empty: not asked
  std::optional<std::string> outfall_data_dir;
  std::string working_directory;  ///< absolute; searched upwards for .outfall/
  std::optional<std::string> xdg_state_home;
  std::optional<std::string> home;

  /// The rest from the process: its environment and its working directory.
  static Result<DataDirSearch> from_process(std::string asked);
};

/// The absolute path of the data directory; it need not exist.
///
/// Errors: usage, abandon: nothing says where (HOME is not set).
Result<std::string> resolve_data_dir(const DataDirSearch& search);

/// The directory that it would be if no folder .outfall/ were found. None: none was, or something stronger decides.
std::optional<std::string> passed_over_data_dir(const DataDirSearch& search);

struct PipelinePaths {
  std::string folder;
  std::string database;
  std::string lock;
  std::string looks;     ///< the lock of those that only look, while they fetch what others have shared
  std::string programs;  ///< the lock that programs hold which a run has started
  std::string packages;

  std::string package(std::string_view load_id) const;
};

/// Errors: usage, abandon: the name cannot be the name of a folder.
Result<PipelinePaths> pipeline_paths(const std::string& data_dir, const std::string& pipeline);

/// Makes the pipeline's folders, durably.
Status make_pipeline_folders(const PipelinePaths& paths);

/// Names of all pipelines that have a ledger, in byte order; none if the data directory does not exist.
Result<std::vector<std::string>> list_pipelines(const std::string& data_dir);

/// Removes the job files of a package that is loaded. Fault points: before_files_removed, after_files_removed.
Status remove_package_files(const PipelinePaths& paths, const std::string& load_id);

/// Everything in packages/ that is not the folder of one of `kept` (Ledger::packages_with_files): what a crash left
/// before the seal, or after the load.
Result<std::vector<std::string>> find_debris(const PipelinePaths& paths, std::span<const std::string> kept);

/// Removes it, and returns what was removed. The pipeline's lock must be held.
Result<std::vector<std::string>> remove_debris(const PipelinePaths& paths, std::span<const std::string> kept);

}  // namespace outfall::ledger
