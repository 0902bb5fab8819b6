// SPDX-License-Identifier: Apache-2.0
//
// Shaper: turns the documents of a chunk into the rows of related tables, straight from the parser into column
// builders.
//
// One pass over the bytes, no document tree. Objects become columns of the row they stand in, lists become rows of a
// nested table that point to their parent, down to the nesting level asked for; below it they stay JSON. Nothing is
// allocated per row once the keys have been seen. Each worker has a shaper of its own; what it learns about keys stays
// with it from chunk to chunk.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "normalize/chunk.h"
#include "normalize/row_id.h"
#include "normalize/schema_log.h"
#include "normalize/shape.h"
#include "normalize/shaped_chunk.h"

namespace outfall::limits {
/// Levels of objects and lists in one document. Walked with a stack of our own, so this bounds memory, not the call
/// stack.
inline constexpr std::size_t nesting_depth_max = 1000;
/// Columns of one table. More come from documents that use data as keys, and help nobody.
inline constexpr std::size_t table_columns_max = 100'000;
/// Tables of one schema. A list under a key that is data makes one for each value of that data.
inline constexpr std::size_t tables_max = 10'000;
/// Keys that a worker remembers from chunk to chunk, also those that never had a value: some 60 MB. Beyond it, it
/// learns anew.
inline constexpr std::size_t known_keys_max = 200'000;
}  // namespace outfall::limits

namespace outfall::normalize {

/// What the shaper must know of an input.
struct InputFacts {
  std::string name;   ///< for messages
  std::string table;  ///< root table of its documents
  PlaceUnit unit = PlaceUnit::line;
  /// Rows that come as columns get ids, because documents of the same run go to the same table.
  bool beside_documents = false;
};

/// Where a document is wrong: "line 3, column 14", "document 812, column 4".
std::string place_text(PlaceUnit unit, std::uint64_t number, std::uint64_t column);

class Shaper {
 public:
  /// All three outlive the shaper. `inputs` is indexed by Chunk::input.
  Shaper(const ShapeOptions& options, const RowIdSeed& seed, const std::vector<InputFacts>& inputs,
         const SchemaLog& log);
  ~Shaper();
  Shaper(Shaper&&) noexcept;

  ShapedChunk shape(const Chunk& chunk);

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace outfall::normalize
