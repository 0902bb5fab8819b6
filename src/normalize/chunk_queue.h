// SPDX-License-Identifier: Apache-2.0
//
// ChunkQueue: hands chunks from the reader to the workers and from the workers to the committer, keeping their order.
//
// At most `capacity` chunks are between reader and committer. Closing it, for an end or a failure, wakes everyone.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

#include "normalize/chunk.h"
#include "normalize/shaped_chunk.h"
#include "outfall/error.h"

namespace outfall::normalize {

/// One chunk on its way.
struct ChunkTask {
  Chunk chunk;
  ShapedChunk shaped;
  bool is_shaped = false;
};

class ChunkQueue {
 public:
  explicit ChunkQueue(std::size_t capacity) : capacity_(capacity) {}

  /// Reader: waits for room. False when nobody wants more.
  bool push(Chunk chunk);
  /// Reader: no more chunks come; `error` says why when it is not the end of the input.
  void finish(std::optional<Error> error = std::nullopt);

  /// Worker: waits for a chunk to shape; null when there are no more. The task stays in the queue.
  ChunkTask* take();
  /// Worker: the chunk is shaped.
  void shaped(ChunkTask* task);

  /// Committer: waits for the oldest chunk to be shaped; null at the end. Errors: what finish() was told, after all
  /// chunks before.
  Result<std::unique_ptr<ChunkTask>> next();

  /// Committer: wants no more.
  void close();

 private:
  std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<ChunkTask>> tasks_;
  std::size_t taken_ = 0;  // tasks_[0, taken_) are with a worker or shaped
  bool finished_ = false;
  bool closed_ = false;
  std::optional<Error> error_;
};

}  // namespace outfall::normalize
