// SPDX-License-Identifier: Apache-2.0
//
// Shaping the inputs until every column has a type that takes all of its values (TypeConflicts::widen and text).
#pragma once

#include <functional>
#include <vector>

#include "ledger/records.h"
#include "normalize/normalizer.h"
#include "outfall/report.h"
#include "pipeline/run.h"
#include "schema/schema.h"

namespace outfall::pipeline {

/// One column whose type changed on the way, with the first value that asked for it.
using SettledColumn = normalize::ConflictSummary;

/// Shapes all inputs by calling `pass`, which reads the source to its end into `schema`; again with the types that the
/// last pass found to be needed, until it found none. `pass` begins from nothing each time. Columns that `schema` had
/// before get their new types in it; `settled` says which columns got other types than their first values have.
///
/// Errors: those of `pass`; the source cannot be read again.
Result<normalize::NormalizeSummary> shape_until_settled(
    normalize::DocumentSource& source, schema::Schema& schema, normalize::NormalizeOptions& options,
    std::vector<SettledColumn>& settled, const std::function<Result<normalize::NormalizeSummary>()>& pass);

/// Of these columns, those that `before` has with another type: they are altered at the destination.
std::vector<ledger::TableColumn> columns_to_alter(const std::vector<SettledColumn>& settled,
                                                  const schema::Schema& before);

void report_settled(const std::vector<SettledColumn>& settled, const normalize::NormalizeOptions& options,
                    Report& report);

}  // namespace outfall::pipeline
