// SPDX-License-Identifier: Apache-2.0
//
// PushedRows: rows that a program hands over one call after another, on their way to the run that reads them.
//
// One thread appends, one reads. What is in between is bounded: who appends waits while the run is behind.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <string_view>

#include "outfall/arrow.h"
#include "sources/memory/chunk_feed.h"
#include "sources/memory/document_packer.h"

namespace outfall::limits {
/// Chunks between who appends and who reads. Documents are bounded by their bytes as well; rows in columns take about
/// limits::arrow_rows_bytes a chunk.
inline constexpr std::size_t pushed_chunks_max = 4;
}  // namespace outfall::limits

namespace outfall::sources {

class PushedRows final : public ChunkFeed {
 public:
  explicit PushedRows(const FeedPlace& place) : place_(place), packer_(place) {}

  /// Errors of both: the reader is gone (is_closed); the document or the rows are no good; documents and columns in one
  /// input.
  Status append(std::string_view document);
  /// Takes over the rows, also when it fails.
  Status append(ArrowArray* rows, const ArrowSchema& schema);

  /// Nothing more comes. Does nothing where the reader is gone.
  void finish();

  /// Nothing more comes, and what came is not to be taken: the reader gets this error.
  void give_up(Error error);

  Result<std::optional<normalize::Chunk>> next() override;

  /// The reader wants no more; who appends is let go. From any thread.
  void close();
  bool is_closed() const;

 private:
  enum class Kind { none, documents, columns };
  enum class End { open, finished, given_up };

  Status begin(Kind kind);
  Status send(normalize::Chunk chunk);

  FeedPlace place_;

  // Of the thread that appends.
  DocumentPacker packer_;
  Kind kind_ = Kind::none;
  std::uint64_t rows_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<normalize::Chunk> queue_;
  End end_ = End::open;
  Error error_;
  bool closed_ = false;
};

}  // namespace outfall::sources
