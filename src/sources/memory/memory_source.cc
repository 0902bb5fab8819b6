// SPDX-License-Identifier: Apache-2.0
#include "sources/memory/memory_source.h"

#include <fmt/format.h>

#include <utility>

#include "ledger/records.h"
#include "sources/memory/given_feeds.h"

namespace outfall::sources {
namespace {

std::uint64_t document_bytes(const normalize::Chunk& chunk) {
  std::uint64_t bytes = 0;
  for (const normalize::DocumentSpan& document : chunk.documents) bytes += document.length;
  return bytes;
}

}  // namespace

MemorySource::MemorySource(MemorySourceOptions options)
    : options_(std::move(options)),
      on_stop_(options_.stop, [this] { cancelled_.request_stop(); }),
      pool_(options_.memory_bytes) {}

void MemorySource::add(MemoryInput input) {
  FeedPlace place = list(input);
  feeds_.back().chunks = input.rows != nullptr ? make_row_feed(std::move(place), input.rows)
                                               : make_document_feed(std::move(place), std::move(input.documents));
}

PushedRows& MemorySource::add_pushed(MemoryInput input) {
  auto pushed = std::make_unique<PushedRows>(list(input));
  pushed_ = pushed.get();
  feeds_.back().chunks = std::move(pushed);
  return *pushed_;
}

FeedPlace MemorySource::list(MemoryInput& input) {
  const auto index = static_cast<std::uint32_t>(inputs_.size());
  const std::string key = input.run_key.value_or("");
  std::string name = fmt::format("memory:{}", input.name.empty() ? input.table : input.name);
  Feed feed;
  if (!key.empty()) feed.digest.emplace();
  feeds_.push_back(std::move(feed));
  inputs_.push_back({.path = name,
                     .table = std::move(input.table),
                     .identity = key.empty() ? std::string() : std::string(ledger::run_key_prefix) + key,
                     .run_key = key,
                     .is_stream = true,
                     .is_columns = input.rows != nullptr,
                     .unit = normalize::PlaceUnit::document});
  return {.pool = pool_,
          .name = std::move(name),
          .input = index,
          .chunk_bytes = options_.chunk_bytes,
          .stop = cancelled_.get_token()};
}

Result<normalize::InputContent> MemorySource::survey(std::size_t input) {
  while (true) {
    Result<std::optional<normalize::Chunk>> chunk = next_of(feeds_[input]);
    if (!chunk) return fail(std::move(chunk.error()));
    if (!*chunk) return feeds_[input].content;
    recycle(std::move(**chunk));
  }
}

Result<std::optional<normalize::Chunk>> MemorySource::next() {
  while (current_ < feeds_.size()) {
    Feed& feed = feeds_[current_];
    if (!feed.skipped) {
      Result<std::optional<normalize::Chunk>> chunk = next_of(feed);
      if (!chunk || *chunk) return chunk;
    }
    ++current_;
  }
  return std::nullopt;
}

Result<std::optional<normalize::Chunk>> MemorySource::next_of(Feed& feed) {
  Result<std::optional<normalize::Chunk>> chunk = feed.chunks->next();
  if (!chunk) return chunk;
  if (*chunk) {
    const std::uint64_t bytes = document_bytes(**chunk);
    bytes_read_ += bytes;
    feed.content.bytes += bytes;
    if (feed.digest) feed.digest->add(**chunk);
  } else if (feed.digest) {
    feed.content.bytes = feed.digest->bytes();
    feed.content.hash = feed.digest->hash();
  }
  return chunk;
}

Status MemorySource::rewind() {
  return fail("rows that a program gives are read once",
              "state the types of these columns (RunOptions::columns), or keep variants (TypeConflicts::variant)");
}

void MemorySource::cancel() {
  if (pushed_ != nullptr) pushed_->close();  // first: who appends is to see why it stops
  cancelled_.request_stop();
}

}  // namespace outfall::sources
