// SPDX-License-Identifier: Apache-2.0
//
// ChunkFeed: one input of a MemorySource, chunk after chunk, wherever its rows come from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stop_token>
#include <string>

#include "normalize/chunk.h"
#include "normalize/chunk_pool.h"
#include "outfall/error.h"

namespace outfall::sources {

/// What a feed must know of the source that it belongs to.
struct FeedPlace {
  normalize::ChunkPool& pool;  ///< chunks of documents come from here and go back to it
  std::string name;            ///< how messages call the input
  std::uint32_t input = 0;     ///< Chunk::input
  std::size_t chunk_bytes = std::size_t{1} << 20;
  std::stop_token stop;
};

class ChunkFeed {
 public:
  virtual ~ChunkFeed() = default;

  /// The next chunk, with at least one row; nothing at the end, and again after it. After an error there is nothing
  /// more to read.
  virtual Result<std::optional<normalize::Chunk>> next() = 0;
};

/// What a feed says when it was stopped.
Error feed_stopped(const std::string& name);

}  // namespace outfall::sources
