// SPDX-License-Identifier: Apache-2.0
//
// What becomes of a column's type when it meets a value that it does not take (TypeConflicts::widen and text).
//
// The type of a column holds for all of its rows, also for those before the value, and these may be on their way
// already. So the pass over the inputs goes on without keeping rows, only to learn what else does not fit, and the
// inputs are shaped again with the types that take everything.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "outfall/types.h"
#include "schema/column_type.h"

namespace outfall::normalize {

/// Whether columns get other types, so that the inputs may have to be read twice.
constexpr bool settles_types(TypeConflicts policy) {
  return policy == TypeConflicts::widen || policy == TypeConflicts::text;
}

/// A value that its column is to take, and what the column's type must become for that.
struct ConflictSighting {
  std::uint32_t column = 0;  ///< among those of its table: of the shape, then of the shaped chunk
  schema::ColumnType type;
  std::string value;
  std::uint64_t line = 0;
};

/// Types of columns, by table and column.
using SettledTypes = std::map<std::pair<std::string, std::string>, schema::ColumnType>;

/// The type that a column of type `column` must have to take a value of type `value` that it did not take. `policy`:
/// widen or text.
schema::ColumnType settled_type(TypeConflicts policy, const schema::ColumnType& column,
                                const schema::ColumnType& value);

}  // namespace outfall::normalize
