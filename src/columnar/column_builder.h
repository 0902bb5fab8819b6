// SPDX-License-Identifier: Apache-2.0
//
// ColumnBuilder: one column of one chunk, filled row by row and handed on as an Arrow array without a copy.
//
// Rows may be left out: setting row r makes every row not set before it null. A column without gaps never allocates a
// validity bitmap, and a long gap is remembered as its length, so that a column with few values takes memory for those
// only. Growth is geometric, so nothing is allocated per row. Not thread-safe; one worker fills one builder.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "outfall/arrow.h"
#include "outfall/types.h"
#include "schema/column_type.h"

namespace outfall::columnar {

using schema::ColumnType;

/// The format string of the Arrow C Data Interface: text, json "u"; bigint "l"; double "g"; bool "b"; timestamp
/// "tsu:UTC" or "tsu:", "tsn" where it stores nanoseconds; date "tdD"; time "ttu"; decimal and wei "d:p,s"; binary "z".
std::string arrow_format(const ColumnType& type);

/// Memory that grows by doubling and can be given away.
class GrowingBuffer {
 public:
  std::size_t size() const { return size_; }
  std::uint8_t* data() { return data_.get(); }
  const std::uint8_t* data() const { return data_.get(); }

  /// Makes room for `bytes` behind the end and returns the end.
  std::uint8_t* reserve(std::size_t bytes) {
    if (capacity_ - size_ < bytes) grow(bytes);
    return data_.get() + size_;
  }
  void advance(std::size_t bytes) { size_ += bytes; }
  void truncate(std::size_t size) { size_ = size; }
  void append(const void* bytes, std::size_t count) {
    if (count == 0) return;
    std::memcpy(reserve(count), bytes, count);
    size_ += count;
  }
  void append_filled(std::size_t count, std::uint8_t byte) {
    if (count == 0) return;
    std::memset(reserve(count), byte, count);
    size_ += count;
  }

 private:
  struct Free {
    void operator()(std::uint8_t* bytes) const;
  };
  void grow(std::size_t bytes);

  std::unique_ptr<std::uint8_t[], Free> data_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

/// Bytes of the buffers of a column.
struct ColumnRoom {
  std::size_t values = 0;
  std::size_t offsets = 0;
  std::size_t validity = 0;
};

class ColumnBuilder {
 public:
  /// What is expected gets its room at once; more may come.
  explicit ColumnBuilder(const ColumnType& type, const ColumnRoom& expected = {});

  /// Rows set or skipped so far.
  std::uint32_t length() const { return length_; }
  std::uint32_t null_count() const { return null_count_; }

  /// bigint, timestamp (UTC, in microseconds or in what the type says), time (microseconds).
  void set_int64(std::uint32_t row, std::int64_t value) { set_fixed(row, value); }
  void set_double(std::uint32_t row, double value) { set_fixed(row, value); }
  /// Days since 1970.
  void set_date(std::uint32_t row, std::int32_t days) { set_fixed(row, days); }
  /// The unscaled value of the column's decimal shape.
  void set_decimal(std::uint32_t row, schema::Int128 value) { set_fixed(row, value); }
  void set_bool(std::uint32_t row, bool value);
  /// text, json, binary.
  void set_text(std::uint32_t row, std::string_view value) {
    begin_text(row);
    values_.append(value.data(), value.size());
    end_text();
  }

  /// text, json, binary composed in place: begin_text, any appends to text(), end_text.
  void begin_text(std::uint32_t row) { skip_to(row); }
  GrowingBuffer& text() { return values_; }
  /// What was appended since begin_text.
  std::string_view pending_text() const {
    return {reinterpret_cast<const char*>(values_.data()) + last_offset_, values_.size() - last_offset_};
  }
  void end_text() {
    last_offset_ = static_cast<std::uint32_t>(values_.size());
    offsets_.append(&last_offset_, sizeof last_offset_);
    ++length_;
  }
  /// Takes back what was appended since begin_text; the row stays unset.
  void abandon_text() { values_.truncate(last_offset_); }

  /// Makes the rows from length() up to `rows` null.
  void skip_to(std::uint32_t rows) {
    if (length_ < rows) append_nulls(rows - length_);
  }
  /// Forgets the rows from `rows` on.
  void truncate(std::uint32_t rows);

  /// Appends all rows of another builder of the same type.
  void append(const ColumnBuilder& from);

  /// Bytes that the rows take now.
  std::size_t bytes() const { return values_.size() + offsets_.size() + validity_.size() + gaps_.size() * sizeof(Gap); }
  /// What another column with about as many rows and bytes will need.
  ColumnRoom room() const;

  /// Bytes that the long gaps would take if they were filled with nulls.
  std::size_t gap_bytes() const;
  /// Runs that release_runs_into would make.
  std::uint32_t runs() const { return stored_rows() + static_cast<std::uint32_t>(gaps_.size()); }

  /// Gives the rows away as an Arrow array that owns its buffers. The builder is spent.
  void release_into(ArrowArray* out);

  /// The same as a run-end encoded array: a run for each value, and one for each long gap.
  void release_runs_into(ArrowArray* out);

 private:
  /// Rows that were left out and have no place in the buffers.
  struct Gap {
    std::uint32_t before = 0;  ///< stored rows that stand in front of it
    std::uint32_t rows = 0;
  };

  template <class T>
  void set_fixed(std::uint32_t row, T value) {
    skip_to(row);
    std::memcpy(values_.reserve(sizeof value), &value, sizeof value);
    values_.advance(sizeof value);
    ++length_;
  }
  std::uint32_t stored_rows() const { return length_ - gap_rows_; }
  void append_nulls(std::uint32_t count);
  void store_nulls(std::uint32_t count);
  /// Appends stored rows [begin, end) of another builder of the same type.
  void store_rows(const ColumnBuilder& from, std::uint32_t begin, std::uint32_t end);
  void store_texts(const ColumnBuilder& from, std::uint32_t begin, std::uint32_t end);
  bool stored_is_null(std::uint32_t stored) const {
    return stored / 8 < validity_.size() && (validity_.data()[stored / 8] >> (stored % 8) & 1) == 0;
  }
  /// Calls `stored` with stretches of stored rows and `gap` with lengths of gaps, in the order of the rows.
  template <class Stored, class GapRows>
  void for_each_stretch(Stored stored, GapRows gap) const {
    std::uint32_t done = 0;
    for (const Gap& each : gaps_) {
      if (each.before > done) stored(done, each.before);
      done = each.before;
      gap(each.rows);
    }
    if (stored_rows() > done) stored(done, stored_rows());
  }
  void truncate_gaps(std::uint32_t rows);
  void clear_validity(std::uint32_t begin, std::uint32_t end);
  bool is_text() const { return width_ == 0; }
  bool is_bool() const { return width_ < 0; }

  explicit ColumnBuilder(int width);

  int width_;  // bytes a value; 0: text with offsets; -1: one bit
  std::uint32_t length_ = 0;
  std::uint32_t null_count_ = 0;
  std::uint32_t gap_rows_ = 0;  // of all gaps together
  std::uint32_t last_offset_ = 0;
  GrowingBuffer values_;
  GrowingBuffer offsets_;   // ends of the values, int32, text only; the leading zero is added when given away
  GrowingBuffer validity_;  // empty: no nulls so far
  std::vector<Gap> gaps_;
};

/// An array of `rows` nulls of the type, for a column that a batch does not have.
void make_null_array(const ColumnType& type, std::int64_t rows, ArrowArray* out);
/// What that takes.
std::size_t null_array_bytes(const ColumnType& type, std::int64_t rows);

/// The same as one run.
void make_null_run_array(const ColumnType& type, std::int64_t rows, ArrowArray* out);

/// A column that says the same text on every row: dictionary-encoded, one byte a row.
void make_constant_text_array(std::string_view text, std::int64_t rows, ArrowArray* out);

}  // namespace outfall::columnar
