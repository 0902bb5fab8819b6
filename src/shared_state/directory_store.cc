// SPDX-License-Identifier: Apache-2.0
#include "shared_state/directory_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <span>
#include <utility>

#include "base/file.h"

namespace outfall::shared_state {
namespace {

constexpr std::string_view unfinished = ".unfinished";
constexpr std::size_t name_bytes = 16;  // of random names
constexpr std::size_t copied_at_once = std::size_t{1} << 20;

Status copy(File& from, File& to) {
  std::vector<std::byte> buffer(copied_at_once);
  while (true) {
    const Result<std::size_t> count = from.read(buffer);
    if (!count) return fail(count.error());
    if (*count == 0) return {};
    if (Status written = to.write(std::span(buffer).first(*count)); !written) return written;
  }
}

/// None: it is not there.
Result<std::optional<File>> open_if_there(const std::string& path) {
  Result<File> file = File::open(path, OpenMode::read);
  if (file) return std::optional(std::move(*file));
  const Result<bool> exists = file_exists(path);
  if (exists && !*exists) return std::nullopt;
  return fail(std::move(file.error()));
}

/// Whether the file has a second name. Over a network the answer to the call that gave it may have been lost.
bool has_two_names(const std::string& path) {
  struct stat found{};
  return ::stat(path.c_str(), &found) == 0 && found.st_nlink == 2;
}

Result<bool> rename_exclusively(const std::string& from, const std::string& to) {
  if (::renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno == EEXIST) return false;
  if (errno != EINVAL && errno != ENOSYS) return fail(system_error("make", to, errno));
  return fail(fmt::format("cannot make {}: its file system has neither hard links nor exclusive renames", to),
              "the shared state needs one of the two: choose a folder on another file system");
}

/// Gives the file its name, unless that is taken.
Result<bool> name_exclusively(const std::string& from, const std::string& to) {
  if (::link(from.c_str(), to.c_str()) == 0) return true;
  const int error = errno;
  if (has_two_names(from)) return true;
  if (error == EEXIST) return false;
  if (error == EPERM || error == EOPNOTSUPP || error == ENOSYS) return rename_exclusively(from, to);
  Error failed = system_error("make", to, error);
  if (error == ENOENT) failed.remedy = Remedy::retry;  // taken away as unfinished
  return fail(std::move(failed));
}

}  // namespace

DirectoryStore::DirectoryStore(std::string root, Env& env)
    : root_(std::move(root)), address_("dir:" + root_), env_(env) {}

Result<std::unique_ptr<ObjectStore>> DirectoryStore::open(const std::string& root, Env& env) {
  const Result<FileStat> found = stat_file(root);
  if (found && found->kind == FileKind::directory) return std::unique_ptr<ObjectStore>(new DirectoryStore(root, env));
  const bool is_there = file_exists(root).value_or(true);
  std::string message = found ? fmt::format("the shared state dir:{}: this is no folder", root)
                              : fmt::format("the shared state dir:{}: {}", root, found.error().message);
  return fail(Error{.message = std::move(message),
                    .hint = is_there && !found ? found.error().hint
                                               : "mount it, or make the folder: it is not made here, because a disk "
                                                 "that is not mounted would look like a new one",
                    .blame = Blame::usage});
}

std::string DirectoryStore::folder_path(const std::string& folder) const {
  return fmt::format("{}/{}", root_, folder);
}

std::string DirectoryStore::path_of(const ObjectName& name) const {
  return fmt::format("{}/{}/{}", root_, name.folder, name.name);
}

Result<std::vector<std::string>> DirectoryStore::folders() {
  Result<std::vector<DirectoryEntry>> entries = list_directory(root_);
  if (!entries) return fail(std::move(entries.error()));
  std::vector<std::string> found;
  for (DirectoryEntry& entry : *entries) {
    if (entry.kind == FileKind::directory) found.push_back(std::move(entry.name));
  }
  return found;
}

Result<std::vector<std::string>> DirectoryStore::list(const std::string& folder) {
  const Result<bool> exists = file_exists(folder_path(folder));
  if (!exists) return fail(exists.error());
  std::vector<std::string> found;
  if (!*exists) return found;
  Result<std::vector<DirectoryEntry>> entries = list_directory(folder_path(folder));
  if (!entries) return fail(std::move(entries.error()));
  for (DirectoryEntry& entry : *entries) {
    if (entry.kind == FileKind::regular) found.push_back(std::move(entry.name));
  }
  return found;
}

Result<std::optional<std::string>> DirectoryStore::read(const ObjectName& name) {
  Result<std::string> text = outfall::read_file(path_of(name));
  if (text) return std::optional(std::move(*text));
  const Result<bool> exists = file_exists(path_of(name));
  if (exists && !*exists) return std::nullopt;
  return fail(std::move(text.error()));
}

Result<bool> DirectoryStore::read_file(const ObjectName& name, const std::string& path) {
  Result<std::optional<File>> from = open_if_there(path_of(name));
  if (!from) return fail(std::move(from.error()));
  if (!*from) return false;
  if (Status gone = remove_file(path); !gone) return fail(std::move(gone.error()));
  Result<File> to = File::open(path, OpenMode::create_new);
  if (!to) return fail(std::move(to.error()));
  if (Status copied = copy(**from, *to); !copied) return fail(std::move(copied.error()));
  if (Status synced = to->sync_data(); !synced) return fail(std::move(synced.error()));
  return true;
}

/// `fill(file)` writes the bytes.
template <class Fill>
Result<bool> DirectoryStore::put(const ObjectName& name, Fill fill) {
  const std::string folder = folder_path(name.folder);
  const std::string beside = fmt::format("{}/{}", folder, unfinished);
  if (Status made = make_directories(beside); !made) return fail(std::move(made.error()));
  const std::string path = fmt::format("{}/{}", beside, random_hex(env_, name_bytes));
  const auto put_there = [&]() -> Result<bool> {
    Result<File> file = File::open(path, OpenMode::create_new);
    if (!file) return fail(std::move(file.error()));
    if (Status filled = fill(*file); !filled) return fail(std::move(filled.error()));
    if (Status synced = file->sync_data(); !synced) return fail(std::move(synced.error()));
    if (Status closed = file->close(); !closed) return fail(std::move(closed.error()));
    return name_exclusively(path, path_of(name));
  };
  Result<bool> done = put_there();
  // One that stays costs room, and nothing else.
  static_cast<void>(remove_file(path));
  if (!done || !*done) return done;
  if (Status synced = sync_directory(folder); !synced) return fail(std::move(synced.error()));
  return done;
}

Result<bool> DirectoryStore::put_if_absent(const ObjectName& name, std::string_view bytes) {
  return put(name, [bytes](File& file) { return file.write(bytes); });
}

Result<bool> DirectoryStore::put_file_if_absent(const ObjectName& name, const std::string& path) {
  Result<File> from = File::open(path, OpenMode::read);
  if (!from) return fail(std::move(from.error()));
  return put(name, [&from](File& file) { return copy(*from, file); });
}

Status DirectoryStore::remove(const ObjectName& name) {
  return remove_file(path_of(name));
}

Status DirectoryStore::remove_unfinished(const std::string& folder) {
  return remove_tree(fmt::format("{}/{}", folder_path(folder), unfinished));
}

}  // namespace outfall::shared_state
