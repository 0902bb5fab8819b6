// SPDX-License-Identifier: Apache-2.0
//
// DocumentPacker: puts documents that come one by one together in chunks. They are copied once, and numbered from 1.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "normalize/chunk.h"
#include "outfall/error.h"
#include "sources/memory/chunk_feed.h"

namespace outfall::sources {

class DocumentPacker {
 public:
  explicit DocumentPacker(FeedPlace place) : place_(std::move(place)) {}

  bool is_empty() const { return !chunk_; }

  /// Whether a document goes into the chunk at hand. One always goes into an empty packer.
  bool has_room_for(std::string_view document) const;

  /// Adds a document that there is room for. An empty packer waits for memory until one is free.
  ///
  /// Errors: the document is longer than any may be; the place's stop.
  Status add(std::string_view document);

  /// The chunk at hand, which holds a document at least.
  normalize::Chunk take();

  /// Documents added so far.
  std::uint64_t documents() const { return documents_; }

 private:
  FeedPlace place_;
  std::optional<normalize::Chunk> chunk_;
  std::size_t used_ = 0;
  std::uint64_t offset_ = 0;  ///< of the next chunk, as if all of them were one text
  std::uint64_t documents_ = 0;
};

}  // namespace outfall::sources
