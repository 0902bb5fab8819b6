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

  /// Fills `to` from the front; less than asked for means that the end was reached.
  Result<std::size_t> read_full(std::span<std::byte> to);

  /// The bytes that read_full would give next, `bytes` of them where there are as many. Valid until the next call.
  Result<std::span<const std::byte>> look_ahead(std::size_t bytes);

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
