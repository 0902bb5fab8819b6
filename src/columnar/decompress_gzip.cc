// SPDX-License-Identifier: Apache-2.0
//
// Gzip with zlib. Zlib stops at the end of a member; what follows is looked at here.
#include <zlib.h>

#include <algorithm>
#include <new>

#include "columnar/decompress.h"

namespace outfall::columnar {
namespace {

constexpr std::size_t output_bytes_max = std::size_t{1} << 30;  // zlib counts in 32 bits
constexpr int gzip_window_bits = 15 + 16;                       // the largest window, gzip headers only

class GzipStream final : public RawBackedStream {
 public:
  explicit GzipStream(RawInput raw)
      : RawBackedStream(std::move(raw)),
        input_(std::make_unique_for_overwrite<std::byte[]>(limits::compressed_read_bytes)) {
    if (inflateInit2(&zlib_, gzip_window_bits) != Z_OK) throw std::bad_alloc();
  }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;
  ~GzipStream() override { inflateEnd(&zlib_); }

  Result<std::size_t> read(std::span<std::byte> to) override {
    if (to.empty()) return 0;
    zlib_.next_out = reinterpret_cast<Bytef*>(to.data());
    zlib_.avail_out = static_cast<uInt>(std::min(to.size(), output_bytes_max));
    const uInt room = zlib_.avail_out;
    while (zlib_.avail_out == room) {
      if (Status filled = fill(); !filled) return fail(std::move(filled).error());
      if (!inside_member_) {
        const Result<Next> next = next_member();
        if (!next) return fail(next.error());
        if (*next == Next::end) return 0;
        if (*next == Next::more_bytes) continue;
      }
      if (Status step = inflate_step(); !step) return fail(std::move(step).error());
    }
    return room - zlib_.avail_out;
  }

  bool is_silent() const override { return zlib_.avail_in == 0 && raw_.is_silent(); }

 private:
  enum class Next { member, more_bytes, end };

  DamageSite site() const { return {.raw = raw_, .unread = zlib_.avail_in, .format = "gzip"}; }

  Status fill() {
    if (zlib_.avail_in > 0 || raw_ended_) return {};
    const Result<std::size_t> count = raw_.read({input_.get(), limits::compressed_read_bytes});
    if (!count) return fail(count.error());
    raw_ended_ = *count == 0;
    zlib_.next_in = reinterpret_cast<Bytef*>(input_.get());
    zlib_.avail_in = static_cast<uInt>(*count);
    return {};
  }

  Result<Next> next_member() {
    while (any_member_ && zlib_.avail_in > 0 && *zlib_.next_in == 0) {
      ++zlib_.next_in;
      --zlib_.avail_in;
    }
    if (zlib_.avail_in == 0) return raw_ended_ ? Next::end : Next::more_bytes;
    if (any_member_ && *zlib_.next_in != 0x1f)
      return fail(corrupt_error(site(), "something else follows the gzip data"));
    inflateReset(&zlib_);
    inside_member_ = any_member_ = true;
    return Next::member;
  }

  Status inflate_step() {
    const uInt out_before = zlib_.avail_out;
    const int answer = inflate(&zlib_, Z_NO_FLUSH);
    switch (answer) {
      case Z_STREAM_END:
        inside_member_ = false;
        return {};
      case Z_OK:
      case Z_BUF_ERROR:
        // Zlib may owe output for bytes that it has; only when nothing comes is the data really over.
        if (raw_ended_ && zlib_.avail_in == 0 && zlib_.avail_out == out_before) return fail(truncated_error(site()));
        return {};
      case Z_MEM_ERROR:
        throw std::bad_alloc();
      default:
        return fail(corrupt_error(site(), zlib_.msg != nullptr ? zlib_.msg : "not gzip"));
    }
  }

  std::unique_ptr<std::byte[]> input_;
  z_stream zlib_{};
  bool raw_ended_ = false;
  bool inside_member_ = false;
  bool any_member_ = false;
};

}  // namespace

Result<std::unique_ptr<ByteStream>> make_gzip_stream(RawInput raw) {
  return std::make_unique<GzipStream>(std::move(raw));
}

}  // namespace outfall::columnar
