// SPDX-License-Identifier: Apache-2.0
//
// What a run says of merging, as the hints that a schema keeps.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "normalize/shape.h"
#include "outfall/pipeline.h"
#include "schema/schema.h"

namespace outfall::pipeline {

/// What is done with the rows of a root table: what the run says, else what was done before, if that is merge.
WriteDisposition disposition_of(const RunOptions& options, const schema::Schema& schema, const std::string& root);

/// As the schema has it.
std::string_view stored_disposition(WriteDisposition disposition);

/// Sets the dispositions of the root tables, and what merging goes by; a table that the schema does not have yet is
/// made where something is said of its columns. The rows nested in a merged one get the id of their root.
///
/// Errors: usage: a table would be merged without any key.
Status set_dispositions(schema::Schema& schema, const std::vector<std::string>& roots, const RunOptions& options,
                        const normalize::ShapeOptions& shape);

/// How the rows of a root table are merged. None: they are not.
std::optional<MergeStrategy> strategy_of(const schema::Schema& schema, const std::string& root);

/// What the ids of a root table's rows follow from, and the columns for it: as dlt has it for the strategy by which
/// they are merged.
void set_row_ids(const schema::Schema& schema, const std::string& root, normalize::RootOptions& options);

/// Of tables that were merged by their keys and get rows beside those that they have, and of those that are merged
/// again without a word.
std::vector<std::string> notes_on_merged(const schema::Schema& schema, const std::vector<std::string>& roots,
                                         const RunOptions& options);

}  // namespace outfall::pipeline
