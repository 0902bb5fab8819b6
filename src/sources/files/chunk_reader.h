// SPDX-License-Identifier: Apache-2.0
//
// ChunkReader: one input, chunk after chunk, whatever its format.
#pragma once

#include <cstdint>
#include <optional>

#include "columnar/byte_stream.h"
#include "normalize/chunk.h"
#include "outfall/error.h"

namespace outfall::sources {

class ChunkReader {
 public:
  virtual ~ChunkReader() = default;

  /// The next chunk, with at least one row; nothing at the end. After an error there is nothing more to read.
  virtual Result<std::optional<normalize::Chunk>> next() = 0;

  virtual const columnar::FileFacts& facts() const = 0;

  /// Bytes of the input read so far, before decompression.
  virtual std::uint64_t raw_bytes() const = 0;

  /// After the end: what was read. Errors: the input is not what it was at the beginning.
  virtual Result<columnar::RawContent> content() const = 0;
};

}  // namespace outfall::sources
