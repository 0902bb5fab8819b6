// SPDX-License-Identifier: Apache-2.0
//
// One open file: the system calls behind File, and the errors that they answer with.
#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/limits.h"

namespace outfall {
namespace {

// The kernel moves at most this many bytes in one call; asking for more is answered with less.
constexpr std::size_t transfer_bytes_max = std::size_t{1} << 30;

template <class Call>
auto repeat_interrupted(Call call) {
  auto answer = call();
  while (answer < 0 && errno == EINTR) {
    answer = call();
  }
  return answer;
}

Remedy remedy_for(int error_number) {
  switch (error_number) {
    case EAGAIN:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      return Remedy::retry;
    default:
      return Remedy::abandon;
  }
}

FileKind kind_of(mode_t mode) {
  if (S_ISREG(mode)) return FileKind::regular;
  if (S_ISDIR(mode)) return FileKind::directory;
  if (S_ISLNK(mode)) return FileKind::symlink;
  return FileKind::other;
}

FileStat to_file_stat(const struct stat& found) {
  return {.size = static_cast<std::uint64_t>(found.st_size),
          .mtime_ns = std::int64_t{found.st_mtim.tv_sec} * 1'000'000'000 + found.st_mtim.tv_nsec,
          .device = found.st_dev,
          .inode = found.st_ino,
          .kind = kind_of(found.st_mode)};
}

}  // namespace

std::string_view system_hint(int error_number) {
  switch (error_number) {
    case ENOSPC:
      return "the disk is full: free some space and run again, nothing that was recorded is lost";
    case EFBIG:
      return "the file reached the size that this process may write: raise the limit (ulimit -f)";
    case EDQUOT:
      return "the disk quota is used up: free some space and run again, nothing that was recorded is lost";
    case EROFS:
      return "the file system is read-only: choose another folder or mount it writable";
    case EACCES:
    case EPERM:
      return "this user may not do that: check the owner and the permissions of the file and its folder";
    case ENOENT:
      return "check the path: it, or a folder on the way, does not exist";
    case EMFILE:
    case ENFILE:
      return "too many open files: raise the limit (ulimit -n)";
    case EIO:
      return "the disk or the network file system failed: check the system log before running again";
    default:
      return "";
  }
}

Error system_error(std::string_view doing, std::string_view path, int error_number) {
  // Not strerror: its text follows the locale of the host process.
  const char* answer = strerrordesc_np(error_number);
  const std::string text = answer != nullptr ? std::string(answer) : fmt::format("error {}", error_number);
  return {.message = fmt::format("cannot {} {}: {}", doing, path, text),
          .hint = std::string(system_hint(error_number)),
          .remedy = remedy_for(error_number)};
}

Result<File> File::open(std::string path, OpenMode mode) {
  int flags = O_CLOEXEC;
  switch (mode) {
    case OpenMode::read:
      flags |= O_RDONLY;
      break;
    case OpenMode::read_pipe:
      flags |= O_RDONLY | O_NONBLOCK;
      break;
    case OpenMode::update:
      flags |= O_RDWR;
      break;
    case OpenMode::append:
      flags |= O_WRONLY | O_CREAT | O_APPEND;
      break;
    case OpenMode::create_new:
      flags |= O_WRONLY | O_CREAT | O_EXCL;
      break;
  }
  const int descriptor = repeat_interrupted([&] { return ::open(path.c_str(), flags, 0666); });
  if (descriptor < 0) {
    const bool existing = mode != OpenMode::append && mode != OpenMode::create_new;
    return fail(system_error(existing ? "open" : "create", path, errno));
  }
  return File(std::move(path), descriptor);
}

File& File::operator=(File&& other) noexcept {
  if (this != &other) {
    static_cast<void>(close());
    path_ = std::move(other.path_);
    descriptor_ = std::exchange(other.descriptor_, -1);
  }
  return *this;
}

File::~File() {
  static_cast<void>(close());
}

Result<std::size_t> File::read(std::span<std::byte> buffer) {
  const std::size_t wanted = std::min(buffer.size(), transfer_bytes_max);
  const ssize_t count = repeat_interrupted([&] { return ::read(descriptor_, buffer.data(), wanted); });
  if (count < 0) {
    return fail(system_error("read", path_, errno));
  }
  return static_cast<std::size_t>(count);
}

Result<std::size_t> File::read_at(std::uint64_t offset, std::span<std::byte> buffer) {
  const std::size_t wanted = std::min(buffer.size(), transfer_bytes_max);
  const ssize_t count =
      repeat_interrupted([&] { return ::pread(descriptor_, buffer.data(), wanted, static_cast<off_t>(offset)); });
  if (count < 0) {
    return fail(system_error("read", path_, errno));
  }
  return static_cast<std::size_t>(count);
}

Status File::write(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const std::size_t wanted = std::min(bytes.size(), transfer_bytes_max);
    const ssize_t count = repeat_interrupted([&] { return ::write(descriptor_, bytes.data(), wanted); });
    if (count <= 0) {
      return fail(system_error("write", path_, count < 0 ? errno : ENOSPC));
    }
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

Status File::write_at(std::uint64_t offset, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const std::size_t wanted = std::min(bytes.size(), transfer_bytes_max);
    const ssize_t count =
        repeat_interrupted([&] { return ::pwrite(descriptor_, bytes.data(), wanted, static_cast<off_t>(offset)); });
    if (count <= 0) {
      return fail(system_error("write", path_, count < 0 ? errno : ENOSPC));
    }
    bytes = bytes.subspan(static_cast<std::size_t>(count));
    offset += static_cast<std::uint64_t>(count);
  }
  return {};
}

Result<std::uint64_t> File::size() const {
  const Result<FileStat> found = stat_file(*this);
  if (!found) {
    return std::unexpected(found.error());
  }
  return found->size;
}

void File::begin_write_back(std::uint64_t offset, std::uint64_t bytes) const {
  // Where the file system cannot, the sync does it all.
  (void)::sync_file_range(descriptor_, static_cast<off_t>(offset), static_cast<off_t>(bytes), SYNC_FILE_RANGE_WRITE);
}

Status File::sync_data() {
  if (repeat_interrupted([&] { return ::fdatasync(descriptor_); }) != 0) {
    return fail(system_error("sync", path_, errno));
  }
  return {};
}

Status File::sync() {
  if (repeat_interrupted([&] { return ::fsync(descriptor_); }) != 0) {
    return fail(system_error("sync", path_, errno));
  }
  return {};
}

Status File::close() {
  const int descriptor = std::exchange(descriptor_, -1);
  // After EINTR Linux has closed the descriptor all the same; a second call could close somebody else's.
  if (descriptor >= 0 && ::close(descriptor) != 0 && errno != EINTR) {
    return fail(system_error("close", path_, errno));
  }
  return {};
}

Result<FileStat> stat_file(const std::string& path) {
  struct stat found{};
  if (::stat(path.c_str(), &found) != 0) {
    return fail(system_error("look at", path, errno));
  }
  return to_file_stat(found);
}

Result<FileStat> stat_file(const File& file) {
  struct stat found{};
  if (::fstat(file.descriptor(), &found) != 0) {
    return fail(system_error("look at", file.path(), errno));
  }
  return to_file_stat(found);
}

Result<bool> file_exists(const std::string& path) {
  struct stat found{};
  if (::stat(path.c_str(), &found) == 0) {
    return true;
  }
  if (errno == ENOENT || errno == ENOTDIR) {
    return false;
  }
  return fail(system_error("look at", path, errno));
}

Result<std::string> read_file(const std::string& path) {
  Result<File> file = File::open(path, OpenMode::read);
  if (!file) {
    return std::unexpected(std::move(file).error());
  }
  // Read to the end and not to the stated size: files of the kernel state 0.
  std::string text;
  std::byte buffer[16384];
  while (true) {
    const Result<std::size_t> count = file->read(buffer);
    if (!count) {
      return std::unexpected(count.error());
    }
    if (*count == 0) {
      return text;
    }
    if (text.size() + *count > limits::whole_file_bytes_max) {
      return fail(
          fmt::format("cannot read {} as a whole: it is longer than {} bytes", path, limits::whole_file_bytes_max));
    }
    text.append(reinterpret_cast<const char*>(buffer), *count);
  }
}

}  // namespace outfall
