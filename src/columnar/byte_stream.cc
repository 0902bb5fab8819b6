// SPDX-License-Identifier: Apache-2.0
//
// Chooses how an input is read by its first bytes.
#include "columnar/byte_stream.h"

#include <algorithm>
#include <array>
#include <vector>

#include "columnar/byte_stream_raw.h"
#include "columnar/decompress.h"

namespace outfall::columnar {
namespace {

constexpr std::size_t read_bytes = std::size_t{1} << 20;

class PlainStream final : public RawBackedStream {
 public:
  using RawBackedStream::RawBackedStream;
  Result<std::size_t> read(std::span<std::byte> to) override { return raw_.read(to); }
};

bool begins_with(std::span<const std::byte> bytes, std::span<const std::uint8_t> magic) {
  return bytes.size() >= magic.size() && std::ranges::equal(bytes.first(magic.size()), std::as_bytes(magic));
}

bool is_gzip(std::span<const std::byte> first) {
  static constexpr std::array<std::uint8_t, 2> magic{0x1f, 0x8b};
  return begins_with(first, magic);
}

bool is_zstd(std::span<const std::byte> first) {
  static constexpr std::array<std::uint8_t, 4> frame{0x28, 0xb5, 0x2f, 0xfd};
  static constexpr std::array<std::uint8_t, 3> skippable{0x2a, 0x4d, 0x18};  // behind a byte 0x50 to 0x5f
  return begins_with(first, frame) || (first.size() == 4 && (first[0] & std::byte{0xf0}) == std::byte{0x50} &&
                                       begins_with(first.subspan(1), skippable));
}

}  // namespace

Result<std::unique_ptr<ByteStream>> open_byte_stream(ByteStreamOptions options) {
  Result<RawInput> raw = RawInput::open(std::move(options));
  if (!raw) return fail(std::move(raw).error());
  Result<std::span<const std::byte>> first = raw->peek();
  if (!first) return fail(std::move(first).error());
  if (is_gzip(*first)) return make_gzip_stream(std::move(*raw));
  if (is_zstd(*first)) return make_zstd_stream(std::move(*raw));
  return std::make_unique<PlainStream>(std::move(*raw));
}

Result<RawContent> read_to_end(ByteStream& bytes) {
  std::vector<std::byte> buffer(read_bytes);
  while (true) {
    const Result<std::size_t> count = bytes.read(buffer);
    if (!count) return fail(count.error());
    if (*count == 0) return bytes.raw_content();
  }
}

}  // namespace outfall::columnar
