// SPDX-License-Identifier: Apache-2.0
//
// What a load will change at tables of the destination, known before anything is sent.
#pragma once

#include <string>
#include <vector>

#include "normalize/normalizer.h"
#include "outfall/pipeline.h"
#include "pipeline/dataset_memory.h"
#include "pipeline/settled_types.h"

namespace outfall::pipeline {

struct PlannedChange {
  std::string table;
  bool is_created = false;
  std::vector<std::string> new_columns{};  ///< of a table that is there
};

/// How the destination's table will differ from what it is. `before`: the schema with which the run began.
PlannedChange planned_change(const schema::Table& table, const schema::Schema& before, const DatasetMemory& memory);

/// Errors: changes are not to be made (RunOptions::fail_on_schema_change), and there are some: all are named.
Status check_no_change(const RunOptions& options, const schema::Schema& before, const DatasetMemory& memory,
                       const SettledTypes& settled, const normalize::NormalizeSummary& summary);

}  // namespace outfall::pipeline
