// SPDX-License-Identifier: Apache-2.0
#include "sql/arrow_cells.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>
#include <string>

namespace outfall::sql {
namespace {

/// `d:38,9`: the digits behind the point.
std::optional<int> scale_of(std::string_view format) {
  const std::size_t comma = format.find(',');
  if (!format.starts_with("d:") || comma == std::string_view::npos) return std::nullopt;
  int scale = 0;
  const char* const end = format.data() + format.size();
  const auto read = std::from_chars(format.data() + comma + 1, end, scale);
  return read.ec == std::errc{} && read.ptr == end ? std::optional(scale) : std::nullopt;
}

std::optional<CellFormat> format_of(std::string_view format) {
  if (format == "u") return CellFormat{.kind = CellKind::text};
  if (format == "z") return CellFormat{.kind = CellKind::binary};
  if (format == "l") return CellFormat{.kind = CellKind::int64};
  if (format == "i") return CellFormat{.kind = CellKind::int64, .bytes = 4};
  if (format == "s") return CellFormat{.kind = CellKind::int64, .bytes = 2};
  if (format == "f") return CellFormat{.kind = CellKind::double_, .bytes = 4};
  if (format == "g") return CellFormat{.kind = CellKind::double_};
  if (format == "b") return CellFormat{.kind = CellKind::bool_};
  if (format == "tdD") return CellFormat{.kind = CellKind::date};
  if (format == "ttu") return CellFormat{.kind = CellKind::time};
  if (format.starts_with("tsu:")) return CellFormat{.kind = CellKind::timestamp};
  if (format.starts_with("tsn:")) return CellFormat{.kind = CellKind::timestamp, .is_nanoseconds = true};
  if (const std::optional<int> scale = scale_of(format)) return CellFormat{.kind = CellKind::decimal, .scale = *scale};
  return std::nullopt;
}

}  // namespace

Result<ArrowCells> ArrowCells::make(const ArrowSchema& column) {
  ArrowCells cells;
  const ArrowSchema* values = &column;
  if (column.dictionary != nullptr && std::string_view(column.format) == "c") {
    cells.encoding_ = Encoding::dictionary;
    values = column.dictionary;
  } else if (std::string_view(column.format) == "+r" && std::string_view(column.children[0]->format) == "i") {
    cells.encoding_ = Encoding::runs;
    values = column.children[1];
  }
  const std::optional<CellFormat> format = format_of(values->format);
  if (!format)
    return fail(fmt::format("column {} has the Arrow format {}, which is not known here", column.name, values->format));
  cells.format_ = *format;
  return cells;
}

void ArrowCells::look_at_values(const ArrowArray& values) {
  validity_ = values.null_count == 0 ? nullptr : static_cast<const std::uint8_t*>(values.buffers[0]);
  const bool has_offsets = format_.kind == CellKind::text || format_.kind == CellKind::binary;
  offsets_ = has_offsets ? static_cast<const std::int32_t*>(values.buffers[1]) : nullptr;
  values_ = values.buffers[has_offsets ? 2 : 1];
}

void ArrowCells::look_at(const ArrowArray& column) {
  shift_ = column.offset;
  switch (encoding_) {
    case Encoding::plain:
      look_at_values(column);
      break;
    case Encoding::dictionary:
      has_code_ = column.null_count == 0 ? nullptr : static_cast<const std::uint8_t*>(column.buffers[0]);
      codes_ = static_cast<const std::int8_t*>(column.buffers[1]);
      look_at_values(*column.dictionary);
      values_shift_ = column.dictionary->offset;
      break;
    case Encoding::runs:
      run_ends_ = static_cast<const std::int32_t*>(column.children[0]->buffers[1]) + column.children[0]->offset;
      run_ = 0;
      look_at_values(*column.children[1]);
      values_shift_ = column.children[1]->offset;
      break;
  }
}

std::int64_t ArrowCells::place_of_encoded(std::int64_t row) {
  const std::int64_t place = row + shift_;
  if (encoding_ == Encoding::dictionary) {
    if (has_code_ != nullptr && (has_code_[place / 8] >> (place % 8) & 1) == 0) return -1;
    return codes_[place] + values_shift_;
  }
  while (run_ends_[run_] <= place) ++run_;
  return run_ + values_shift_;
}

}  // namespace outfall::sql
