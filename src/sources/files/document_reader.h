// SPDX-License-Identifier: Apache-2.0
//
// DocumentReader: cuts the bytes of one input into chunks of whole documents: JSON, one a line or the elements of one
// array, or records of separated text.
//
// The documents, their lines and their bytes are the same for every chunk size. What a document holds is not looked at
// beyond what cutting needs; the shaper does that.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "columnar/byte_stream.h"
#include "normalize/chunk.h"
#include "normalize/chunk_pool.h"
#include "normalize/csv_layout.h"
#include "outfall/error.h"
#include "sources/files/chunk_reader.h"
#include "sources/files/document_cutter.h"
#include "sources/files/pushback_stream.h"

namespace outfall::limits {
/// How far an input that begins with `[` is looked at to tell one array from an array a line.
inline constexpr std::size_t array_probe_bytes_max = std::size_t{1} << 20;
/// A file younger than this may still be being written.
inline constexpr std::chrono::seconds still_written_age{5};
}  // namespace outfall::limits

namespace outfall::sources {

struct DocumentReaderOptions {
  std::string name;                                ///< how messages call the input
  std::uint32_t input = 0;                         ///< Chunk::input
  std::size_t chunk_bytes = std::size_t{1} << 20;  ///< a chunk is at most this long, unless one document is longer
  std::size_t document_bytes_max = limits::document_bytes_max;
  /// The input is separated text of this layout; null: JSON.
  std::shared_ptr<const normalize::CsvLayout> csv = nullptr;
  CsvHeader csv_header = CsvHeader::first_record;
  std::stop_token stop = {};
};

class DocumentReader final : public ChunkReader {
 public:
  /// `pool` must outlive the reader.
  DocumentReader(std::unique_ptr<columnar::ByteStream> stream, normalize::ChunkPool& pool,
                 DocumentReaderOptions options);

  /// The next chunk, with at least one document; nothing at the end. Give it back to the pool.
  ///
  /// Errors name the input, line and column: UTF-16, a document beyond document_bytes_max, an array that does not end
  /// or has something behind its end; and whatever the stream says. After an error there is nothing more to read.
  Result<std::optional<normalize::Chunk>> next() override;

  const columnar::FileFacts& facts() const override { return stream_->facts(); }
  std::uint64_t raw_bytes() const override { return stream_->raw_bytes(); }
  Result<columnar::RawContent> content() const override { return stream_->raw_content(); }
  /// Documents handed out so far.
  std::uint64_t documents() const { return documents_; }
  /// The last document so far stands on a line that has no end: maybe somebody is still writing it.
  bool ends_inside_line() const { return cutter_ != nullptr && cutter_->ends_inside_line(); }

 private:
  struct Filling;

  Status detect_format();
  Status begin_records();
  Status cut_chunk(normalize::Chunk& chunk);
  Status fill(normalize::Chunk& chunk, Filling& filling);
  void take(const normalize::Chunk& chunk, const Filling& filling, std::size_t bytes);

  std::unique_ptr<columnar::ByteStream> stream_;
  PushbackStream bytes_;
  normalize::ChunkPool& pool_;
  DocumentReaderOptions options_;
  std::unique_ptr<DocumentCutter> cutter_;  // from the first chunk on
  std::uint64_t offset_ = 0;                // in the decompressed input, of the next byte to be cut
  std::uint64_t column_offset_ = 0;
  std::uint64_t documents_ = 0;
};

/// The hint for a last line that does not parse and has no line end: empty, or that the file may still be being
/// written.
std::string still_written_hint(const columnar::FileFacts& facts, std::chrono::system_clock::time_point now);

}  // namespace outfall::sources
