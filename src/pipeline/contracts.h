// SPDX-License-Identifier: Apache-2.0
//
// The contracts of a run's tables: what was asked for, what their schema says, and what is kept and told of them.
#pragma once

#include <string>
#include <vector>

#include "normalize/normalizer.h"
#include "outfall/pipeline.h"
#include "outfall/report.h"
#include "pipeline/dataset_memory.h"

namespace outfall::pipeline {

/// Of the root tables, and of those that the schema has below them, as they are before anything is shaped. What was
/// asked for holds for all of them. A table is there when the schema has columns of it, or the destination has it.
///
/// Errors: abandon: the schema has a contract that is not known here.
Result<normalize::TableContracts> table_contracts(const RunOptions& options, const DatasetMemory& memory,
                                                  const std::vector<std::string>& roots);

/// What was asked for is kept with the root tables; the tables below them have it from there.
void keep_contracts(const RunOptions& options, const std::vector<std::string>& roots, schema::Schema& schema);

std::vector<DiscardReport> discard_reports(const normalize::NormalizeSummary& summary,
                                           const std::vector<normalize::InputFacts>& inputs);

}  // namespace outfall::pipeline
