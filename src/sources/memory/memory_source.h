// SPDX-License-Identifier: Apache-2.0
//
// MemorySource: documents and rows that the program itself gives: from a function, from an ArrowArrayStream, or pushed
// call by call.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "normalize/chunk_pool.h"
#include "normalize/document_source.h"
#include "outfall/memory_input.h"
#include "sources/memory/chunk_feed.h"
#include "sources/memory/content_digest.h"
#include "sources/memory/pushed_rows.h"

namespace outfall::sources {

struct MemorySourceOptions {
  std::size_t chunk_bytes = std::size_t{1} << 20;
  std::size_t memory_bytes = std::size_t{64} << 20;  ///< of documents in flight
  std::stop_token stop;
};

class MemorySource final : public normalize::DocumentSource {
 public:
  explicit MemorySource(MemorySourceOptions options);

  /// Takes over the input, with its stream. Before the run.
  void add(MemoryInput input);
  /// The same for one that is pushed. The answer lives as long as the source.
  PushedRows& add_pushed(MemoryInput input);

  const std::vector<normalize::SourceInput>& inputs() const override { return inputs_; }
  Result<normalize::InputContent> survey(std::size_t input) override;
  void skip(std::size_t input) override { feeds_[input].skipped = true; }
  Result<std::optional<normalize::Chunk>> next() override;
  void recycle(normalize::Chunk chunk) override {
    if (!chunk.rows) pool_.give_back(std::move(chunk));
  }
  /// Errors: always: what a program gives is given once.
  Status rewind() override;
  void cancel() override;
  std::uint64_t bytes_read() const override { return bytes_read_; }
  normalize::InputContent content(std::size_t input) const override { return feeds_[input].content; }

 private:
  struct Feed {
    std::unique_ptr<ChunkFeed> chunks;
    std::optional<ContentDigest> digest;  ///< where the input can be recognized
    bool skipped = false;
    normalize::InputContent content;
  };

  FeedPlace list(MemoryInput& input);
  Result<std::optional<normalize::Chunk>> next_of(Feed& feed);

  MemorySourceOptions options_;
  std::stop_source cancelled_;  ///< also when the caller's stop is requested
  std::stop_callback<std::function<void()>> on_stop_;
  normalize::ChunkPool pool_;
  std::vector<normalize::SourceInput> inputs_;
  std::vector<Feed> feeds_;
  PushedRows* pushed_ = nullptr;
  std::size_t current_ = 0;
  std::atomic<std::uint64_t> bytes_read_{0};
};

}  // namespace outfall::sources
