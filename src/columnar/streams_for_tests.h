// SPDX-License-Identifier: Apache-2.0
//
// Streams of bytes that tests hold in memory, in pieces of their choice.
#pragma once

#include <algorithm>
#include <cstring>
#include <functional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "columnar/byte_stream.h"

namespace outfall::columnar::for_tests {

/// Gives its text in pieces; `next_size` is asked for each with the most that it can be, and must not answer more.
class TextStream final : public ByteStream {
 public:
  using NextSize = std::function<std::size_t(std::size_t)>;

  TextStream(std::string text, NextSize next_size) : text_(std::move(text)), next_size_(std::move(next_size)) {}

  Result<std::size_t> read(std::span<std::byte> to) override {
    const std::size_t left = std::min(to.size(), text_.size() - taken_);
    const std::size_t count = left == 0 ? 0 : next_size_(left);
    std::memcpy(to.data(), text_.data() + taken_, count);
    taken_ += count;
    return count;
  }
  const FileFacts& facts() const override { return facts_; }
  std::uint64_t raw_bytes() const override { return taken_; }
  RawContent raw_content() const override { return {.bytes = taken_, .hash = ""}; }

 private:
  std::string text_;
  NextSize next_size_;
  std::size_t taken_ = 0;
  FileFacts facts_;
};

inline TextStream::NextSize pieces_of(std::size_t size) {
  return [size](std::size_t most) { return std::min(size, most); };
}

inline TextStream::NextSize random_pieces(unsigned seed) {
  return [sizes = std::minstd_rand(seed)](std::size_t most) mutable { return 1 + sizes() % most; };
}

/// Gives one piece a read and is silent behind each. Whoever reads on behind the last one would wait for ever.
class SilentStream final : public ByteStream {
 public:
  explicit SilentStream(std::vector<std::string> pieces) : pieces_(std::move(pieces)) {}

  Result<std::size_t> read(std::span<std::byte> to) override {
    if (next_ == pieces_.size()) return fail("waited");
    const std::string& piece = pieces_[next_++];
    if (piece.size() > to.size()) return fail("a piece is larger than the room for it");
    std::memcpy(to.data(), piece.data(), piece.size());
    return piece.size();
  }
  bool is_silent() const override { return true; }
  const FileFacts& facts() const override { return facts_; }
  std::uint64_t raw_bytes() const override { return 0; }
  RawContent raw_content() const override { return {}; }

 private:
  std::vector<std::string> pieces_;
  std::size_t next_ = 0;
  FileFacts facts_;
};

}  // namespace outfall::columnar::for_tests
