// SPDX-License-Identifier: Apache-2.0
//
// ByteStream: the content of an input, decompressed while it is read. Gzip and zstd are told by their first bytes,
// never by a name.
//
// The bytes are counted and hashed as they come from the file, so knowing what was read costs no second pass.
// Not thread-safe; one reader.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>

#include "outfall/error.h"

namespace outfall::columnar {

/// A file as it stood when it was opened. Pipes and the like have neither a size nor an age.
struct FileFacts {
  std::optional<std::uint64_t> size;
  std::optional<std::int64_t> mtime_ns;  ///< since 1970 UTC
};

/// What came out of the file so far, before decompression. Final once read() has answered 0.
struct RawContent {
  std::uint64_t bytes = 0;
  std::string hash;   ///< xxh3-128 of those bytes in hex
  bool grew = false;  ///< the file was longer at the end than at open; what was added has not been read
};

class ByteStream {
 public:
  virtual ~ByteStream() = default;

  /// Writes the next bytes to the front of `to` and says how many; fewer than asked for is usual, 0 is the end.
  ///
  /// Errors: the file shrank while it was read; gzip or zstd data is corrupt or ends too early (names the file and the
  /// offset in it); the caller's stop (Blame::interrupted).
  virtual Result<std::size_t> read(std::span<std::byte> to) = 0;

  /// Nothing has come for a moment, and a read would have to wait for whoever writes the input: what was read so far
  /// should not wait with it. Never so for a file.
  virtual bool is_silent() const { return false; }

  virtual const FileFacts& facts() const = 0;
  virtual std::uint64_t raw_bytes() const = 0;
  virtual RawContent raw_content() const = 0;
};

struct ByteStreamOptions {
  std::string path;       ///< "-" is standard input
  std::string name = {};  ///< how messages call it; empty: the path
  std::stop_token stop = {};
  /// Reads no further, though the file be longer: what an earlier reading saw of it.
  std::optional<std::uint64_t> size_max = {};
};

/// Opens a file, a pipe or standard input. Of a regular file exactly the length that it has now will be read.
Result<std::unique_ptr<ByteStream>> open_byte_stream(ByteStreamOptions options);

/// Reads what is left only to learn what the content is.
Result<RawContent> read_to_end(ByteStream& bytes);

}  // namespace outfall::columnar
