// SPDX-License-Identifier: Apache-2.0
#include "sql/duckdb_files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstddef>
#include <span>
#include <vector>

#include "base/file.h"

namespace outfall::sql {
namespace {

// Every entry of the log begins with its size and its checksum; DuckDB names the byte behind them.
constexpr std::uint64_t entry_head_bytes = 16;
// The entry that ends a commit has nothing but its type: one field and an end.
constexpr std::uint64_t commit_bytes = 5;
constexpr std::array type_field{std::byte{0x64}, std::byte{0x00}};
constexpr std::size_t copy_bytes = std::size_t{1} << 20;

std::string log_of(const std::string& path) {
  return path + ".wal";
}

Status copy_file(File& from, const std::string& to) {
  if (Status removed = remove_file(to); !removed) return removed;  // of a crash in the middle of a copy
  Result<File> copy = File::open(to, OpenMode::create_new);
  if (!copy) return fail(std::move(copy.error()));
  std::vector<std::byte> buffer(copy_bytes);
  while (true) {
    const Result<std::size_t> count = from.read(buffer);
    if (!count) return fail(count.error());
    if (*count == 0) return copy->sync();
    if (Status written = copy->write(std::span(buffer).first(*count)); !written) return written;
  }
}

/// Whether an entry stands behind the next end of a commit. Such a commit was synced before that entry was written, and
/// all of the log before it too.
Result<bool> was_synced(File& log, std::uint64_t entry, std::uint64_t size) {
  bool commit_ended = false;
  while (entry < size && size - entry >= entry_head_bytes + commit_bytes) {
    struct Entry {
      std::uint64_t bytes = 0;
      std::uint64_t checksum = 0;
      std::array<std::byte, type_field.size()> type{};
    } found;
    const Result<std::size_t> count = log.read_at(entry, std::as_writable_bytes(std::span(&found, 1)));
    if (!count) return fail(count.error());
    // Behind a size that was torn nothing is found again.
    if (found.bytes < commit_bytes || found.bytes > size - entry - entry_head_bytes) return false;
    if (commit_ended) return found.type == type_field;
    commit_ended = found.bytes == commit_bytes;
    entry += entry_head_bytes + found.bytes;
  }
  return false;
}

constexpr const char* damage_hint =
    "restore the database with its log from a backup; without the log it is as of its last checkpoint";

Error damaged(const std::string& log, std::uint64_t entry) {
  return {.message = fmt::format("open the log {}: it is damaged at byte {}, and commits stand behind that which no "
                                 "power cut can have left there; nothing was cut off",
                                 log, entry),
          .hint = damage_hint};
}

Status cut(const std::string& log, std::uint64_t size) {
  Result<File> file = File::open(log, OpenMode::append);
  if (!file) return fail(std::move(file.error()));
  if (::ftruncate(file->descriptor(), static_cast<off_t>(size)) != 0) return fail(system_error("cut", log, errno));
  return file->sync();
}

}  // namespace

std::string draft_of(const std::string& path) {
  return path + ".outfall-new";
}

Status make_database_file(const std::string& path, const std::function<Status(const std::string& path)>& create) {
  const std::string draft = draft_of(path);
  // What a crash left of an earlier try. If another process is just at it, its rename finds nothing, and it comes
  // again.
  for (const std::string& old : {draft, log_of(draft)}) {
    if (Status removed = remove_file(old); !removed) return removed;
  }
  if (Status created = create(draft); !created) {
    (void)remove_file(draft);
    return created;
  }
  if (::renameat2(AT_FDCWD, draft.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) != 0) {
    const int answer = errno;
    if (Status removed = remove_file(draft); !removed) return removed;
    // Where the file system cannot do this DuckDB makes the file in its place.
    if (answer != EEXIST && answer != ENOENT && answer != EINVAL) return fail(system_error("rename", draft, answer));
  }
  return sync_directory(std::string(parent_path(path)));
}

bool lock_database(const File& database) {
  struct flock whole{};
  whole.l_type = F_WRLCK;
  whole.l_whence = SEEK_SET;
  return ::fcntl(database.descriptor(), F_OFD_SETLK, &whole) == 0;
}

std::optional<LogMark> mark_log(const std::string& path) {
  const Result<FileStat> found = stat_file(log_of(path));
  if (!found) return std::nullopt;
  return LogMark{.inode = found->inode, .size = found->size, .mtime_ns = found->mtime_ns};
}

std::optional<std::uint64_t> number_behind(std::string_view answer, std::string_view words) {
  const std::size_t found = answer.find(words);
  if (found == std::string_view::npos) return std::nullopt;
  answer.remove_prefix(found + words.size());
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(answer.data(), answer.data() + answer.size(), number);
  if (error != std::errc{}) return std::nullopt;
  return number;
}

std::optional<std::uint64_t> torn_entry(std::string_view answer) {
  const auto position = number_behind(answer, "Corrupt WAL file: entry at byte position ");
  if (!position || *position < entry_head_bytes) return std::nullopt;
  return *position - entry_head_bytes;
}

std::string torn_log_hint(const std::string& path, std::uint64_t entry) {
  const std::string log = log_of(path);
  Result<File> file = File::open(log, OpenMode::read);
  const Result<FileStat> found = stat_file(log);
  if (file && found && was_synced(*file, entry, found->size).value_or(false)) {
    return fmt::format("{} is damaged at byte {}, and no power cut did that: {}", log, entry, damage_hint);
  }
  return fmt::format(
      "a power cut may have torn its log: outfall run or resume cuts it off at the last whole commit, and keeps {} as "
      "it is",
      log);
}

Result<std::optional<std::string>> cut_torn_log(const std::string& path, const LogMark& seen, std::uint64_t entry) {
  Result<File> database = File::open(path, OpenMode::append);
  if (!database) return fail(std::move(database.error()));
  if (!lock_database(*database) || mark_log(path) != seen || entry >= seen.size) return std::nullopt;
  const std::string log = log_of(path);
  const std::string copy = fmt::format("{}.torn-{}", log, seen.mtime_ns);
  Result<File> torn = File::open(log, OpenMode::read);
  if (!torn) return fail(std::move(torn.error()));
  const Result<bool> synced = was_synced(*torn, entry, seen.size);
  if (!synced) return fail(synced.error());
  if (*synced) return fail(damaged(log, entry));
  Status done = copy_file(*torn, copy);
  // The copy has its name for good before the log is touched.
  if (done) done = sync_directory(std::string(parent_path(path)));
  if (done) done = cut(log, entry);
  if (!done) return fail(std::move(done.error()).in(fmt::format("cut off the torn end of {}", log)));
  return fmt::format(
      "a power cut had torn {} at byte {}; it was cut off there, at the last whole commit, and {} has it as it was",
      log, entry, copy);
}

}  // namespace outfall::sql
