// SPDX-License-Identifier: Apache-2.0
//
// PushbackStream: a ByteStream whose last bytes can be put back, to be read again. Large reads pass through without a
// copy.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "columnar/byte_stream.h"
#include "outfall/error.h"

namespace outfall::sources {

class PushbackStream {
 public:
  explicit PushbackStream(columnar::ByteStream& stream) : stream_(stream) {}

  struct Count {
    std::size_t bytes = 0;
    bool at_end = false;
  };

  /// Fills `to` from the front. Less than asked for comes at the end, and when the writer of the input is silent: at
  /// least a byte then.
  Result<Count> read_available(std::span<std::byte> to);

  struct Ahead {
    std::span<const std::byte> bytes;
    bool at_end = false;
  };

  /// Reads once, so that more of the bytes are known that read_available would give next: all of them, at most `bytes`,
  /// which must be more than the last call gave. Valid until the next call.
  Result<Ahead> look_ahead(std::size_t bytes);

  /// Whether look_ahead may have to wait for whoever writes the input.
  bool is_silent() const { return stream_.is_silent(); }

  /// Leaves out bytes that look_ahead has shown.
  void skip(std::size_t bytes) { taken_ += bytes; }

  /// The most recently read bytes come again.
  void put_back(std::span<const std::byte> bytes);

 private:
  Result<std::size_t> read_some(std::span<std::byte> to);

  columnar::ByteStream& stream_;
  std::vector<std::byte> held_;  // bytes [0, taken_) were read, the others come before the stream's
  std::size_t taken_ = 0;
};

}  // namespace outfall::sources
