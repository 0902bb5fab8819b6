// SPDX-License-Identifier: Apache-2.0
//
// Files and folders, as the kernel has them: every failure is a Result with the path, the system's answer and what to
// do next.
//
// Nothing is durable until it was synced: a file by sync_data, a new name by sync_directory of its folder. Interrupted
// calls are repeated. A File is used by one thread at a time; the free functions by any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "outfall/error.h"

namespace outfall {

/// What to do about an errno; empty: nothing is known that would help.
std::string_view system_hint(int error_number);

/// The error for what the system answered: "cannot open /data/x: No space left on device", with the hint that fits.
[[nodiscard]] Error system_error(std::string_view doing, std::string_view path, int error_number);

enum class OpenMode {
  read,        ///< must exist
  read_pipe,   ///< the same, and a pipe does not have to have a writer yet: poll says when there is something to read
  update,      ///< must exist, written where one says
  append,      ///< made if missing, written at its end
  create_new,  ///< must not exist
};

class File {
 public:
  /// Closed by whoever holds it last; descriptors are never inherited by other programs.
  static Result<File> open(std::string path, OpenMode mode);

  File(File&& other) noexcept : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}
  File& operator=(File&& other) noexcept;
  ~File();

  /// Up to buffer.size() bytes; 0 means the end of the file.
  Result<std::size_t> read(std::span<std::byte> buffer);

  /// The same from a place of its own; the file's position stays.
  Result<std::size_t> read_at(std::uint64_t offset, std::span<std::byte> buffer);

  /// Writes all bytes, or says why not; then some of them may be in the file.
  Status write(std::span<const std::byte> bytes);
  Status write(std::string_view text) { return write(std::as_bytes(std::span(text))); }

  /// The same at a place of its own; the file's position stays. Not for OpenMode::append.
  Status write_at(std::uint64_t offset, std::span<const std::byte> bytes);

  Result<std::uint64_t> size() const;

  /// Has the kernel begin to bring these bytes to the disk, so that a later sync waits for less. Promises nothing.
  void begin_write_back(std::uint64_t offset, std::uint64_t bytes) const;

  /// The bytes, and the length that is needed to read them back, survive a power cut.
  Status sync_data();

  /// The same with all of the file's attributes.
  Status sync();

  /// Closes and says if the system lost something on the way. The destructor closes in silence.
  Status close();

  int descriptor() const { return descriptor_; }
  const std::string& path() const { return path_; }

 private:
  File(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}

  std::string path_;
  int descriptor_ = -1;
};

enum class FileKind { regular, directory, symlink, other };

struct FileStat {
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;  ///< nanoseconds since 1970
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  FileKind kind = FileKind::other;
};

/// Follows symbolic links.
Result<FileStat> stat_file(const std::string& path);
Result<FileStat> stat_file(const File& file);

/// Whether something has this name; anything but "no such file" is an error.
Result<bool> file_exists(const std::string& path);

struct DirectoryEntry {
  std::string name;
  FileKind kind = FileKind::other;  ///< of the entry itself: links are not followed
};

/// All entries but "." and "..", in byte order of their names.
///
/// Errors: abandon: more than limits::directory_entries_max entries.
Result<std::vector<DirectoryEntry>> list_directory(const std::string& path);

/// Makes the folder and its missing parents; what was made is durable. An existing folder is a success.
Status make_directories(const std::string& path);

/// Makes the names durable that lead to an existing folder: whoever made them may have died before it came to that.
/// Where this user may not write, nobody made a name for it.
Status sync_names_above(const std::string& path);

/// Makes the names in a folder durable: what was created, renamed or removed in it.
Status sync_directory(const std::string& path);

/// Replaces `to` in one step. Durable after sync_directory of both folders.
Status rename_file(const std::string& from, const std::string& to);

/// A missing file is a success.
Status remove_file(const std::string& path);

/// Removes a folder with all that is in it; links are removed, not followed. A missing one is a success.
Status remove_tree(const std::string& path);

/// Bytes that a user without privileges may still write to the file system of `path`, which must exist.
Result<std::uint64_t> free_bytes(const std::string& path);

/// A small file as a whole.
///
/// Errors: abandon: longer than limits::whole_file_bytes_max.
Result<std::string> read_file(const std::string& path);

/// Absolute, without "." and "..", double or closing slashes. Links stay as they are: the file need not exist.
Result<std::string> absolute_path(std::string_view path);

/// Everything before the last slash of an absolute path ("/" for what stands in the root).
std::string_view parent_path(std::string_view path);

/// What stands behind the last slash; all of it where there is none.
std::string_view file_name(std::string_view path);

}  // namespace outfall
