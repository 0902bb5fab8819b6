// SPDX-License-Identifier: Apache-2.0
//
// Chunk: whole documents (JSON, or records of separated text) or rows in columns, on their way from a source to the
// shaper.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "columnar/arrow_rows.h"

namespace outfall::limits {
/// One document: it must be in memory as a whole, and spans count in 32 bits.
inline constexpr std::size_t document_bytes_max = std::size_t{1} << 30;
/// Documents of one chunk: bounds the spans beside the bytes when documents are tiny.
inline constexpr std::size_t chunk_documents_max = 65'536;
}  // namespace outfall::limits

namespace outfall::normalize {

struct CsvLayout;

/// What the documents of an input are counted by, in messages.
enum class PlaceUnit : std::uint8_t {
  line,      ///< the lines of a text
  document,  ///< there is no text that they stand in
};

/// One document inside a chunk's bytes.
struct DocumentSpan {
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
  std::uint64_t line = 0;  ///< of its first byte in the input, or its own number (PlaceUnit); counted from 1
};

/// Bytes that hold whole documents. The parser reads up to `padding` bytes behind the last one; they must be there.
struct Chunk {
  static constexpr std::size_t padding = 64;

  std::unique_ptr<std::byte[]> bytes;
  std::size_t capacity = 0;
  std::vector<DocumentSpan> documents;
  std::uint32_t input = 0;                  ///< which input of the run
  std::shared_ptr<const CsvLayout> csv;     ///< the documents are records of it; null: they are JSON
  std::optional<columnar::ArrowRows> rows;  ///< in place of documents
  std::uint64_t first_row = 0;              ///< of `rows` in the input, counted from 0
  std::uint64_t stream_offset = 0;          ///< of bytes[0] in the decompressed input
  std::uint64_t column_offset =
      0;  ///< bytes of its line that stand before bytes[0]: an array's line may be cut anywhere
  /// What to tell when the last document does not parse: its line has no end and may still be being written. Usually
  /// empty.
  std::string unfinished_hint;
};

}  // namespace outfall::normalize
