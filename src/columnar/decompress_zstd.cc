// SPDX-License-Identifier: Apache-2.0
//
// Zstd, frame after frame.
#include <zstd.h>
#include <zstd_errors.h>

#include <fmt/format.h>

#include <new>

#include "columnar/decompress.h"

namespace outfall::columnar {
namespace {

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

class ZstdStream final : public RawBackedStream {
 public:
  explicit ZstdStream(RawInput raw)
      : RawBackedStream(std::move(raw)),
        input_(std::make_unique_for_overwrite<std::byte[]>(limits::compressed_read_bytes)),
        context_(ZSTD_createDCtx()) {
    if (context_ == nullptr) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, limits::zstd_window_log_max);
  }

  Result<std::size_t> read(std::span<std::byte> to) override {
    if (to.empty()) return 0;
    ZSTD_outBuffer out{.dst = to.data(), .size = to.size(), .pos = 0};
    while (out.pos == 0) {
      if (Status filled = fill(); !filled) return fail(std::move(filled).error());
      const bool exhausted = raw_ended_ && pending_.pos == pending_.size;
      if (exhausted && between_frames_) return 0;
      const std::size_t answer = ZSTD_decompressStream(context_.get(), &out, &pending_);
      if (ZSTD_isError(answer)) return fail(error(answer));
      between_frames_ = answer == 0;
      // Zstd may owe output for bytes that it has; only when nothing comes is the data really over.
      if (exhausted && out.pos == 0 && !between_frames_) return fail(truncated_error(site()));
    }
    return out.pos;
  }

  bool is_silent() const override { return pending_.pos == pending_.size && raw_.is_silent(); }

 private:
  DamageSite site() const { return {.raw = raw_, .unread = pending_.size - pending_.pos, .format = "zstd"}; }

  Status fill() {
    if (pending_.pos < pending_.size || raw_ended_) return {};
    const Result<std::size_t> count = raw_.read({input_.get(), limits::compressed_read_bytes});
    if (!count) return fail(count.error());
    raw_ended_ = *count == 0;
    pending_ = {.src = input_.get(), .size = *count, .pos = 0};
    return {};
  }

  Error error(std::size_t answer) const {
    switch (ZSTD_getErrorCode(answer)) {
      case ZSTD_error_memory_allocation:
        throw std::bad_alloc();
      case ZSTD_error_frameParameter_windowTooLarge:
        return {.message = fmt::format("cannot read {}: its zstd window is larger than {} MiB", raw_.name(),
                                       (1U << limits::zstd_window_log_max) >> 20U),
                .hint = fmt::format("compress it again with zstd --long={} or less", limits::zstd_window_log_max)};
      case ZSTD_error_prefix_unknown:
        return corrupt_error(site(), "something else follows the zstd data");
      default:
        return corrupt_error(site(), ZSTD_getErrorName(answer));
    }
  }

  std::unique_ptr<std::byte[]> input_;
  std::unique_ptr<ZSTD_DCtx, FreeContext> context_;
  ZSTD_inBuffer pending_{};
  bool raw_ended_ = false;
  bool between_frames_ = true;
};

}  // namespace

Result<std::unique_ptr<ByteStream>> make_zstd_stream(RawInput raw) {
  return std::make_unique<ZstdStream>(std::move(raw));
}

}  // namespace outfall::columnar
