// SPDX-License-Identifier: Apache-2.0
//
// ArrowRows: rows that came as columns with the types of whoever made them, and how those types become ours.
//
// Integers of every width are bigint, floats are double, lists, structs and maps are JSON, dictionaries and runs are
// what their values are. What a type says beyond that (bits, digits, zone) becomes the column's precision and scale.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/column_builder.h"
#include "outfall/error.h"

namespace outfall::limits {
/// Lists, structs and maps inside each other that a column's type may have.
inline constexpr int arrow_type_depth_max = 64;
}  // namespace outfall::limits

namespace outfall::columnar {

/// What a column is to us.
struct ArrowField {
  std::string name;
  ColumnType type;
  bool nullable = true;
  bool has_type = true;  ///< false: it has Arrow's null type, and no value in any row
};

/// One value that is not null, for the columns whose values must be looked at one by one.
struct ArrowValue {
  DataType kind = DataType::text;  ///< its field's; decimal for an integer beyond 64 bits
  std::int64_t integer = 0;        ///< bigint
  double real = 0;                 ///< double
  bool truth = false;              ///< bool
  std::string_view text;  ///< text, JSON, binary: the bytes; dates, times, timestamps: ISO 8601; numbers: as printed
};

/// Immutable; any thread may read it.
class ArrowRows {
 public:
  /// How far the values of a column went into the cells.
  enum class Fit : std::uint8_t {
    all,
    not_all,  ///< a value has no place in the column's type: an integer beyond 64 bits, a fraction beyond its digits
    broken_text,  ///< a text is not UTF-8
  };
  struct Taken {
    Fit fit = Fit::all;
    std::uint32_t row = 0;  ///< the first that did not go
  };

  struct Batch;  ///< Arrow's side of it: arrow_batch.h
  explicit ArrowRows(std::shared_ptr<const Batch> batch) : batch_(std::move(batch)) {}

  std::uint32_t rows() const;
  const std::vector<ArrowField>& fields() const;

  /// Puts rows [begin, end) of a column into the same rows of `cells`, whose type stores_like the field's. Rows after
  /// the one that did not go are left out.
  Taken append(std::size_t column, std::uint32_t begin, std::uint32_t end, ColumnBuilder& cells) const;

  bool is_null(std::size_t column, std::uint32_t row) const;

  /// What they take as cells, at least about.
  std::uint64_t bytes() const;

  /// Rows [begin, begin + count) alone; nothing is copied.
  ArrowRows slice(std::uint32_t begin, std::uint32_t count) const;

  /// All rows but those, which are in ascending order; what stays is copied.
  ///
  /// Errors: there is no memory for it.
  Result<ArrowRows> without(std::span<const std::uint32_t> rows) const;

  /// `scratch` holds text that had to be made; the value may point into it. The row must not be null.
  ArrowValue value(std::size_t column, std::uint32_t row, std::string& scratch) const;

 private:
  std::shared_ptr<const Batch> batch_;
};

/// Whether a column of type `column` takes all values of a field as they are, but for those that Fit tells of.
bool stores_like(const ColumnType& column, const ColumnType& field);

}  // namespace outfall::columnar
