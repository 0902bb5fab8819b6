// SPDX-License-Identifier: Apache-2.0
//
// ChunkPool: the memory of chunks in flight. One reader acquires, any thread gives back; when the budget is spent the
// reader waits.
//
// Chunks are used again with their buffers, so a steady run allocates nothing.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <stop_token>
#include <vector>

#include "normalize/chunk.h"
#include "outfall/error.h"

namespace outfall::normalize {

class ChunkPool {
 public:
  /// `bytes_max` bounds the buffers in flight. At least one chunk is always granted, whatever its size.
  explicit ChunkPool(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// A chunk without documents whose buffer holds at least `bytes` and the padding. Waits for the budget; a stop ends
  /// the wait with Blame::interrupted.
  Result<Chunk> acquire(std::size_t bytes, const std::stop_token& stop);

  /// Makes the buffer of an acquired chunk larger, keeping its first `used` bytes. Never waits: one long document must
  /// get through.
  void grow(Chunk& chunk, std::size_t used, std::size_t bytes);

  /// Takes a chunk back. Every acquired chunk comes back once, or is lost to the budget.
  void give_back(Chunk chunk);

  std::size_t bytes_in_flight() const;

 private:
  const std::size_t bytes_max_;
  mutable std::mutex mutex_;
  std::condition_variable_any given_back_;
  std::size_t bytes_in_flight_ = 0;
  std::vector<Chunk> idle_;
};

}  // namespace outfall::normalize
