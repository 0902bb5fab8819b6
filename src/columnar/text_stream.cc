// SPDX-License-Identifier: Apache-2.0
//
// The C library's iconv over a stream, piece by piece.
#include "columnar/text_stream.h"

#include <fmt/format.h>
#include <iconv.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace outfall::columnar {
namespace {

constexpr std::size_t piece_bytes = std::size_t{64} << 10;
/// The longest character of any encoding that iconv knows, with room: what may be left of a piece.
constexpr std::size_t character_bytes_max = 16;
constexpr std::size_t mark_bytes = 2;

// iconv's own failure value is a pointer made of -1.
const iconv_t no_converter = reinterpret_cast<iconv_t>(-1);  // NOLINT(performance-no-int-to-ptr)

/// The first bytes again, then the rest.
class RewoundStream final : public ByteStream {
 public:
  RewoundStream(std::unique_ptr<ByteStream> inner, std::vector<std::byte> front)
      : inner_(std::move(inner)), front_(std::move(front)) {}

  Result<std::size_t> read(std::span<std::byte> to) override {
    if (front_.empty()) return inner_->read(to);
    const std::size_t count = std::min(to.size(), front_.size());
    std::copy_n(front_.begin(), count, to.begin());
    front_.erase(front_.begin(), front_.begin() + static_cast<std::ptrdiff_t>(count));
    return count;
  }
  const FileFacts& facts() const override { return inner_->facts(); }
  std::uint64_t raw_bytes() const override { return inner_->raw_bytes(); }
  RawContent raw_content() const override { return inner_->raw_content(); }

 private:
  std::unique_ptr<ByteStream> inner_;
  std::vector<std::byte> front_;
};

class ConvertedStream final : public ByteStream {
 public:
  ConvertedStream(std::unique_ptr<ByteStream> inner, iconv_t converter, std::string encoding, std::string name)
      : inner_(std::move(inner)), converter_(converter), encoding_(std::move(encoding)), name_(std::move(name)) {}
  ~ConvertedStream() override { ::iconv_close(converter_); }

  Result<std::size_t> read(std::span<std::byte> to) override {
    // A caller with less room than a character needs gets it in pieces.
    if (given_ == converted_.size()) {
      if (Status filled = convert_piece(); !filled) return fail(std::move(filled.error()));
    }
    const std::size_t count = std::min(to.size(), converted_.size() - given_);
    if (count > 0) std::memcpy(to.data(), converted_.data() + given_, count);
    given_ += count;
    return count;
  }
  const FileFacts& facts() const override { return inner_->facts(); }
  std::uint64_t raw_bytes() const override { return inner_->raw_bytes(); }
  RawContent raw_content() const override { return inner_->raw_content(); }

 private:
  /// Fills converted_ with at least a character; leaves it empty at the end.
  Status convert_piece() {
    converted_.clear();
    given_ = 0;
    while (converted_.empty()) {
      if (fault_) return fail(*fault_);
      const Result<std::size_t> count = inner_->read(std::span(piece_).subspan(left_, piece_bytes));
      if (!count) return fail(count.error());
      const bool at_end = *count == 0;
      const std::size_t size = left_ + *count;
      if (size == 0) return {};
      if (Status done = convert(size, at_end); !done) return done;
      if (at_end && left_ > 0) return fail(broken("ends inside a character"));
    }
    return {};
  }

  /// Converts the first `size` bytes of the piece and keeps what is not a whole character yet.
  Status convert(std::size_t size, bool at_end) {
    char* from = reinterpret_cast<char*>(piece_.data());
    std::size_t from_left = size;
    // UTF-8 has at most four bytes for what takes one elsewhere.
    converted_.resize(size * 4 + character_bytes_max);
    char* to = reinterpret_cast<char*>(converted_.data());
    std::size_t to_left = converted_.size();
    const std::size_t result = ::iconv(converter_, &from, &from_left, &to, &to_left);
    const int problem = result == static_cast<std::size_t>(-1) ? errno : 0;
    converted_.resize(converted_.size() - to_left);
    offset_ += size - from_left;
    left_ = from_left;
    std::memmove(piece_.data(), from, from_left);
    const bool waits_for_more = problem == EINVAL && !at_end && left_ <= character_bytes_max;
    if (problem == 0 || waits_for_more) return {};
    // What was converted before the fault is handed on first.
    fault_ = broken("has bytes that are no character");
    return {};
  }

  Error broken(std::string_view what) const {
    return {.message = fmt::format("{}: the text {} of {}, at byte {}", name_, what, encoding_, offset_),
            .hint = "--encoding says how the file is written, such as --encoding latin1"};
  }

  std::unique_ptr<ByteStream> inner_;
  iconv_t converter_;
  std::string encoding_;
  std::string name_;
  std::array<std::byte, piece_bytes + piece_bytes> piece_{};
  std::size_t left_ = 0;      // bytes of piece_ that wait for more
  std::uint64_t offset_ = 0;  // of the first of them, in the decompressed input
  std::optional<Error> fault_;
  std::vector<std::byte> converted_;
  std::size_t given_ = 0;
};

}  // namespace

Result<std::unique_ptr<ByteStream>> make_text_stream(std::unique_ptr<ByteStream> bytes, const std::string& encoding,
                                                     std::string name) {
  std::string from = encoding;
  if (from.empty()) {
    std::vector<std::byte> front(mark_bytes);
    std::size_t size = 0;
    while (size < front.size()) {
      const Result<std::size_t> count = bytes->read(std::span(front).subspan(size));
      if (!count) return fail(count.error());
      if (*count == 0) break;
      size += *count;
    }
    front.resize(size);
    const std::string_view mark(reinterpret_cast<const char*>(front.data()), size);
    if (mark == "\xff\xfe" || mark == "\xfe\xff") from = "UTF-16";
    bytes = std::make_unique<RewoundStream>(std::move(bytes), std::move(front));
    if (from.empty()) return bytes;
  }
  const iconv_t converter = ::iconv_open("UTF-8", from.c_str());
  if (converter == no_converter) {
    return fail(Error{.message = fmt::format("the encoding '{}' is not known", from),
                      .hint = "`iconv -l` lists the names",
                      .blame = Blame::usage});
  }
  return std::make_unique<ConvertedStream>(std::move(bytes), converter, std::move(from), std::move(name));
}

}  // namespace outfall::columnar
