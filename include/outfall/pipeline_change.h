// SPDX-License-Identifier: Apache-2.0
//
// What a person may do about what a pipeline remembers: fetch it from its dataset, and drop resources of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "outfall/error.h"
#include "outfall/types.h"

namespace outfall {

struct PipelineChangeOptions {
  std::string data_dir{};  ///< as in PipelineOptions
  std::string state{};     ///< as in PipelineOptions
  std::string pipeline{};
  /// An address, or a name of the configuration. Needed where the data directory does not know the pipeline.
  std::string destination{};
  std::string dataset{};  ///< empty: the pipeline's, else what a run would take
  /// How long to wait for another process that holds the pipeline, and as long again for one that has the database
  /// open.
  std::chrono::seconds lock_wait{0};
  /// Called where one of these waits begins.
  std::function<void(const LockWaiting&)> waiting{};
  std::stop_token stop{};
};

struct SyncedPipeline {
  std::string pipeline{};
  std::string data_dir{};  ///< absolute
  std::string destination{};
  std::string dataset{};
  std::string schema{};                              ///< its name
  std::int64_t schema_version = 0;                   ///< that the pipeline has now
  std::int64_t state_version = 0;                    ///< the same
  std::optional<std::int64_t> state_version_before;  ///< that it had; nothing: it was not known here
  bool changed = false;                              ///< false: it had what the dataset has, or newer
  std::vector<std::string> notes{};
};

/// Restores schema and state of a pipeline from its dataset: after its folder was lost, or another runner or dlt went
/// on. A state that is newer here stays.
///
/// Errors:   usage: packages are pending; the dataset has nothing of the pipeline; it is tied to another destination or
///           dataset; it is not known, and no destination was named. Nothing is changed then.
Result<SyncedPipeline> sync_pipeline(const PipelineChangeOptions& options);

struct DropOptions {
  PipelineChangeOptions pipeline{};
  /// Names; `re:` and a regular expression chooses among them.
  std::vector<std::string> resources{};
  bool all = false;         ///< in their place: all resources
  bool state_only = false;  ///< tables stay; what was read of the resources is read from the beginning
};

struct DroppedTable {
  std::string name{};
  std::optional<std::uint64_t> rows{};  ///< nothing: it is not there
};

struct DropPlan {
  std::string pipeline{};
  std::string destination{};
  std::string dataset{};
  std::vector<std::string> resources{};
  std::vector<DroppedTable> tables{};  ///< with all that is nested in them, in the order of the schema
  std::vector<std::string> states{};   ///< keys of the state that go
  std::string load_id{};               ///< under which the dataset records it; empty: nothing was done
  std::vector<std::string> notes{};
};

/// What drop_resources would do. Nothing is changed.
///
/// Errors:   as drop_resources.
Result<DropPlan> plan_drop(const DropOptions& options);

/// Drops the tables of resources, forgets them in the schema, and their state with them; the dataset gets schema and
/// state as a load of its own, all in one transaction.
///
/// Errors:   usage: packages are pending; a resource is not known, or none was named; the dataset has nothing of the
///           pipeline.
Result<DropPlan> drop_resources(const DropOptions& options);

/// As one JSON document without line breaks; the fields are in docs/command-line.md.
std::string to_json(const SyncedPipeline& synced);
std::string to_json(const DropPlan& plan);

}  // namespace outfall
