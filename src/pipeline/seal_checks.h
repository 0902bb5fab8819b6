// SPDX-License-Identifier: Apache-2.0
//
// What a run looks at when all rows are shaped and nothing is sealed: what is refused here has changed nothing.
#pragma once

#include <string>
#include <vector>

#include "delivery/destination.h"
#include "normalize/normalizer.h"
#include "outfall/pipeline.h"
#include "outfall/report.h"
#include "pipeline/dataset_memory.h"
#include "pipeline/settled_types.h"

namespace outfall::pipeline {

/// Replacing a table with nothing, or with less than was given, is more likely a mistake than a wish.
Status check_replaced(const RunOptions& options, const std::vector<std::string>& roots,
                      const std::vector<normalize::InputFacts>& inputs, const normalize::NormalizeSummary& summary,
                      const std::vector<InputReport>& reports);

/// Rows that delete by key hold keys; what else they hold is more likely there by mistake.
Status check_only_keys(const RunOptions& options, const schema::Schema& schema, const std::vector<std::string>& roots,
                       const normalize::NormalizeSummary& summary);

/// Each document is a row of its root table, whatever else it is. Last of all checks, and it should never find
/// anything.
Status check_all_are_there(const std::vector<normalize::InputFacts>& inputs,
                           const normalize::NormalizeSummary& summary);

/// Two names that the destination cannot tell apart.
Status check_names(const schema::Schema& schema, const delivery::Capabilities& capabilities);

/// What the destination has and rows cannot go into.
Status check_tables_there(const std::string& dataset, const DatasetMemory& memory,
                          const normalize::NormalizeSummary& summary, const SettledTypes& settled);

}  // namespace outfall::pipeline
