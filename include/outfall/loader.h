// SPDX-License-Identifier: Apache-2.0
//
// Loader: a run into which the program pushes its rows, call by call.
//
//   outfall::Loader loader({.destination = "duckdb:app.duckdb"}, {.table = "users"});
//   for (const std::string& user : users) {
//     if (outfall::Status taken = loader.append(user); !taken) break;
//   }
//   outfall::Report report = loader.seal();
//
// Nothing is visible before `seal`. A loader that is destroyed without it leaves what a crash leaves: nothing was
// loaded, and the next run removes the debris.
#pragma once

#include <memory>
#include <string_view>

#include "outfall/arrow.h"
#include "outfall/error.h"
#include "outfall/pipeline.h"
#include "outfall/report.h"

namespace outfall {

/// One thread of its own holds the pipeline, from the constructor to `seal` or the destructor; it delivers first what
/// an earlier run left. `progress` is called from there, and while rows are delivered in batches from the threads that
/// deliver them; one call at a time. One object is used from one thread at a time.
///
/// Memory is bounded (RunOptions::memory): `append` waits while the run is behind.
class Loader {
 public:
  /// As Pipeline::run with these options, of which `table` is needed; `run_key` may be given, `inputs` and
  /// `from_memory` may not. What is wrong the first call says.
  explicit Loader(PipelineOptions pipeline, RunOptions options);
  Loader(Loader&&) noexcept = default;
  Loader& operator=(Loader&&) noexcept = default;

  /// Takes one document: a JSON value. It is copied.
  ///
  /// Errors: whatever ended the run; from then on every call gives the same one. A document that is bad may be noticed
  ///         some calls later, or by `seal`.
  Status append(std::string_view document);

  /// Takes rows in columns: a struct array, as a record batch is. The rows are taken over, also when it fails; the
  /// schema stays the caller's. One load takes documents or columns, not both.
  Status append(ArrowArray* rows, const ArrowSchema& schema);

  /// Seals what was taken and loads it, as `run` does. Again: the same report. Nothing can be appended afterwards.
  Report seal();

 private:
  class State;
  std::shared_ptr<State> state_;
};

}  // namespace outfall
