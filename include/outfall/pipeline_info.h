// SPDX-License-Identifier: Apache-2.0
//
// What a pipeline remembers beside its runs: schema and state. Read from the outside, as status is (outfall/status.h);
// nothing is written, and no lock is taken.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "outfall/destination_state.h"
#include "outfall/error.h"
#include "outfall/status.h"

namespace outfall {

struct PipelineInfoOptions {
  std::string data_dir{};  ///< as in PipelineOptions
  std::string state{};     ///< as in PipelineOptions
  std::string pipeline{};
};

struct StoredColumn {
  std::string name{};
  std::string type{};  ///< a data type with precision and scale, such as decimal(38,9); empty: no value was seen yet
  bool nullable = true;
};

struct StoredTable {
  std::string name{};
  std::string parent{};             ///< empty: a root table
  std::string write_disposition{};  ///< empty: its parent's
  std::vector<StoredColumn> columns{};
};

/// The schema as of the newest seal.
struct StoredSchema {
  std::string pipeline{};
  std::string name{};
  std::string version_hash{};
  std::vector<StoredTable> tables{};
  std::string document{};  ///< dlt's schema document, as JSON
};

/// Errors:   usage: no such pipeline, several, or it has no schema yet; abandon: its state store cannot be read.
Result<StoredSchema> stored_schema(const PipelineInfoOptions& options);

struct PipelineInfo {
  PipelineStatus status{};             ///< with all pending packages, and the newest run
  std::string data_dir{};              ///< absolute
  std::string folder{};                ///< of its state
  std::string known_as{};              ///< at the destination; empty before the first run got so far
  std::string meaning{};               ///< what the destination's name meant when it was last used; empty: an address
  std::vector<std::string> schemas{};  ///< names
  std::vector<std::string> state_keys{};         ///< of its state document, sources as sources.<name>
  DestinationState::Values destination_state{};  ///< what its destination remembers
};

/// Errors:   as above, but without a schema it is no error.
Result<PipelineInfo> pipeline_info(const PipelineInfoOptions& options);

/// As one JSON document without line breaks; the fields are in docs/command-line.md.
std::string to_json(const PipelineInfo& info);

}  // namespace outfall
