// SPDX-License-Identifier: Apache-2.0
//
// Target: which pipeline a run belongs to and where it goes; and the run itself, once that is known.
#pragma once

#include <string>

#include "engine/registry.h"
#include "normalize/document_source.h"
#include "outfall/pipeline.h"

namespace outfall::pipeline {
class LetterSource;
}

namespace outfall::engine {

struct Target {
  std::string name;     ///< as the destination knows the pipeline
  std::string key;      ///< its folder in the data directory
  std::string address;  ///< of the destination, without what is secret
  std::string word{};   ///< what it was called, with that; empty: nothing is secret
  std::string dataset;
  std::string data_dir;  ///< absolute
  std::string note{};    ///< that a person should read; empty: none
};

/// Options first, then what a named pipeline used before, then what follows from the names of the tables.
///
/// Errors: usage: an option is wrong.
Result<Target> find_target(const PipelineOptions& options, const RunOptions& run,
                           const normalize::DocumentSource& source);

/// Where a pipeline goes that is given no dataset.
std::string usual_dataset(const delivery::Destination& destination, const std::string& pipeline);

/// A bare `duckdb`, or nothing, is a file in the working directory that is named after the pipeline; but where the
/// configuration has a destination of this name, that one.
Result<std::string> complete_address(const std::string& address, const std::string& pipeline);

/// `source` is null for a run that only finishes what is pending; `command` is for the trace, without secrets.
struct TargetRun {
  const Target& target;
  const PipelineOptions& options;
  const RunOptions& run;
  normalize::DocumentSource* source = nullptr;
  std::string command{};
  pipeline::LetterSource* replay = nullptr;  ///< the same as `source`, where it is one of dead letters
  Given given = Given::for_it;               ///< RunOptions::batches
  /// What the run was given that sealed what goes out now, as the state store keeps it: it goes on as it was begun,
  /// unless RunOptions say something else. Empty: nothing.
  std::string batches_before{};
};
Report run_target(const TargetRun& run);

/// The report of a run that did not begin.
Report failed_report(const PipelineOptions& options, Error error);

}  // namespace outfall::engine
