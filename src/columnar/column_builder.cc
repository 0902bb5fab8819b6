// SPDX-License-Identifier: Apache-2.0
#include "columnar/column_builder.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <new>
#include <utility>

namespace outfall::columnar {
namespace {

constexpr std::size_t buffer_bytes_min = 256;
constexpr std::int64_t arrow_alignment = 64;
constexpr int decimal_precision_default = 38;
constexpr int decimal_scale_default = 9;

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

/// The buffers of an exported array live here until the consumer releases it.
struct ExportedArray {
  std::array<GrowingBuffer, 3> owned;
  std::array<const void*, 3> buffers{};
  ArrowArray dictionary{};
};

void release_exported(ArrowArray* array) {
  auto* exported = static_cast<ExportedArray*>(array->private_data);
  if (exported->dictionary.release != nullptr) exported->dictionary.release(&exported->dictionary);
  delete exported;
  array->release = nullptr;
}

/// Fills `out` with `buffer_count` buffers taken from `exported`, which it owns from now on.
void publish(ExportedArray* exported, std::int64_t length, std::int64_t null_count, int buffer_count, ArrowArray* out) {
  *out = ArrowArray{};
  out->length = length;
  out->null_count = null_count;
  out->n_buffers = buffer_count;
  for (std::size_t i = 0; i < exported->owned.size(); ++i) exported->buffers[i] = exported->owned[i].data();
  out->buffers = exported->buffers.data();
  out->release = release_exported;
  out->private_data = exported;
}

}  // namespace

schema::DecimalShape decimal_shape(const ColumnType& type) {
  if (type.type == DataType::wei) return {type.precision.value_or(decimal_precision_default), type.scale.value_or(0)};
  if (type.precision) return {*type.precision, type.scale.value_or(0)};
  return {decimal_precision_default, type.scale.value_or(decimal_scale_default)};
}

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
      return type.with_timezone ? "tsu:UTC" : "tsu:";
    case DataType::date:
      return "tdD";
    case DataType::time:
      return "ttu";
    case DataType::binary:
      return "z";
    case DataType::decimal:
    case DataType::wei: {
      const schema::DecimalShape shape = decimal_shape(type);
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

ColumnBuilder::ColumnBuilder(const ColumnType& type, std::size_t expected_bytes) : width_(value_width(type.type)) {
  if (expected_bytes > 0) values_.reserve(expected_bytes);
  if (is_text()) offsets_.append(&last_offset_, sizeof last_offset_);
}

void ColumnBuilder::set_bool(std::uint32_t row, bool value) {
  skip_to(row);
  if (length_ % 8 == 0) values_.append_filled(1, 0);
  if (value) values_.data()[length_ / 8] |= static_cast<std::uint8_t>(1U << (length_ % 8));
  ++length_;
}

void ColumnBuilder::append_nulls(std::uint32_t count) {
  const std::uint32_t end = length_ + count;
  clear_validity(length_, end);
  if (is_text()) {
    for (std::uint32_t i = 0; i < count; ++i) offsets_.append(&last_offset_, sizeof last_offset_);
  } else if (is_bool()) {
    values_.append_filled((end + 7) / 8 - values_.size(), 0);
  } else {
    values_.append_filled(std::size_t{count} * static_cast<std::size_t>(width_), 0);
  }
  null_count_ += count;
  length_ = end;
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
  for (std::uint32_t row = rows; row < length_ && row / 8 < validity_.size(); ++row) {
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
  length_ = rows;
}

void ColumnBuilder::release_into(ArrowArray* out) {
  auto exported = std::make_unique<ExportedArray>();
  const std::size_t validity_bytes = (std::size_t{length_} + 7) / 8;
  if (null_count_ > 0 && validity_.size() < validity_bytes) {
    validity_.append_filled(validity_bytes - validity_.size(), 0xFF);
  }
  if (null_count_ > 0) exported->owned[0] = std::move(validity_);
  values_.reserve(1);  // consumers may look at the pointer of an empty buffer
  if (is_text()) {
    exported->owned[1] = std::move(offsets_);
    exported->owned[2] = std::move(values_);
  } else {
    exported->owned[1] = std::move(values_);
  }
  publish(exported.release(), length_, null_count_, is_text() ? 3 : 2, out);
}

void make_null_array(const ColumnType& type, std::int64_t rows, ArrowArray* out) {
  ColumnBuilder nulls(type);
  nulls.skip_to(static_cast<std::uint32_t>(rows));
  nulls.release_into(out);
}

void make_constant_text_array(std::string_view text, std::int64_t rows, ArrowArray* out) {
  ColumnBuilder word(ColumnType{.type = DataType::text});
  word.set_text(0, text);
  auto exported = std::make_unique<ExportedArray>();
  word.release_into(&exported->dictionary);
  exported->owned[1].append_filled(static_cast<std::size_t>(std::max(rows, arrow_alignment)), 0);
  ExportedArray* raw = exported.release();
  publish(raw, rows, 0, 2, out);
  out->dictionary = &raw->dictionary;
}

}  // namespace outfall::columnar
