// SPDX-License-Identifier: Apache-2.0
//
// RawInput: the bytes of an input as they come from the file, counted and hashed on their way. What decompresses reads
// from here.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

#include "base/file.h"
#include "base/hash.h"
#include "columnar/byte_stream.h"
#include "outfall/error.h"

namespace outfall::columnar {

class RawInput {
 public:
  static Result<RawInput> open(ByteStreamOptions options);

  /// The next bytes, 0 at the end. Of a regular file never more than it had when it was opened.
  Result<std::size_t> read(std::span<std::byte> to);

  /// The first bytes, at most four; read() gives them again. To be called before the first read().
  Result<std::span<const std::byte>> peek();

  bool is_silent() const;

  const std::string& name() const { return name_; }
  const FileFacts& facts() const { return facts_; }
  std::uint64_t bytes() const { return bytes_; }
  RawContent content() const { return {.bytes = bytes_, .hash = hash_.hex(), .grew = grew_}; }

 private:
  RawInput() = default;
  Result<std::size_t> read_counted(std::span<std::byte> to);
  Result<std::size_t> read_some(std::span<std::byte> to);
  Status wait_for_bytes() const;
  Result<std::size_t> end_of_file();

  std::optional<File> file_;  // empty: standard input, which is not ours to close
  int descriptor_ = 0;
  std::string name_;
  std::stop_token stop_;
  FileFacts facts_;
  ContentHash hash_;
  std::uint64_t bytes_ = 0;
  bool grew_ = false;
  std::array<std::byte, 4> front_{};
  std::size_t front_size_ = 0;
  std::size_t front_taken_ = 0;
};

/// What all streams over a RawInput share.
class RawBackedStream : public ByteStream {
 public:
  explicit RawBackedStream(RawInput raw) : raw_(std::move(raw)) {}
  bool is_silent() const override { return raw_.is_silent(); }
  const FileFacts& facts() const final { return raw_.facts(); }
  std::uint64_t raw_bytes() const final { return raw_.bytes(); }
  RawContent raw_content() const final { return raw_.content(); }

 protected:
  RawInput raw_;
};

}  // namespace outfall::columnar
