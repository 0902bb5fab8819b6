// SPDX-License-Identifier: Apache-2.0
#include "sources/memory/document_packer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace outfall::sources {

using normalize::Chunk;

bool DocumentPacker::has_room_for(std::string_view document) const {
  if (!chunk_) return true;
  return used_ + document.size() < std::min(place_.chunk_bytes, chunk_->capacity - Chunk::padding) &&
         chunk_->documents.size() < limits::chunk_documents_max;
}

Status DocumentPacker::add(std::string_view document) {
  if (document.size() >= limits::document_bytes_max) {
    return fail(fmt::format("{}, document {}: it is longer than {} bytes", place_.name, documents_ + 1,
                            limits::document_bytes_max - 1),
                "give it as several documents");
  }
  if (!chunk_) {
    Result<Chunk> chunk = place_.pool.acquire(std::max(place_.chunk_bytes, document.size() + 1), place_.stop);
    if (!chunk) return fail(feed_stopped(place_.name));
    chunk_.emplace(std::move(*chunk));
    used_ = 0;
  }
  if (!document.empty()) std::memcpy(chunk_->bytes.get() + used_, document.data(), document.size());
  chunk_->documents.push_back({.offset = static_cast<std::uint32_t>(used_),
                               .length = static_cast<std::uint32_t>(document.size()),
                               .line = ++documents_});
  used_ += document.size();
  chunk_->bytes[used_++] = std::byte{'\n'};
  return {};
}

Chunk DocumentPacker::take() {
  Chunk chunk = std::move(*chunk_);
  chunk_.reset();
  std::memset(chunk.bytes.get() + used_, ' ', Chunk::padding);
  chunk.input = place_.input;
  chunk.stream_offset = offset_;
  chunk.column_offset = 0;
  chunk.unfinished_hint.clear();
  offset_ += used_;
  return chunk;
}

}  // namespace outfall::sources
