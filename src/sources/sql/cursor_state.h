// SPDX-License-Identifier: Apache-2.0
//
// How far a cursor has come, and how the pipeline's state has it:
//
//   sources.<source>.resources.<table>.outfall_cursors.<column>.<relation> =
//       {"last_value": "42", "rows": ["..."], "key": ["id"], "database": "db.example.com/shop"}
//
// beside what dlt keeps of the same table, which stays as it is.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "outfall/error.h"
#include "schema/pipeline_state.h"

namespace outfall::sources {

/// A value as its database prints it.
struct CursorValue {
  std::string text;
  bool is_number = false;  ///< it is written without quotes
  bool operator==(const CursorValue&) const = default;
};

struct CursorState {
  CursorValue last;
  /// What was given of the rows with this value: a hash of each, as often as it came, sorted.
  std::vector<std::string> rows;
  std::vector<std::string> key{};  ///< the columns that the hashes are of; none: all of them
  std::string database{};          ///< where the value comes from
  bool operator==(const CursorState&) const = default;
};

struct CursorPlace {
  std::string_view table;     ///< at the destination
  std::string_view column;    ///< at the source
  std::string_view relation;  ///< there: several may fill one table
};

/// None: nothing was read so far. Errors: what is there is not ours.
Result<std::optional<CursorState>> read_cursor(const schema::PipelineState& state, const CursorPlace& place);

void write_cursor(schema::PipelineState& state, const CursorPlace& place, const CursorState& cursor);

}  // namespace outfall::sources
