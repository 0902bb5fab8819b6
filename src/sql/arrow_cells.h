// SPDX-License-Identifier: Apache-2.0
//
// ArrowCells: the values of one column of record batches, row by row, for databases that take rows one at a time.
//
// It knows the formats that job files have (columnar/column_builder.h), encoded ones among them, and narrower numbers.
// Nothing is copied: texts lie in the batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "outfall/arrow.h"
#include "outfall/error.h"
#include "schema/decimal.h"

namespace outfall::sql {

enum class CellKind : std::uint8_t {
  text,  ///< and JSON
  binary,
  int64,
  double_,
  bool_,
  decimal,
  date,       ///< days since 1970
  time,       ///< microseconds since midnight
  timestamp,  ///< units since 1970: CellFormat::is_nanoseconds
};

struct CellFormat {
  CellKind kind = CellKind::text;
  int bytes = 8;                ///< of an int64 or a double, as it is stored
  int scale = 0;                ///< of a decimal
  bool is_nanoseconds = false;  ///< of a timestamp; else microseconds
};

class ArrowCells {
 public:
  /// Errors: a format that no job file has.
  static Result<ArrowCells> make(const ArrowSchema& column);

  const CellFormat& format() const { return format_; }

  /// From now on rows are those of this array, which outlives them. Rows are then asked for in their order.
  void look_at(const ArrowArray& column);

  bool is_null(std::int64_t row) {
    const std::int64_t place = place_of(row);
    return place < 0 || (validity_ != nullptr && (validity_[place / 8] >> (place % 8) & 1) == 0);
  }
  /// The others are for rows that are not null. int64, time, timestamp.
  std::int64_t int64(std::int64_t row) {
    if (format_.bytes == 8) return at<std::int64_t>(row);
    return format_.bytes == 4 ? at<std::int32_t>(row) : at<std::int16_t>(row);
  }
  double real(std::int64_t row) { return format_.bytes == 8 ? at<double>(row) : static_cast<double>(at<float>(row)); }
  std::int32_t days(std::int64_t row) { return at<std::int32_t>(row); }
  schema::Int128 decimal(std::int64_t row) { return at<schema::Int128>(row); }
  bool truth(std::int64_t row) {
    const std::int64_t place = place_of(row);
    return (static_cast<const std::uint8_t*>(values_)[place / 8] >> (place % 8) & 1) != 0;
  }
  std::string_view bytes(std::int64_t row) {
    const std::int64_t place = place_of(row);
    return {static_cast<const char*>(values_) + offsets_[place],
            static_cast<std::size_t>(offsets_[place + 1] - offsets_[place])};
  }

 private:
  enum class Encoding : std::uint8_t { plain, dictionary, runs };

  /// Where the value of a row stands; negative: it is null by its encoding.
  std::int64_t place_of(std::int64_t row) {
    return encoding_ == Encoding::plain ? row + shift_ : place_of_encoded(row);
  }
  std::int64_t place_of_encoded(std::int64_t row);
  template <class T>
  T at(std::int64_t row) {
    T value;
    std::memcpy(&value, static_cast<const std::byte*>(values_) + place_of(row) * static_cast<std::int64_t>(sizeof(T)),
                sizeof(T));
    return value;
  }
  void look_at_values(const ArrowArray& values);

  CellFormat format_;
  Encoding encoding_ = Encoding::plain;
  const std::uint8_t* validity_ = nullptr;  ///< of the values; null: none is null
  const std::int32_t* offsets_ = nullptr;
  const void* values_ = nullptr;
  std::int64_t shift_ = 0;                  ///< of rows, by the array's offset
  std::int64_t values_shift_ = 0;           ///< the same of encoded values
  const std::uint8_t* has_code_ = nullptr;  ///< of a dictionary's codes; null: all rows have one
  const std::int8_t* codes_ = nullptr;
  const std::int32_t* run_ends_ = nullptr;
  std::int64_t run_ = 0;
};

}  // namespace outfall::sql
