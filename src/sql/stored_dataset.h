// SPDX-License-Identifier: Apache-2.0
//
// What a dataset remembers of the loads that made it: the schema they used and the state they left.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace outfall::sql {

/// A row of `_dlt_version`.
struct StoredSchema {
  std::int64_t version = 0;
  std::int64_t engine_version = 0;
  std::string name;
  std::string version_hash;
  std::string document;  ///< as it is stored: JSON, or base64 of deflated JSON where a database has short texts
};

/// A row of `_dlt_pipeline_state`.
struct StoredState {
  std::int64_t version = 0;
  std::int64_t engine_version = 0;
  std::string pipeline;
  std::string state;         ///< as it is stored: base64 of the deflated document, or the document itself
  std::string version_hash;  ///< empty: the row has none
  std::string load_id;
};

struct StoredDataset {
  std::optional<StoredSchema> schema;
  std::optional<StoredState> state;
};

}  // namespace outfall::sql
