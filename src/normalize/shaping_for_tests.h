// SPDX-License-Identifier: Apache-2.0
//
// For tests: documents in, rows out as text, through the whole normalizer in memory.
//
// Row ids are drawn from a seed of zeros, so that two runs over the same documents can be compared cell by cell.
#pragma once

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "normalize/normalizer.h"

namespace outfall::normalize::for_tests {

inline constexpr std::size_t whole_input = SIZE_MAX;

struct ShapingOptions {
  ShapeOptions shape{.system_columns = SystemColumns::keep};
  int workers = 1;
  std::size_t chunk_bytes = whole_input;  ///< a chunk ends with the document that reaches this
  std::string table = "t";
  schema::Schema schema = schema::Schema::make("tests", NamingConvention::snake_case);  ///< what the dataset has
};

struct Shaped {
  std::string error{};  ///< empty: it worked
  std::string hint{};
  schema::Schema schema{};
  NormalizeSummary summary{};
  /// Each table's rows as `name=value` of all cells that are not null, in the order of the table's columns.
  std::map<std::string, std::vector<std::string>> rows{};
  /// The same without the columns that describe the load.
  std::map<std::string, std::vector<std::string>> data{};
  /// Documents that were left out: "line:column offset message: text".
  std::vector<std::string> left_out{};
};

namespace detail {

inline const std::uint8_t* buffer(const ArrowArray& array, int index) {
  return static_cast<const std::uint8_t*>(array.buffers[index]);
}

template <class T>
T fixed(const ArrowArray& array, std::int64_t row) {
  T value;
  std::memcpy(&value, buffer(array, 1) + static_cast<std::size_t>(row) * sizeof(T), sizeof(T));
  return value;
}

inline bool is_null(const ArrowArray& array, std::int64_t row) {
  const std::uint8_t* validity = buffer(array, 0);
  return array.null_count > 0 && validity != nullptr && (validity[row / 8] >> (row % 8) & 1) == 0;
}

inline std::string bytes(const ArrowArray& array, std::int64_t row) {
  std::int32_t ends[2];
  std::memcpy(ends, buffer(array, 1) + static_cast<std::size_t>(row) * sizeof(std::int32_t), sizeof ends);
  return {reinterpret_cast<const char*>(buffer(array, 2)) + ends[0], static_cast<std::size_t>(ends[1] - ends[0])};
}

inline std::string unscaled(schema::Int128 value) {
  std::string digits;
  const bool negative = value < 0;
  do {
    const auto digit = static_cast<int>(value % 10);
    digits.insert(digits.begin(), static_cast<char>('0' + (digit < 0 ? -digit : digit)));
    value /= 10;
  } while (value != 0);
  return negative ? "-" + digits : digits;
}

inline std::string shortest(double value) {
  std::array<char, 32> digits;
  return {digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr};
}

/// Times and dates are numbers here, decimals their unscaled digits, binary is hex.
inline std::string cell_text(const ArrowSchema& type, const ArrowArray& array, std::int64_t row) {
  const std::string_view format = type.format;
  if (type.dictionary != nullptr) return bytes(*array.dictionary, fixed<std::int8_t>(array, row));
  if (format == "u") return bytes(array, row);
  if (format == "z") {
    std::string hex;
    for (const char byte : bytes(array, row)) {
      hex += "0123456789abcdef"[static_cast<unsigned char>(byte) >> 4];
      hex += "0123456789abcdef"[byte & 15];
    }
    return hex;
  }
  if (format == "g") return shortest(fixed<double>(array, row));
  if (format == "b") return (buffer(array, 1)[row / 8] >> (row % 8) & 1) != 0 ? "true" : "false";
  if (format == "tdD") return std::to_string(fixed<std::int32_t>(array, row));
  if (format.starts_with("d:")) return unscaled(fixed<schema::Int128>(array, row));
  return std::to_string(fixed<std::int64_t>(array, row));
}

/// Where a row's value stands in a run-end encoded column.
inline std::int64_t run_of(const ArrowArray& runs, std::int64_t row) {
  const auto* ends = reinterpret_cast<const std::int32_t*>(buffer(*runs.children[0], 1));
  return std::upper_bound(ends, ends + runs.children[0]->length, row) - ends;
}

inline void add_row(const ArrowSchema& schema, const ArrowArray& batch, std::int64_t row, std::string& all,
                    std::string& data) {
  for (std::int64_t column = 0; column < batch.n_children; ++column) {
    const bool in_runs = std::string_view(schema.children[column]->format) == "+r";
    const ArrowSchema& type = in_runs ? *schema.children[column]->children[1] : *schema.children[column];
    const ArrowArray& cells = in_runs ? *batch.children[column]->children[1] : *batch.children[column];
    const std::int64_t place = in_runs ? run_of(*batch.children[column], row) : row;
    if (is_null(cells, place)) continue;
    const std::string_view name = schema.children[column]->name;
    const std::string cell = std::string(name) + "=" + cell_text(type, cells, place);
    all += (all.empty() ? "" : " ") + cell;
    if (!name.starts_with("_dlt")) data += (data.empty() ? "" : " ") + cell;
  }
}

/// Chunks of whole lines out of one text.
class Source {
 public:
  Source(std::string_view text, std::size_t chunk_bytes) : text_(text), chunk_bytes_(chunk_bytes) {}

  std::optional<Chunk> next() {
    if (at_ >= text_.size()) return std::nullopt;
    Chunk chunk;
    chunk.stream_offset = at_;
    const std::size_t begin = at_;
    do {
      const std::size_t end = std::min(text_.find('\n', at_), text_.size());
      if (end > at_) {
        chunk.documents.push_back({.offset = static_cast<std::uint32_t>(at_ - begin),
                                   .length = static_cast<std::uint32_t>(end - at_),
                                   .line = line_});
      }
      ++line_;
      at_ = end + 1;
    } while (at_ < text_.size() && at_ - begin < chunk_bytes_);
    const std::size_t size = std::min(at_, text_.size()) - begin;
    chunk.capacity = size + Chunk::padding;
    chunk.bytes = std::make_unique<std::byte[]>(chunk.capacity);
    std::memcpy(chunk.bytes.get(), text_.data() + begin, size);
    return chunk;
  }

 private:
  std::string_view text_;
  std::size_t chunk_bytes_;
  std::size_t at_ = 0;
  std::uint64_t line_ = 1;
};

}  // namespace detail

/// Shapes documents, one a line.
inline Shaped shape(std::string_view documents, ShapingOptions options = {}) {
  Shaped shaped{.schema = std::move(options.schema)};
  NormalizeOptions normalizing{.shape = std::move(options.shape),
                               .load_id = "load",
                               .workers = options.workers,
                               .chunks_in_flight_max = static_cast<std::size_t>(options.workers) * 2 + 1,
                               .inputs = {{.name = "test.jsonl", .table = options.table}}};
  normalizing.take_rejected = [&shaped](const RejectedDocument& bad) -> Status {
    std::string line = std::to_string(bad.line) + ":" + std::to_string(bad.column) + " " + std::to_string(bad.offset);
    shaped.left_out.push_back(line.append(" ").append(bad.message).append(": ").append(bad.text));
    return {};
  };
  detail::Source source(documents, options.chunk_bytes);
  const WriteBatch write = [&shaped](std::string_view table, const ArrowSchema& schema, ArrowArray* batch) -> Status {
    for (std::int64_t row = 0; row < batch->length; ++row) {
      std::string all;
      std::string data;
      detail::add_row(schema, *batch, row, all, data);
      shaped.rows[std::string(table)].push_back(std::move(all));
      shaped.data[std::string(table)].push_back(std::move(data));
    }
    batch->release(batch);
    return {};
  };
  auto summary = normalize(
      normalizing, shaped.schema, [&source]() -> Result<std::optional<Chunk>> { return source.next(); }, [](Chunk) {},
      write);
  if (summary) {
    shaped.summary = std::move(*summary);
  } else {
    shaped.error = summary.error().message;
    shaped.hint = summary.error().hint;
  }
  return shaped;
}

/// The columns of a table as `name:type`, in order, without those that describe the load.
inline std::vector<std::string> columns(const Shaped& shaped, std::string_view table) {
  std::vector<std::string> names;
  const schema::Table* found = shaped.schema.tables.find(table);
  if (found == nullptr) return names;
  for (const schema::Column& column : found->columns) {
    if (column.name.starts_with("_dlt")) continue;
    names.push_back(column.name + ":" + std::string(column.type ? name(*column.type) : "none"));
  }
  return names;
}

}  // namespace outfall::normalize::for_tests
