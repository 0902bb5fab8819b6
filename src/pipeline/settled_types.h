// SPDX-License-Identifier: Apache-2.0
//
// Shaping the inputs until every column has a type that takes all of its values (TypeConflicts::widen and text).
#pragma once

#include <functional>
#include <vector>

#include "ledger/records.h"
#include "normalize/normalizer.h"
#include "outfall/report.h"
#include "pipeline/dataset_memory.h"

namespace outfall::pipeline {

/// What changed on the way.
struct SettledTypes {
  std::vector<normalize::ConflictSummary> columns;  ///< each with the first value that asked for another type
  std::vector<ledger::AlteredColumn> altered;       ///< of these, what the schema or the destination had before
};

/// Shapes all inputs by calling `pass`, which reads the source to its end into `schema`; again with the types that the
/// last pass found to be needed, until it found none; first with those that the options have. `pass` begins from
/// nothing each time. Columns that `schema` had before get their new types in it.
///
/// A column of moments that the destination has becomes text where nanoseconds do not reach all that it holds.
///
/// Errors: those of `pass`; the source cannot be read again, or the destination cannot be asked.
Result<normalize::NormalizeSummary> shape_until_settled(
    const RunRequest& run, DatasetMemory& memory, normalize::NormalizeOptions& options, SettledTypes& settled,
    const std::function<Result<normalize::NormalizeSummary>()>& pass);

void report_settled(const SettledTypes& settled, const normalize::NormalizeOptions& options, Report& report);

}  // namespace outfall::pipeline
