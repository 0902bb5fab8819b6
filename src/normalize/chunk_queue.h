// SPDX-License-Identifier: Apache-2.0
//
// ChunkQueue: the chunks between source and package in input order, and who does what next.
//
// All threads of a run are alike and ask for their turn. Each chunk is read, shaped and committed, in this order. Only
// one thread reads at a time and only one commits, and both happen in input order; any number shape. What is furthest
// goes first, so chunks do not pile up, and a thread that waits for a silent pipe leaves nothing undone that it could
// have done. At most `capacity` chunks are on their way.
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
  enum class Work : std::uint8_t {
    read,     ///< then tell by push() or finish()
    shape,    ///< then tell by shaped()
    commit,   ///< then tell by committed()
    nothing,  ///< everything is done, or nobody wants more
  };
  struct Turn {
    Work work = Work::nothing;
    ChunkTask* task = nullptr;  ///< to shape or to commit
  };

  explicit ChunkQueue(std::size_t capacity) : capacity_(capacity) {}

  /// Waits until there is something to do.
  Turn next();

  /// The reader: one more chunk.
  void push(Chunk chunk);
  /// The reader: no more chunks come; `error` says why when it is not the end of the input.
  void finish(std::optional<Error> error = std::nullopt);

  void shaped(ChunkTask& task);

  /// The committer: the oldest chunk is done with. The task is gone.
  void committed();

  /// Nobody wants more. Whoever reads, shapes or commits now is not interrupted.
  void close();

  /// After Work::nothing: what finish() was told.
  std::optional<Error> read_error() const;

 private:
  std::optional<Turn> turn();

  const std::size_t capacity_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::unique_ptr<ChunkTask>> tasks_;
  std::size_t taken_ = 0;  // tasks_[0, taken_) are being shaped or are shaped
  bool reading_ = false;
  bool committing_ = false;
  bool finished_ = false;
  bool closed_ = false;
  std::optional<Error> error_;
};

}  // namespace outfall::normalize
