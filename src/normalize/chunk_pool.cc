// SPDX-License-Identifier: Apache-2.0
//
// The budget of chunks in flight.
#include "normalize/chunk_pool.h"

#include <cstring>
#include <memory>
#include <utility>

namespace outfall::normalize {
namespace {

// A buffer that grew for one long document is not kept for ordinary chunks beyond this many times their size.
constexpr std::size_t oversize_factor = 2;

}  // namespace

Result<Chunk> ChunkPool::acquire(std::size_t bytes, const std::stop_token& stop) {
  const std::size_t capacity = bytes + Chunk::padding;
  std::unique_lock lock(mutex_);
  const bool granted =
      given_back_.wait(lock, stop, [&] { return bytes_in_flight_ == 0 || bytes_in_flight_ + capacity <= bytes_max_; });
  if (!granted) {
    return fail(Error{.message = "stopped while waiting for memory", .hint = "", .blame = Blame::interrupted});
  }
  while (!idle_.empty()) {
    Chunk chunk = std::move(idle_.back());
    idle_.pop_back();
    if (chunk.capacity < capacity || chunk.capacity > capacity * oversize_factor) continue;
    bytes_in_flight_ += chunk.capacity;
    return chunk;
  }
  bytes_in_flight_ += capacity;
  lock.unlock();
  Chunk chunk;
  chunk.bytes = std::make_unique_for_overwrite<std::byte[]>(capacity);
  chunk.capacity = capacity;
  return chunk;
}

void ChunkPool::grow(Chunk& chunk, std::size_t used, std::size_t bytes) {
  const std::size_t capacity = bytes + Chunk::padding;
  if (capacity <= chunk.capacity) return;
  auto larger = std::make_unique_for_overwrite<std::byte[]>(capacity);
  std::memcpy(larger.get(), chunk.bytes.get(), used);
  chunk.bytes = std::move(larger);
  const std::lock_guard lock(mutex_);
  bytes_in_flight_ += capacity - chunk.capacity;
  chunk.capacity = capacity;
}

void ChunkPool::give_back(Chunk chunk) {
  chunk.documents.clear();
  chunk.csv.reset();
  {
    const std::lock_guard lock(mutex_);
    bytes_in_flight_ -= chunk.capacity;
    idle_.push_back(std::move(chunk));
  }
  given_back_.notify_one();
}

std::size_t ChunkPool::bytes_in_flight() const {
  const std::lock_guard lock(mutex_);
  return bytes_in_flight_;
}

}  // namespace outfall::normalize
