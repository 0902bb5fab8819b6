// SPDX-License-Identifier: Apache-2.0
//
// Cells of a record batch that a destination was given, read by hand as a host without an Arrow library would.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <string>
#include <string_view>

#include "outfall/rows.h"

namespace outfall::library {

/// A batch that is taken out of Rows, and released at the end.
class RecordBatch {
 public:
  explicit RecordBatch(const Rows& rows) {
    const Status taken = rows.record_batch(&array_, &schema_);
    EXPECT_TRUE(taken) << taken.error().message;
  }
  RecordBatch(const RecordBatch&) = delete;
  RecordBatch& operator=(const RecordBatch&) = delete;
  ~RecordBatch() {
    if (array_.release != nullptr) array_.release(&array_);
    if (schema_.release != nullptr) schema_.release(&schema_);
  }

  std::size_t rows() const { return static_cast<std::size_t>(array_.length); }
  std::size_t columns() const { return static_cast<std::size_t>(schema_.n_children); }
  std::string name(std::size_t column) const { return schema_.children[column]->name; }

  /// A text for texts and JSON alike. A type that no job file has fails the test.
  Value value(std::size_t row, std::size_t column) const {
    const ArrowArray& array = *array_.children[column];
    const auto place = row + static_cast<std::size_t>(array.offset + array_.offset);
    const auto* valid = static_cast<const std::uint8_t*>(array.buffers[0]);
    if (valid != nullptr && (valid[place / 8] >> place % 8 & 1) == 0) return Null{};
    return read(schema_.children[column]->format, array, place);
  }

 private:
  template <class T>
  static T fixed(const ArrowArray& array, std::size_t place) {
    T value;
    std::memcpy(&value, static_cast<const char*>(array.buffers[1]) + place * sizeof(T), sizeof(T));
    return value;
  }

  static std::string_view bytes(const ArrowArray& array, std::size_t place) {
    const auto begin = fixed<std::int32_t>(array, place);
    const auto end = fixed<std::int32_t>(array, place + 1);
    return {static_cast<const char*>(array.buffers[2]) + begin, static_cast<std::size_t>(end - begin)};
  }

  static Timestamp timestamp(std::int64_t value, bool is_fine, bool has_zone) {
    const std::int64_t per_microsecond = is_fine ? 1'000 : 1;
    const std::int64_t rest = (value % per_microsecond + per_microsecond) % per_microsecond;
    return {.at = std::chrono::sys_time<std::chrono::microseconds>(
                std::chrono::microseconds((value - rest) / per_microsecond)),
            .nanoseconds = static_cast<int>(rest),
            .has_zone = has_zone};
  }

  /// Of `d:38,9`.
  static Decimal decimal(std::string_view format, const ArrowArray& array, std::size_t place) {
    const std::size_t comma = format.find(',');
    Decimal decimal{};
    std::from_chars(format.data() + comma + 1, format.data() + format.size(), decimal.scale);
    struct Words {
      std::uint64_t low;
      std::uint64_t high;
    };
    const auto words = fixed<Words>(array, place);
    const std::uint64_t sign = static_cast<std::int64_t>(words.high) < 0 ? ~std::uint64_t{0} : 0;
    decimal.unscaled = {words.low, words.high, sign, sign};
    return decimal;
  }

  static Value read(std::string_view format, const ArrowArray& array, std::size_t place) {
    if (format == "l") return fixed<std::int64_t>(array, place);
    if (format == "g") return fixed<double>(array, place);
    if (format == "b") return (static_cast<const std::uint8_t*>(array.buffers[1])[place / 8] >> place % 8 & 1) != 0;
    if (format == "u") return bytes(array, place);
    if (format == "z") return Binary{bytes(array, place)};
    if (format == "tdD") return Date(std::chrono::days(fixed<std::int32_t>(array, place)));
    if (format == "ttu") return TimeOfDay{std::chrono::microseconds(fixed<std::int64_t>(array, place))};
    if (format.starts_with("ts"))
      return timestamp(fixed<std::int64_t>(array, place), format[2] == 'n',
                       format.size() > std::string_view("tsu:").size());
    if (format.starts_with("d:")) return decimal(format, array, place);
    ADD_FAILURE() << "a column has the format " << format;
    return Null{};
  }

  ArrowArray array_{};
  ArrowSchema schema_{};
};

/// The record batch holds what the rows say, row by row and column by column.
inline void expect_same(const RecordBatch& batch, const Rows& rows) {
  ASSERT_EQ(batch.rows(), rows.size());
  ASSERT_EQ(batch.columns(), rows.columns().size());
  for (std::size_t column = 0; column < batch.columns(); ++column) {
    EXPECT_EQ(batch.name(column), rows.columns()[column].name);
    for (std::size_t row = 0; row < batch.rows(); ++row) {
      Value expected = rows.value(row, column);
      if (const auto* json = std::get_if<JsonText>(&expected)) expected = json->text;
      EXPECT_TRUE(batch.value(row, column) == expected) << "row " << row << " of " << batch.name(column);
    }
  }
}

}  // namespace outfall::library
