// SPDX-License-Identifier: Apache-2.0
//
// Rows: a batch as a function sees it. A view: nothing is copied out of the job file until it is asked for.
//
//   for (const outfall::Row row : rows) {
//     const auto id = row.get<std::int64_t>("id");             // nothing: null, or not a bigint
//     const auto name = row.get<std::string_view>("name");
//   }
//
// Where a table mirrors its documents (naming direct, nesting 0: what custom destinations have unless they are told
// otherwise), a row has the keys of its document, in their order and with their nulls. Its values are those of the
// table's schema: what a column takes it converts (7 is the text `7` in a column of texts, where objects and lists
// alone stay JsonText), and what it does not take is under its own key with its own type. The row as JSON is the
// document as it was written. Rows of CSV, Parquet and Arrow are their columns.
//
// Texts, binaries and JSON that a value gives lie in the job file and are borrowed until the function returns.
#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

#include "outfall/arrow.h"
#include "outfall/error.h"
#include "outfall/types.h"

namespace outfall {

struct Null {
  bool operator==(const Null&) const = default;
};

/// `unscaled` * 10^-scale.
struct Decimal {
  std::array<std::uint64_t, 4> unscaled{};  ///< two's complement of 256 bits, least significant first
  int scale = 0;

  /// With `scale` digits behind the point: `-12.50`.
  std::string text() const;
  bool operator==(const Decimal&) const = default;
};

struct Binary {
  std::string_view bytes{};
  bool operator==(const Binary&) const = default;
};

using Date = std::chrono::sys_days;

/// Since midnight.
struct TimeOfDay {
  std::chrono::nanoseconds since_midnight{};
  bool operator==(const TimeOfDay&) const = default;
};

struct Timestamp {
  std::chrono::sys_time<std::chrono::microseconds> at{};
  int nanoseconds = 0;   ///< behind them, 0..999, where the column counts nanoseconds
  bool has_zone = true;  ///< false: a reading of a clock whose zone nobody knows
  bool operator==(const Timestamp&) const = default;
};

/// An object, a list, or whatever a column of nested values holds, as it was written; a whole number beyond 64 bits
/// that no column takes.
struct JsonText {
  std::string_view text{};
  bool operator==(const JsonText&) const = default;
};

/// A text column's value is a std::string_view, a bigint's std::int64_t; wei is a Decimal without scale.
using Value = std::variant<Null, bool, std::int64_t, double, Decimal, std::string_view, Binary, Date, TimeOfDay,
                           Timestamp, JsonText>;

struct RowsColumn {
  std::string name{};
  DataType type = DataType::text;
};

/// A key of a row.
struct Member {
  std::string_view name{};
  Value value{};
};

class Row;

/// Belongs to the call that it was made for, and to its thread.
class Rows {
 public:
  class Iterator;
  struct State;
  explicit Rows(State& state) : state_(state) {}
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  std::size_t size() const;
  Row operator[](std::size_t row) const;
  Iterator begin() const;
  Iterator end() const;

  /// In the order of the table. Where rows have documents, without the columns of misfits (`x▶v_text`).
  std::span<const RowsColumn> columns() const;
  /// None: these rows have no such column, nor a value of it.
  std::optional<std::size_t> column(std::string_view name) const;

  /// `row` < size(), `column` < columns().size().
  Value value(std::size_t row, std::size_t column) const;

  /// The keys of a row's document, in their order, those with null among them; a value that no column has is of the
  /// type that JSON gives it. Of a row without a document: the columns that are not null. Lives until the next call.
  std::span<const Member> members(std::size_t row) const;
  /// Nothing: the row has no such key. Null: it has, and no value. Without a document these are one: nothing.
  std::optional<Value> find(std::size_t row, std::string_view name) const;

  /// One JSON object a line: the document as it was written, or made from the columns as docs/programs.md says; without
  /// keys that have no value, unless BatchOptions::nulls says otherwise. Made when it is first asked for.
  std::string_view json() const;
  /// The same keys with the values that members() has, and what JSON has no type for is marked as dlt marks it: a
  /// decimal, a timestamp, bytes begin with a character that tells which.
  std::string_view typed_json() const;
  /// Of one row, without a line end. Lives until the next call.
  std::string_view json(std::size_t row) const;

  /// The rows as a record batch, whose buffers lie in the job file and stay as long as it does: it may outlive the
  /// call. Misfits have columns of their own in it; what these do not take either is null. The caller releases both.
  Status record_batch(ArrowArray* array, ArrowSchema* schema) const;

 private:
  State& state_;
};

/// Cheap to copy; lives as long as its Rows.
class Row {
 public:
  Row(const Rows& rows, std::size_t index) : rows_(&rows), index_(index) {}

  std::size_t index() const { return index_; }
  std::size_t size() const { return rows_->columns().size(); }

  Value operator[](std::size_t column) const { return rows_->value(index_, column); }
  /// Null for a column that these rows do not have.
  Value operator[](std::string_view column) const {
    const std::optional<std::size_t> found = rows_->column(column);
    return found ? rows_->value(index_, *found) : Value(Null{});
  }

  /// Nothing: it is null, or of another type.
  template <class T>
  std::optional<T> get(std::size_t column) const {
    return as<T>((*this)[column]);
  }
  template <class T>
  std::optional<T> get(std::string_view column) const {
    return as<T>((*this)[column]);
  }

  /// Rows::members
  std::span<const Member> members() const { return rows_->members(index_); }
  /// Rows::find
  std::optional<Value> find(std::string_view name) const { return rows_->find(index_, name); }

  std::string_view json() const { return rows_->json(index_); }

 private:
  template <class T>
  static std::optional<T> as(const Value& value) {
    const T* found = std::get_if<T>(&value);
    return found == nullptr ? std::nullopt : std::optional<T>(*found);
  }

  const Rows* rows_;
  std::size_t index_;
};

class Rows::Iterator {
 public:
  using value_type = Row;
  using difference_type = std::ptrdiff_t;
  using iterator_concept = std::random_access_iterator_tag;

  Iterator() = default;
  Iterator(const Rows& rows, std::size_t index) : rows_(&rows), index_(static_cast<std::ptrdiff_t>(index)) {}

  Row operator*() const { return {*rows_, static_cast<std::size_t>(index_)}; }
  Row operator[](difference_type n) const { return *(*this + n); }
  Iterator& operator++() { return *this += 1; }
  Iterator operator++(int) { return std::exchange(*this, *this + 1); }
  Iterator& operator--() { return *this -= 1; }
  Iterator operator--(int) { return std::exchange(*this, *this - 1); }
  Iterator& operator+=(difference_type n) {
    index_ += n;
    return *this;
  }
  Iterator& operator-=(difference_type n) { return *this += -n; }
  friend Iterator operator+(Iterator it, difference_type n) { return it += n; }
  friend Iterator operator+(difference_type n, Iterator it) { return it += n; }
  friend Iterator operator-(Iterator it, difference_type n) { return it -= n; }
  friend difference_type operator-(const Iterator& a, const Iterator& b) { return a.index_ - b.index_; }
  bool operator==(const Iterator& other) const { return index_ == other.index_; }
  auto operator<=>(const Iterator& other) const { return index_ <=> other.index_; }

 private:
  const Rows* rows_ = nullptr;
  std::ptrdiff_t index_ = 0;
};

inline Row Rows::operator[](std::size_t row) const {
  return {*this, row};
}
inline Rows::Iterator Rows::begin() const {
  return {*this, 0};
}
inline Rows::Iterator Rows::end() const {
  return {*this, size()};
}

}  // namespace outfall
