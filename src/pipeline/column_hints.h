// SPDX-License-Identifier: Apache-2.0
//
// What --column says, as the shaper looks it up.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "normalize/shape.h"
#include "outfall/error.h"
#include "outfall/pipeline.h"
#include "pipeline/dataset_memory.h"
#include "schema/schema.h"

namespace outfall::pipeline {

/// The column of a root table that a path names: `payload.userId` is `payload__user_id`.
std::string column_at(std::string_view path, const schema::Naming& naming);

/// Keys of the paths are normalized one by one, so a hint may be written as the key or as the column.
///
/// Errors: usage: a type that is none.
Result<normalize::ColumnHints> read_column_hints(const std::vector<ColumnHint>& hints, const schema::Naming& naming);

/// A hint for a column that the schema or the destination has already must state the type it has.
///
/// Errors: usage: another type, naming both.
Status check_column_hints(const normalize::ColumnHints& hints, const DatasetMemory& memory,
                          const std::string& root_table, const schema::Naming& naming);

/// A note for each hint that names no column of these tables or of those below them, with the column that may be meant.
std::vector<std::string> notes_on_unmet_hints(const std::vector<ColumnHint>& hints, const schema::Schema& schema,
                                              const std::vector<std::string>& root_tables,
                                              const schema::Naming& naming);

}  // namespace outfall::pipeline
