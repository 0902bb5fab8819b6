// SPDX-License-Identifier: Apache-2.0
//
// Bytes held back in front of a stream.
#include "sources/files/pushback_stream.h"

#include <algorithm>

namespace outfall::sources {
namespace {

// Smaller reads are served from one of this size, so that tiny chunks do not cost a system call each.
constexpr std::size_t small_read_bytes = std::size_t{64} << 10;

}  // namespace

Result<PushbackStream::Count> PushbackStream::read_available(std::span<std::byte> to) {
  std::size_t filled = 0;
  while (filled < to.size()) {
    const Result<std::size_t> count = read_some(to.subspan(filled));
    if (!count) return fail(count.error());
    if (*count == 0) return Count{.bytes = filled, .at_end = true};
    filled += *count;
    if (filled < to.size() && taken_ == held_.size() && stream_.is_silent()) break;
  }
  return Count{.bytes = filled};
}

Result<std::size_t> PushbackStream::read_some(std::span<std::byte> to) {
  if (taken_ == held_.size()) {
    if (to.size() >= small_read_bytes) {
      held_.clear();
      taken_ = 0;
      return stream_.read(to);
    }
    held_.resize(small_read_bytes);
    taken_ = 0;
    const Result<std::size_t> count = stream_.read(held_);
    held_.resize(count.value_or(0));
    if (!count) return count;
  }
  const std::size_t count = std::min(to.size(), held_.size() - taken_);
  std::copy_n(held_.begin() + static_cast<std::ptrdiff_t>(taken_), count, to.begin());
  taken_ += count;
  return count;
}

Result<PushbackStream::Ahead> PushbackStream::look_ahead(std::size_t bytes) {
  const std::size_t known = held_.size() - taken_;
  if (known >= bytes) return Ahead{.bytes = std::span<const std::byte>(held_).subspan(taken_, bytes)};
  held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(taken_));
  taken_ = 0;
  held_.resize(bytes);
  const Result<std::size_t> count = stream_.read(std::span(held_).subspan(known));
  held_.resize(known + count.value_or(0));
  if (!count) return fail(count.error());
  return Ahead{.bytes = held_, .at_end = *count == 0};
}

void PushbackStream::put_back(std::span<const std::byte> bytes) {
  if (bytes.size() <= taken_) {
    taken_ -= bytes.size();
    return;
  }
  held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(taken_));
  held_.insert(held_.begin(), bytes.begin(), bytes.end());
  taken_ = 0;
}

}  // namespace outfall::sources
