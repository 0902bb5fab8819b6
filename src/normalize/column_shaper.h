// SPDX-License-Identifier: Apache-2.0
//
// ColumnShaper: rows that come as columns become the rows of one table.
//
// A column whose type is that of the table goes over whole. One that the table has with another type is taken value by
// value through the coercions that documents go through, and what does not fit stands in a variant column. Lists and
// structs stay JSON. Rows get ids where that was asked for, or where the table's rows have them already.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "normalize/cell.h"
#include "normalize/chunk.h"
#include "normalize/row_id.h"
#include "normalize/shape.h"
#include "normalize/shaped_chunk.h"

namespace outfall::normalize {

struct InputFacts;

class ColumnShaper {
 public:
  /// `shape` must outlive the shaper.
  ColumnShaper(Shape& shape, const RowIdSeed& seed) : shape_(shape), row_ids_(seed) {}

  /// Shapes the rows of a chunk into `shaped`, or says in it what is wrong.
  void shape(const Chunk& chunk, const InputFacts& input, ObjectShape& root, ShapedChunk& shaped);

 private:
  /// A value that stands beside its column, and where it came from.
  struct Variant {
    std::uint32_t column = none;    ///< of the table
    std::uint64_t first_place = 0;  ///< row, then field: the order in which variants are met
    ShapedColumn shaped;
    ShapedVariant sighting;
  };

  Status begin(const Chunk& chunk, ObjectShape& root);
  Status shape_rest(const Chunk& chunk, ObjectShape& root, ShapedChunk& shaped);
  std::uint64_t number_of(std::uint32_t row) const;
  Status add_columns();
  Status add_column(std::size_t field);
  Status check_role(const KeySlot& slot) const;
  Status check_required() const;
  Status take_values(std::size_t field, std::uint32_t column, ShapedColumn& shaped);
  Status take_one(std::size_t field, std::uint32_t column, std::uint32_t row, ShapedColumn& shaped);
  Status take_misfit(std::size_t field, std::uint32_t column, std::uint32_t row);
  Status put_misfit(std::size_t field, std::uint32_t column, std::uint32_t row, const Scalar& scalar,
                    const schema::ColumnType& type);
  Status put_variant(std::size_t field, std::uint32_t column, std::uint32_t row, const Scalar& scalar,
                     const schema::ColumnType& type);

  // What contracts do not let rows change: the run fails, a row is set aside, or its value is noted and left out.
  Status refuse_rows(const Refusal& refusal, ContractMode mode);
  Status refuse_column(std::size_t field, const KeySlot& slot);
  Status refuse_type(std::size_t field, std::uint32_t column, std::uint32_t row, const Scalar& scalar,
                     const schema::ColumnType& type);
  void discard(ContractEntity entity, const std::string& column, std::string_view value, std::uint32_t row,
               std::string variant = "");

  void add_variants();
  void add_conflicts();
  void add_system_columns();
  Status fail_at(std::size_t field, std::uint32_t row, std::string message, std::string hint) const;
  Status fail_text(std::size_t field, std::uint32_t row) const;
  const std::string& spelled(std::uint32_t row);
  ShapedColumn described(std::uint32_t column) const;
  std::uint32_t place(ShapedColumn column);

  Shape& shape_;
  RowIds row_ids_;
  const Chunk* chunk_ = nullptr;
  const columnar::ArrowRows* rows_ = nullptr;  // of the chunk, or those that are left of it
  std::optional<columnar::ArrowRows> rest_;
  std::map<std::uint32_t, Refusal> set_aside_;  // by row of the chunk
  std::vector<std::uint32_t> kept_;             // where some are set aside: the rows of `rest_` in the chunk
  std::vector<Discard> discards_;
  const InputFacts* input_ = nullptr;
  ObjectShape* root_ = nullptr;
  TableShape* table_ = nullptr;
  ShapedTable shaped_;
  SystemColumnSet left_out_;
  std::vector<NameClaim> claims_;
  std::optional<std::size_t> id_field_;  // that has the rows' own ids
  std::vector<Variant> variants_;
  std::vector<std::pair<std::uint32_t, std::size_t>> taken_;  // columns of the table that have a field
  std::string scratch_;
  std::string value_text_;
  std::vector<std::string> spelled_values_;  // of the row in hand, as the next
  std::vector<std::pair<std::string_view, std::string_view>> hashed_;
  std::string spelled_row_;
};

}  // namespace outfall::normalize
