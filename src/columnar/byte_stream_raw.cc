// SPDX-License-Identifier: Apache-2.0
//
// Reads files, pipes and standard input; sees that a file has the length it had, and that a stop ends a wait for a
// pipe.
#include "columnar/byte_stream_raw.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace outfall::columnar {
namespace {

// How long a silent pipe may keep us from seeing a stop.
constexpr int poll_ms = 100;
// A writer that is only slower than we are has written more by then; one that has nothing to say is not kept waiting.
constexpr int silence_ms = 50;
constexpr std::size_t read_bytes_max = std::size_t{1} << 30;

}  // namespace

Result<RawInput> RawInput::open(ByteStreamOptions options) {
  RawInput input;
  input.name_ = options.name.empty() ? options.path : options.name;
  input.stop_ = std::move(options.stop);
  if (options.path == "-") {
    input.descriptor_ = STDIN_FILENO;
    return input;
  }
  // A pipe that nobody writes to would hold up the open, where no stop is seen.
  Result<File> file = File::open(std::move(options.path), OpenMode::read_pipe);
  if (!file) return fail(std::move(file).error());
  Result<FileStat> found = stat_file(*file);
  if (!found) return fail(std::move(found).error());
  if (found->kind == FileKind::directory) return fail(fmt::format("cannot read {}: it is a folder", input.name_));
  if (found->kind == FileKind::regular) {
    input.facts_ = {.size = std::min(found->size, options.size_max.value_or(found->size)), .mtime_ns = found->mtime_ns};
    // Only a hint to the kernel: reading works without it.
    ::posix_fadvise(file->descriptor(), 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  input.descriptor_ = file->descriptor();
  input.file_ = std::move(*file);
  return input;
}

Result<std::span<const std::byte>> RawInput::peek() {
  while (front_size_ < front_.size()) {
    const Result<std::size_t> count = read_counted(std::span(front_).subspan(front_size_));
    if (!count) return fail(count.error());
    if (*count == 0) break;
    front_size_ += *count;
  }
  return std::span<const std::byte>(front_).first(front_size_);
}

Result<std::size_t> RawInput::read(std::span<std::byte> to) {
  if (front_taken_ < front_size_) {
    const std::size_t count = std::min(to.size(), front_size_ - front_taken_);
    std::copy_n(front_.begin() + static_cast<std::ptrdiff_t>(front_taken_), count, to.begin());
    front_taken_ += count;
    return count;
  }
  return read_counted(to);
}

Result<std::size_t> RawInput::read_counted(std::span<std::byte> to) {
  if (stop_.stop_requested()) {
    return fail(
        Error{.message = fmt::format("stopped while reading {}", name_), .hint = "", .blame = Blame::interrupted});
  }
  std::size_t wanted = std::min(to.size(), read_bytes_max);
  if (facts_.size) wanted = static_cast<std::size_t>(std::min<std::uint64_t>(wanted, *facts_.size - bytes_));
  if (wanted == 0) return to.empty() ? 0 : end_of_file();
  const Result<std::size_t> count = read_some(to.first(wanted));
  if (!count) return count;
  if (*count == 0) return end_of_file();
  hash_.update(std::span<const std::byte>(to.first(*count)));
  bytes_ += *count;
  return count;
}

Result<std::size_t> RawInput::read_some(std::span<std::byte> to) {
  if (facts_.size) return file_->read(to);
  while (true) {
    if (Status ready = wait_for_bytes(); !ready) return fail(std::move(ready).error());
    const ssize_t count = ::read(descriptor_, to.data(), to.size());
    if (count >= 0) return static_cast<std::size_t>(count);
    if (errno != EINTR && errno != EAGAIN) return fail(system_error("read", name_, errno));
  }
}

bool RawInput::is_silent() const {
  if (facts_.size || front_taken_ < front_size_) return false;
  pollfd waited{.fd = descriptor_, .events = POLLIN, .revents = 0};
  return ::poll(&waited, 1, silence_ms) == 0;
}

Status RawInput::wait_for_bytes() const {
  while (!stop_.stop_requested()) {
    pollfd waited{.fd = descriptor_, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&waited, 1, poll_ms);
    // Whatever else poll says, read says it better.
    if (ready > 0 || (ready < 0 && errno != EINTR)) return {};
  }
  return fail(
      Error{.message = fmt::format("stopped while waiting for {}", name_), .hint = "", .blame = Blame::interrupted});
}

Result<std::size_t> RawInput::end_of_file() {
  if (!facts_.size) return 0;
  const Result<FileStat> now = stat_file(*file_);
  if (!now) return fail(now.error());
  if (bytes_ < *facts_.size) {
    return fail(fmt::format("{} shrank while it was read: it had {} bytes when it was opened, reading ended at byte {}",
                            name_, *facts_.size, bytes_),
                "load it again when nothing writes to it");
  }
  grew_ = now->size > bytes_;
  // One that only grows is read as it was. Where it has the size of before, other bytes stand in the place of some.
  if (!grew_ && now->mtime_ns != facts_.mtime_ns) {
    return fail(fmt::format("{} changed while it was read", name_), "load it again when nothing writes to it");
  }
  return 0;
}

}  // namespace outfall::columnar
