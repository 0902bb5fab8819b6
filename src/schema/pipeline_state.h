// SPDX-License-Identifier: Apache-2.0
//
// PipelineState: what a pipeline remembers from load to load - its schemas, its cursors - as dlt keeps it in a dataset,
// so that either of the two continues where the other stopped.
//
// It is typed JSON: strings of other types begin with a marker character. Those of sources we do not run are carried,
// never read.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"
#include "outfall/error.h"

namespace outfall::schema {

/// The one form of the document that we read and write.
inline constexpr std::int64_t state_engine_version = 4;

struct StateIdentity {
  std::string_view pipeline_name;
  std::string_view dataset_name;
  std::string_view default_schema_name;
  std::string_view destination_type;  ///< dlt's name of it: "dlt.destinations.duckdb"
};

class PipelineState {
 public:
  /// The state of a pipeline that never loaded: version 0, no hash; the first bump makes it version 1.
  static PipelineState make(const StateIdentity& identity);

  /// Reads typed JSON.
  /// Errors: abandon: not JSON, another engine version, or an identity that is missing.
  static Result<PipelineState> parse(std::string_view text);

  /// Reads the text of column `state`, packed or not.
  static Result<PipelineState> restore(std::string_view stored);

  std::int64_t version() const;
  const std::string& pipeline_name() const;
  std::string_view version_hash() const;  ///< as of the last bump; empty before the first

  /// Everything, for reading and editing: cursors are below `sources`.
  const Json& document() const { return document_; }
  Json& document() { return document_; }

  /// Adds a schema to those of the pipeline, which are kept sorted.
  void add_schema(std::string_view name);

  /// Notes under a key of our own that the schema has a new version, so that the state differs from the one before:
  /// dlt fetches schemas anew when, and only when, it finds another state than its own.
  void announce_schema(std::string_view name, std::int64_t version);

  /// The document as it is stored, without what belongs to one machine.
  std::string text() const;

  /// What column `state` holds: the text, packed.
  std::string stored_text() const;

  /// The hash of the state as it is now.
  std::string compute_version_hash() const;

  /// Takes over edits: when the hash changed, the version grows. True then.
  bool bump();

 private:
  explicit PipelineState(Json document) : document_(std::move(document)) {}

  Json document_;
};

}  // namespace outfall::schema
