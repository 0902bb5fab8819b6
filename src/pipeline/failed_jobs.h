// SPDX-License-Identifier: Apache-2.0
//
// What a person does about job files that their destination has given up: has them tried again, or gives them up too.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "outfall/types.h"
#include "pipeline/held_pipeline.h"
#include "schema/naming.h"

namespace outfall::pipeline {

struct FailedJobs {
  std::uint64_t jobs = 0;
  std::uint64_t rows = 0;     ///< of them that were not delivered
  std::uint64_t letters = 0;  ///< of these, kept as dead letters
  std::vector<std::string> notes{};
};

struct RetryRequest {
  std::string load_id;
  std::string table;   ///< empty: of all tables
  bool force = false;  ///< also a replay that later rows have overtaken
};

/// The next run tries them again. Notes tell of loads behind the package that have delivered rows of their tables,
/// where these have primary keys.
///
/// Errors: usage: the package is not pending, or none of its job files (of the table) has failed; abandon: later rows
/// have overtaken what a replay would bring.
Result<FailedJobs> retry_failed(ledger::Ledger& ledger, const RetryRequest& request);

struct SkipRequest {
  std::string pipeline;  ///< as the destination knows it
  std::string run_id;
  std::string load_id;
  std::string table;  ///< empty: of all tables
  OnReject on_reject = OnReject::dead_letter;
  std::optional<schema::NameLimit> name_length_max{};  ///< of tables, at the destination
  Env& env;
};

/// Rows of them that were not delivered are rejected, for the reason for which their job failed. Fault point after_skip
/// behind it.
///
/// Errors: as of retry_failed; abandon: a job file cannot be read, or the rows take more than letters may.
Result<FailedJobs> skip_failed(HeldPipeline& held, const SkipRequest& request);

}  // namespace outfall::pipeline
