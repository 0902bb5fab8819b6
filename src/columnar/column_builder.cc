// SPDX-License-Identifier: Apache-2.0
#include "columnar/column_builder.h"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <utility>

namespace outfall::columnar {
namespace {

constexpr std::size_t buffer_bytes_min = 256;
// A gap of so many rows is kept as its length. Shorter ones are filled, so that a column with a null here and there
// stays one piece.
constexpr std::uint32_t gap_rows_min = 16;

int value_width(DataType type) {
  switch (type) {
    case DataType::bigint:
    case DataType::timestamp:
    case DataType::time:
    case DataType::double_:
      return 8;
    case DataType::date:
      return 4;
    case DataType::decimal:
    case DataType::wei:
      return 16;
    case DataType::bool_:
      return -1;
    case DataType::text:
    case DataType::json:
    case DataType::binary:
      return 0;
  }
  return 0;
}

/// What nulls take in a column of values that are `width` wide.
std::size_t null_bytes(int width, std::size_t rows) {
  const std::size_t bits = (rows + 7) / 8;
  if (width < 0) return 2 * bits;
  return bits + rows * (width == 0 ? sizeof(std::int32_t) : static_cast<std::size_t>(width));
}

}  // namespace

std::string arrow_format(const ColumnType& type) {
  switch (type.type) {
    case DataType::text:
    case DataType::json:
      return "u";
    case DataType::bigint:
      return "l";
    case DataType::double_:
      return "g";
    case DataType::bool_:
      return "b";
    case DataType::timestamp:
      return std::string(schema::stores_nanoseconds(type) ? "tsn:" : "tsu:") + (type.with_timezone ? "UTC" : "");
    case DataType::date:
      return "tdD";
    case DataType::time:
      return "ttu";
    case DataType::binary:
      return "z";
    case DataType::decimal:
    case DataType::wei: {
      const schema::DecimalShape shape = schema::decimal_shape(type);
      return "d:" + std::to_string(shape.precision) + "," + std::to_string(shape.scale);
    }
  }
  return "u";
}

void GrowingBuffer::Free::operator()(std::uint8_t* bytes) const {
  std::free(bytes);
}

void GrowingBuffer::grow(std::size_t bytes) {
  const std::size_t wanted = std::max({size_ + bytes, capacity_ * 2, buffer_bytes_min});
  void* grown = std::realloc(data_.get(), wanted);
  if (grown == nullptr) throw std::bad_alloc();
  (void)data_.release();
  data_.reset(static_cast<std::uint8_t*>(grown));
  capacity_ = wanted;
}

ColumnBuilder::ColumnBuilder(int width) : width_(width) {
  if (is_text()) offsets_.append(&last_offset_, sizeof last_offset_);
}

ColumnBuilder::ColumnBuilder(const ColumnType& type, const ColumnRoom& expected) : width_(value_width(type.type)) {
  if (expected.values > 0) values_.reserve(expected.values);
  if (expected.validity > 0) validity_.reserve(expected.validity);
  if (is_text()) {
    offsets_.reserve(expected.offsets + sizeof last_offset_);
    offsets_.append(&last_offset_, sizeof last_offset_);
  }
}

ColumnRoom ColumnBuilder::room() const {
  // An eighth more, so that most columns never move.
  const auto with_slack = [](std::size_t bytes) { return bytes + bytes / 8; };
  return {.values = with_slack(values_.size()),
          .offsets = with_slack(offsets_.size()),
          .validity = with_slack(validity_.size())};
}

void ColumnBuilder::set_bool(std::uint32_t row, bool value) {
  skip_to(row);
  const std::uint32_t stored = stored_rows();
  if (stored % 8 == 0) values_.append_filled(1, 0);
  if (value) values_.data()[stored / 8] |= static_cast<std::uint8_t>(1U << (stored % 8));
  ++length_;
}

std::size_t ColumnBuilder::gap_bytes() const {
  return null_bytes(width_, gap_rows_);
}

void ColumnBuilder::append_nulls(std::uint32_t count) {
  if (count < gap_rows_min) return store_nulls(count);
  gaps_.push_back({.before = stored_rows(), .rows = count});
  gap_rows_ += count;
  null_count_ += count;
  length_ += count;
}

void ColumnBuilder::store_nulls(std::uint32_t count) {
  const std::uint32_t begin = stored_rows();
  clear_validity(begin, begin + count);
  if (is_text()) {
    for (std::uint32_t i = 0; i < count; ++i) offsets_.append(&last_offset_, sizeof last_offset_);
  } else if (is_bool()) {
    values_.append_filled((begin + count + 7) / 8 - values_.size(), 0);
  } else {
    values_.append_filled(std::size_t{count} * static_cast<std::size_t>(width_), 0);
  }
  null_count_ += count;
  length_ += count;
}

void ColumnBuilder::append(const ColumnBuilder& from) {
  from.for_each_stretch([&](std::uint32_t begin, std::uint32_t end) { store_rows(from, begin, end); },
                        [&](std::uint32_t rows) { append_nulls(rows); });
}

void ColumnBuilder::store_rows(const ColumnBuilder& from, std::uint32_t begin, std::uint32_t end) {
  for (std::uint32_t row = begin; row < end && row / 8 < from.validity_.size(); ++row) {
    if (!from.stored_is_null(row)) continue;
    const std::uint32_t here = stored_rows() + (row - begin);
    clear_validity(here, here + 1);
    ++null_count_;
  }
  if (is_text()) return store_texts(from, begin, end);
  if (is_bool()) {
    for (std::uint32_t row = begin; row < end; ++row) {
      set_bool(length_, (from.values_.data()[row / 8] >> (row % 8) & 1) != 0);
    }
    return;
  }
  const auto width = static_cast<std::size_t>(width_);
  values_.append(from.values_.data() + begin * width, (end - begin) * width);
  length_ += end - begin;
}

void ColumnBuilder::store_texts(const ColumnBuilder& from, std::uint32_t begin, std::uint32_t end) {
  const auto offset = [&from](std::uint32_t row) {
    std::uint32_t value = 0;
    std::memcpy(&value, from.offsets_.data() + std::size_t{row} * sizeof value, sizeof value);
    return value;
  };
  const std::uint32_t first = offset(begin);
  values_.append(from.values_.data() + first, offset(end) - first);
  const std::uint32_t moved = last_offset_ - first;  // may wrap around, and back in the sum
  for (std::uint32_t row = begin; row < end; ++row) {
    last_offset_ = offset(row + 1) + moved;
    offsets_.append(&last_offset_, sizeof last_offset_);
  }
  length_ += end - begin;
}

void ColumnBuilder::clear_validity(std::uint32_t begin, std::uint32_t end) {
  const std::size_t bytes = (std::size_t{end} + 7) / 8;
  if (validity_.size() < bytes) validity_.append_filled(bytes - validity_.size(), 0xFF);
  std::uint8_t* bits = validity_.data();
  for (std::uint32_t row = begin; row < end;) {
    if (row % 8 == 0 && end - row >= 8) {
      bits[row / 8] = 0;
      row += 8;
    } else {
      bits[row / 8] &= static_cast<std::uint8_t>(~(1U << (row % 8)));
      ++row;
    }
  }
}

void ColumnBuilder::truncate(std::uint32_t rows) {
  if (rows >= length_) return;
  const std::uint32_t stored_before = stored_rows();
  truncate_gaps(rows);
  length_ = rows;
  rows = stored_rows();
  for (std::uint32_t row = rows; row < stored_before && row / 8 < validity_.size(); ++row) {
    std::uint8_t& byte = validity_.data()[row / 8];
    const auto bit = static_cast<std::uint8_t>(1U << (row % 8));
    if ((byte & bit) == 0) --null_count_;
    byte |= bit;
  }
  if (is_text()) {
    offsets_.truncate((std::size_t{rows} + 1) * sizeof last_offset_);
    std::memcpy(&last_offset_, offsets_.data() + std::size_t{rows} * sizeof last_offset_, sizeof last_offset_);
    values_.truncate(last_offset_);
  } else if (is_bool()) {
    values_.truncate((std::size_t{rows} + 7) / 8);
    if (rows % 8 != 0) values_.data()[rows / 8] &= static_cast<std::uint8_t>((1U << (rows % 8)) - 1);
  } else {
    values_.truncate(std::size_t{rows} * static_cast<std::size_t>(width_));
  }
}

void ColumnBuilder::truncate_gaps(std::uint32_t rows) {
  while (!gaps_.empty()) {
    Gap& last = gaps_.back();
    const std::uint32_t begin = last.before + (gap_rows_ - last.rows);
    const std::uint32_t kept = rows > begin ? std::min(rows - begin, last.rows) : 0;
    gap_rows_ -= last.rows - kept;
    null_count_ -= last.rows - kept;
    last.rows = kept;
    if (kept > 0) return;
    gaps_.pop_back();
  }
}

std::size_t null_array_bytes(const ColumnType& type, std::int64_t rows) {
  return null_bytes(value_width(type.type), static_cast<std::size_t>(rows));
}

}  // namespace outfall::columnar
