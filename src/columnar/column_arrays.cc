// SPDX-License-Identifier: Apache-2.0
//
// How the rows of a builder become Arrow arrays: plain, as runs, and as one text on every row.
#include <algorithm>
#include <array>
#include <memory>
#include <utility>

#include "columnar/column_builder.h"

namespace outfall::columnar {
namespace {

constexpr std::int64_t arrow_alignment = 64;

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

/// The two children of a run-end encoded array.
struct ExportedRuns {
  std::array<ArrowArray, 2> children{};
  std::array<ArrowArray*, 2> child_pointers{&children[0], &children[1]};
};

void release_runs(ArrowArray* array) {
  auto* exported = static_cast<ExportedRuns*>(array->private_data);
  for (ArrowArray& child : exported->children) {
    if (child.release != nullptr) child.release(&child);
  }
  delete exported;
  array->release = nullptr;
}

void publish_runs(ColumnBuilder ends, ColumnBuilder values, std::int64_t length, ArrowArray* out) {
  auto exported = std::make_unique<ExportedRuns>();
  ends.release_into(&exported->children[0]);
  values.release_into(&exported->children[1]);
  *out = ArrowArray{};
  out->length = length;
  out->n_children = 2;
  out->children = exported->child_pointers.data();
  out->release = release_runs;
  out->private_data = exported.release();
}

}  // namespace

void ColumnBuilder::release_into(ArrowArray* out) {
  if (!gaps_.empty()) {
    ColumnBuilder filled(width_);
    if (width_ > 0) filled.values_.reserve(std::size_t{length_} * static_cast<std::size_t>(width_));
    if (is_text()) filled.offsets_.reserve(std::size_t{length_} * sizeof last_offset_);
    for_each_stretch([&](std::uint32_t begin, std::uint32_t end) { filled.store_rows(*this, begin, end); },
                     [&](std::uint32_t rows) { filled.store_nulls(rows); });
    *this = ColumnBuilder(width_);
    return filled.release_into(out);
  }
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

void ColumnBuilder::release_runs_into(ArrowArray* out) {
  ColumnBuilder values(width_);
  ColumnBuilder ends(int{sizeof(std::int32_t)});
  std::int32_t end = 0;
  const auto end_run = [&](std::uint32_t rows) {
    end += static_cast<std::int32_t>(rows);
    ends.set_date(ends.length(), end);
  };
  const auto stored = [&](std::uint32_t first, std::uint32_t last) {
    values.store_rows(*this, first, last);
    for (std::uint32_t row = first; row < last; ++row) end_run(1);
  };
  for_each_stretch(stored, [&](std::uint32_t rows) {
    values.store_nulls(1);
    end_run(rows);
  });
  const std::int64_t rows = length_;
  *this = ColumnBuilder(width_);
  publish_runs(std::move(ends), std::move(values), rows, out);
}

void make_null_array(const ColumnType& type, std::int64_t rows, ArrowArray* out) {
  ColumnBuilder nulls(type);
  nulls.skip_to(static_cast<std::uint32_t>(rows));
  nulls.release_into(out);
}

void make_null_run_array(const ColumnType& type, std::int64_t rows, ArrowArray* out) {
  ColumnBuilder nulls(type);
  nulls.skip_to(static_cast<std::uint32_t>(rows));
  nulls.release_runs_into(out);
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
