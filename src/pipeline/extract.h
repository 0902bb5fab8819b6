// SPDX-License-Identifier: Apache-2.0
//
// Extract and normalize: everything from the source's bytes to a sealed package.
#pragma once

#include <optional>
#include <string>

#include "ledger/data_dir.h"
#include "ledger/ledger.h"
#include "pipeline/dataset_memory.h"
#include "pipeline/earlier_loads.h"
#include "pipeline/input_fates.h"
#include "pipeline/progress_meter.h"
#include "pipeline/run.h"

namespace outfall::pipeline {

struct ExtractRequest {
  const RunRequest& run;
  ledger::Ledger& ledger;
  const ledger::PipelinePaths& paths;
  std::string run_id;
  DatasetMemory memory;
  LoadsThere& loads;
  const EarlierLoads& earlier;
  ProgressMeter& progress;
};

/// The threads that a run may use: what was asked for, or one a core.
int worker_count(const RunOptions& options);

/// Reads the inputs that `choice` left to the source, and seals what they gave as one package. Fills the reports of the
/// inputs, the variants and what else the run has to tell. None: the inputs had no documents, and nothing was sealed.
///
/// Errors: nothing was sealed, and what was spooled is gone.
Result<std::optional<ledger::PackageRecord>> extract_and_seal(ExtractRequest request, InputChoice& choice,
                                                              Report& report);

/// The same without keeping anything: how many rows would go to which tables, and which columns are new. Fills the
/// reports of the inputs that were read.
Status shape_only(const RunRequest& run, DatasetMemory memory, ProgressMeter& progress, InputChoice& choice,
                  Report& report);

}  // namespace outfall::pipeline
