// SPDX-License-Identifier: Apache-2.0
#include "sources/memory/given_feeds.h"

#include <fmt/format.h>

#include <exception>
#include <string_view>
#include <utility>

#include "columnar/arrow_reader.h"
#include "sources/memory/document_packer.h"

namespace outfall::sources {
namespace {

using normalize::Chunk;

class DocumentFeed final : public ChunkFeed {
 public:
  DocumentFeed(FeedPlace place, NextDocument ask)
      : name_(place.name), stop_(place.stop), ask_(std::move(ask)), packer_(std::move(place)) {}

  Result<std::optional<Chunk>> next() override {
    while (!ended_) {
      if (stop_.stop_requested()) return fail(feed_stopped(name_));
      if (!at_hand_) {
        if (Status asked = ask(); !asked) return fail(std::move(asked.error()));
        if (!at_hand_) break;
      }
      // What is at hand lives until the function is called again, so it can wait for the next chunk.
      if (!packer_.has_room_for(*at_hand_)) return packer_.take();
      if (Status added = packer_.add(*at_hand_); !added) return fail(std::move(added.error()));
      at_hand_.reset();
    }
    if (packer_.is_empty()) return std::nullopt;
    return packer_.take();
  }

 private:
  /// The program's function may throw; that ends the run and nothing else.
  Status ask() {
    try {
      Result<std::optional<std::string_view>> answer = ask_();
      if (!answer) return fail(std::move(answer.error()).in(behind()));
      at_hand_ = *answer;
      ended_ = !at_hand_;
      return {};
    } catch (const std::exception& thrown) {
      return fail(fmt::format("{}: the function that gives documents threw: {}", behind(), thrown.what()));
    } catch (...) {
      return fail(fmt::format("{}: the function that gives documents threw", behind()));
    }
  }

  std::string behind() const { return fmt::format("read {} behind document {}", name_, packer_.documents()); }

  std::string name_;
  std::stop_token stop_;
  NextDocument ask_;
  DocumentPacker packer_;
  std::optional<std::string_view> at_hand_;
  bool ended_ = false;
};

class RowFeed final : public ChunkFeed {
 public:
  RowFeed(FeedPlace place, ArrowArrayStream* stream)
      : name_(std::move(place.name)), input_(place.input), stop_(std::move(place.stop)), stream_(stream) {}
  ~RowFeed() override {
    if (stream_ != nullptr && stream_->release != nullptr) stream_->release(stream_);
  }
  RowFeed(const RowFeed&) = delete;
  RowFeed& operator=(const RowFeed&) = delete;

  Result<std::optional<Chunk>> next() override {
    if (stop_.stop_requested()) return fail(feed_stopped(name_));
    if (stream_ != nullptr) {
      auto reader = columnar::open_arrow_stream(std::exchange(stream_, nullptr), name_);
      if (!reader) return fail(std::move(reader.error()));
      reader_ = std::move(*reader);
    }
    if (reader_ == nullptr) return std::nullopt;
    Result<std::optional<columnar::ArrowRows>> rows = reader_->next();
    if (!rows) return fail(std::move(rows.error()));
    if (!*rows) {
      reader_.reset();
      return std::nullopt;
    }
    Chunk chunk;
    chunk.input = input_;
    chunk.first_row = first_row_;
    first_row_ += (*rows)->rows();
    chunk.rows = std::move(*rows);
    return chunk;
  }

 private:
  std::string name_;
  std::uint32_t input_;
  std::stop_token stop_;
  ArrowArrayStream* stream_;  // until the first rows are wanted
  std::unique_ptr<columnar::ArrowReader> reader_;
  std::uint64_t first_row_ = 0;
};

}  // namespace

std::unique_ptr<ChunkFeed> make_document_feed(FeedPlace place, NextDocument next) {
  return std::make_unique<DocumentFeed>(std::move(place), std::move(next));
}

std::unique_ptr<ChunkFeed> make_row_feed(FeedPlace place, ArrowArrayStream* stream) {
  return std::make_unique<RowFeed>(std::move(place), stream);
}

}  // namespace outfall::sources
