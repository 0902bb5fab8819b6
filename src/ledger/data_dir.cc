// SPDX-License-Identifier: Apache-2.0
//
// Where things stand, and what is debris.
#include "ledger/data_dir.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "base/fault.h"
#include "base/file.h"
#include "base/limits.h"
#include "base/search_upwards.h"

namespace outfall::ledger {
namespace {

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  // Set but empty means unset, as the XDG specification has it.
  return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
}

Error misuse(std::string message, std::string hint) {
  return {.message = std::move(message), .hint = std::move(hint), .remedy = Remedy::abandon, .blame = Blame::usage};
}

bool is_absolute(const std::optional<std::string>& path) {
  return path && path->starts_with('/');
}

/// Where nobody has said anything.
Result<std::string> usual_data_dir(const DataDirSearch& search) {
  // Relative values are not valid there, and would make the state depend on the working directory.
  if (is_absolute(search.xdg_state_home)) {
    return absolute_path(*search.xdg_state_home + "/outfall");
  }
  if (is_absolute(search.home)) {
    return absolute_path(*search.home + "/.local/state/outfall");
  }
  return fail(misuse("cannot tell where state belongs: HOME is not set",
                     "name a folder with --data-dir or OUTFALL_DATA_DIR, or make a folder .outfall here"));
}

}  // namespace

Result<DataDirSearch> DataDirSearch::from_process(std::string asked) {
  Result<std::string> working_directory = absolute_path(".");
  if (!working_directory) {
    return std::unexpected(std::move(working_directory).error());
  }
  return DataDirSearch{.asked = std::move(asked),
                       .outfall_data_dir = environment("OUTFALL_DATA_DIR"),
                       .working_directory = std::move(*working_directory),
                       .xdg_state_home = environment("XDG_STATE_HOME"),
                       .home = environment("HOME")};
}

Result<std::string> resolve_data_dir(const DataDirSearch& search) {
  if (!search.asked.empty()) {
    return absolute_path(search.asked);
  }
  if (search.outfall_data_dir) {
    return absolute_path(*search.outfall_data_dir);
  }
  if (std::optional<std::string> nearest = search_upwards(search.working_directory, ".outfall")) {
    return std::move(*nearest);
  }
  return usual_data_dir(search);
}

std::optional<std::string> passed_over_data_dir(const DataDirSearch& search) {
  if (!search.asked.empty() || search.outfall_data_dir) {
    return std::nullopt;
  }
  if (!search_upwards(search.working_directory, ".outfall")) {
    return std::nullopt;
  }
  const Result<std::string> usual = usual_data_dir(search);
  return usual ? std::optional(*usual) : std::nullopt;
}

std::string PipelinePaths::package(std::string_view load_id) const {
  return fmt::format("{}/{}", packages, load_id);
}

Result<PipelinePaths> pipeline_paths(const std::string& data_dir, const std::string& pipeline) {
  const bool control =
      std::ranges::any_of(pipeline, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
  if (pipeline.empty() || pipeline == "." || pipeline == ".." || pipeline.contains('/') || control) {
    return fail(misuse(fmt::format("'{}' cannot be the name of a pipeline: it names a folder", pipeline),
                       "use letters, digits, '_', '-' and '.'"));
  }
  if (pipeline.size() > limits::pipeline_name_bytes_max) {
    return fail(misuse(fmt::format("the pipeline's name is {} bytes long, the limit is {}", pipeline.size(),
                                   limits::pipeline_name_bytes_max),
                       "give it a shorter name with --pipeline"));
  }
  const std::string folder = fmt::format("{}/pipelines/{}", data_dir, pipeline);
  return PipelinePaths{.folder = folder,
                       .database = folder + "/outfall.db",
                       .lock = folder + "/lock",
                       .looks = folder + "/looks",
                       .programs = folder + "/programs",
                       .packages = folder + "/packages"};
}

Status make_pipeline_folders(const PipelinePaths& paths) {
  if (Status made = make_directories(paths.packages); !made) {
    return made;
  }
  return sync_names_above(paths.packages);
}

Result<std::vector<std::string>> list_pipelines(const std::string& data_dir) {
  const std::string folder = data_dir + "/pipelines";
  const Result<bool> exists = file_exists(folder);
  if (!exists) {
    return std::unexpected(exists.error());
  }
  std::vector<std::string> names;
  if (!*exists) {
    return names;
  }
  Result<std::vector<DirectoryEntry>> entries = list_directory(folder);
  if (!entries) {
    return std::unexpected(std::move(entries).error());
  }
  for (DirectoryEntry& entry : *entries) {
    const std::string database = fmt::format("{}/{}/outfall.db", folder, entry.name);
    // A rollback journal is only ever there before the first tables: whoever began with them has died.
    if (file_exists(database).value_or(false) && !file_exists(database + "-journal").value_or(false)) {
      names.push_back(std::move(entry.name));
    }
  }
  return names;
}

Status remove_package_files(const PipelinePaths& paths, const std::string& load_id) {
  fault_point(Fault::before_files_removed);
  Status removed = remove_tree(paths.package(load_id));
  if (removed) {
    fault_point(Fault::after_files_removed);
  }
  return removed;
}

Result<std::vector<std::string>> find_debris(const PipelinePaths& paths, std::span<const std::string> kept) {
  std::vector<std::string> debris;
  const Result<bool> exists = file_exists(paths.packages);
  if (!exists) {
    return std::unexpected(exists.error());
  }
  if (!*exists) {
    return debris;
  }
  Result<std::vector<DirectoryEntry>> entries = list_directory(paths.packages);
  if (!entries) {
    return std::unexpected(std::move(entries).error());
  }
  for (DirectoryEntry& entry : *entries) {
    if (std::ranges::find(kept, entry.name) == kept.end()) {
      debris.push_back(std::move(entry.name));
    }
  }
  return debris;
}

Result<std::vector<std::string>> remove_debris(const PipelinePaths& paths, std::span<const std::string> kept) {
  Result<std::vector<std::string>> debris = find_debris(paths, kept);
  if (!debris) {
    return debris;
  }
  for (const std::string& name : *debris) {
    if (const Status gone = remove_tree(paths.package(name)); !gone) {
      return std::unexpected(gone.error());
    }
  }
  return debris;
}

}  // namespace outfall::ledger
