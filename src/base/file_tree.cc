// SPDX-License-Identifier: Apache-2.0
//
// Folders and names: listing, making, removing, renaming, and the arithmetic of paths.
#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <memory>

#include "base/file.h"
#include "base/limits.h"

namespace outfall {
namespace {

struct CloseDirectory {
  void operator()(DIR* directory) const { ::closedir(directory); }
};

FileKind kind_of_entry(DIR* directory, const dirent& entry) {
  switch (entry.d_type) {
    case DT_REG:
      return FileKind::regular;
    case DT_DIR:
      return FileKind::directory;
    case DT_LNK:
      return FileKind::symlink;
    case DT_UNKNOWN:
      break;
    default:
      return FileKind::other;
  }
  // Some file systems do not know the kind while listing.
  struct stat found{};
  if (::fstatat(::dirfd(directory), entry.d_name, &found, AT_SYMLINK_NOFOLLOW) != 0) {
    return FileKind::other;
  }
  if (S_ISREG(found.st_mode)) return FileKind::regular;
  if (S_ISDIR(found.st_mode)) return FileKind::directory;
  return S_ISLNK(found.st_mode) ? FileKind::symlink : FileKind::other;
}

// The new name in the folder above. Where we may write and not read, the folder cannot be opened, and all of its file
// system is synced.
Status sync_name(const std::string& path) {
  const std::string parent(parent_path(path));
  if (::access(parent.c_str(), R_OK) == 0) {
    return sync_directory(parent);
  }
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = descriptor >= 0 && ::syncfs(descriptor) == 0;
  const int error = errno;
  if (descriptor >= 0) {
    ::close(descriptor);
  }
  return synced ? Status{} : fail(system_error("sync folder", path, error));
}

Status make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), 0777) == 0) {
    return sync_name(path);
  }
  const int error = errno;
  const Result<FileStat> found = stat_file(path);
  if (found && found->kind == FileKind::directory) {
    return {};
  }
  return fail(system_error("make folder", path, found ? ENOTDIR : error));
}

// Removes what is not a folder from `path`, and puts the folders on the stack. An empty one is removed.
Status remove_level(const std::string& path, std::vector<std::string>& stack) {
  const Result<std::vector<DirectoryEntry>> entries = list_directory(path);
  if (!entries) {
    return std::unexpected(entries.error());
  }
  bool empty = true;
  for (const DirectoryEntry& entry : *entries) {
    std::string child = path + "/" + entry.name;
    if (entry.kind == FileKind::directory) {
      empty = false;
      stack.push_back(std::move(child));
    } else if (Status removed = remove_file(child); !removed) {
      return removed;
    }
  }
  if (!empty) {
    return {};
  }
  stack.pop_back();
  if (::rmdir(path.c_str()) != 0 && errno != ENOENT) {
    return fail(system_error("remove folder", path, errno));
  }
  return {};
}

}  // namespace

Result<std::vector<DirectoryEntry>> list_directory(const std::string& path) {
  const std::unique_ptr<DIR, CloseDirectory> directory(::opendir(path.c_str()));
  if (!directory) {
    return fail(system_error("list folder", path, errno));
  }
  std::vector<DirectoryEntry> entries;
  while (true) {
    errno = 0;
    const dirent* entry = ::readdir(directory.get());
    if (entry == nullptr) {
      break;
    }
    const std::string_view name = entry->d_name;
    if (name == "." || name == "..") {
      continue;
    }
    if (entries.size() == limits::directory_entries_max) {
      return fail(fmt::format("cannot list folder {}: more than {} entries", path, limits::directory_entries_max),
                  "name the files, or split the folder");
    }
    entries.push_back({std::string(name), kind_of_entry(directory.get(), *entry)});
  }
  if (errno != 0) {
    return fail(system_error("list folder", path, errno));
  }
  std::ranges::sort(entries, {}, &DirectoryEntry::name);
  return entries;
}

Status make_directories(const std::string& path) {
  Result<std::string> absolute = absolute_path(path);
  if (!absolute) {
    return std::unexpected(std::move(absolute).error());
  }
  // From the longest existing parent downwards, so that folders above it need not be readable by us.
  std::vector<std::string> missing;
  std::string current = *absolute;
  while (current != "/") {
    const Result<bool> exists = file_exists(current);
    if (!exists) {
      return std::unexpected(exists.error());
    }
    if (*exists && !missing.empty()) {
      break;
    }
    missing.push_back(current);
    if (*exists) {
      break;
    }
    current = std::string(parent_path(current));
  }
  for (auto folder = missing.rbegin(); folder != missing.rend(); ++folder) {
    if (Status made = make_directory(*folder); !made) {
      return made;
    }
  }
  return {};
}

Status sync_names_above(const std::string& path) {
  const Result<std::string> absolute = absolute_path(path);
  if (!absolute) {
    return std::unexpected(absolute.error());
  }
  std::string parent;
  for (std::string name = *absolute; name != "/"; name = parent) {
    parent = parent_path(name);
    if (::access(parent.c_str(), W_OK) != 0) {
      continue;
    }
    if (Status synced = sync_name(name); !synced) {
      return synced;
    }
  }
  return {};
}

Status sync_directory(const std::string& path) {
  int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  while (descriptor < 0 && errno == EINTR) {
    descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  }
  if (descriptor < 0) {
    return fail(system_error("open folder", path, errno));
  }
  int answer = ::fsync(descriptor);
  while (answer != 0 && errno == EINTR) {
    answer = ::fsync(descriptor);
  }
  // Some file systems have nothing to sync for a folder and say EINVAL: their names are durable by themselves.
  const int error = answer == 0 || errno == EINVAL ? 0 : errno;
  ::close(descriptor);
  if (error != 0) {
    return fail(system_error("sync folder", path, error));
  }
  return {};
}

Status rename_file(const std::string& from, const std::string& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) {
    return fail(system_error(fmt::format("rename {} to", from), to, errno));
  }
  return {};
}

Status remove_file(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return fail(system_error("remove", path, errno));
  }
  return {};
}

Status remove_tree(const std::string& path) {
  struct stat found{};
  if (::lstat(path.c_str(), &found) != 0) {
    return errno == ENOENT ? Status() : fail(system_error("look at", path, errno));
  }
  if (!S_ISDIR(found.st_mode)) {
    return remove_file(path);
  }
  // A folder stays on the stack until a visit finds it empty. Somebody who keeps filling it must not hold us for ever:
  // a folder is visited twice, so visits are bounded by twice the entries of all folders; the stack by the entries of
  // one path.
  std::vector<std::string> stack{path};
  std::size_t visits = 0;
  while (!stack.empty()) {
    if (++visits > 2 * limits::directory_entries_max) {
      return fail(fmt::format("cannot remove {}: it does not become empty", path), "another program writes into it");
    }
    const std::string top = stack.back();
    if (Status removed = remove_level(top, stack); !removed) {
      return removed;
    }
  }
  return {};
}

Result<std::uint64_t> free_bytes(const std::string& path) {
  struct statvfs found{};
  if (::statvfs(path.c_str(), &found) != 0) {
    return fail(system_error("look at the file system of", path, errno));
  }
  return std::uint64_t{found.f_bavail} * found.f_frsize;
}

Result<std::string> absolute_path(std::string_view path) {
  std::string full;
  if (path.empty() || path.front() != '/') {
    const std::unique_ptr<char, decltype(&::free)> working_directory(::getcwd(nullptr, 0), &::free);
    if (!working_directory) {
      return fail(system_error("find the working directory for", path, errno));
    }
    full = std::string(working_directory.get()) + "/";
  }
  full += path;

  std::string clean;
  for (std::size_t begin = 0; begin < full.size();) {
    const std::size_t end = std::min(full.find('/', begin), full.size());
    const std::string_view part = std::string_view(full).substr(begin, end - begin);
    if (part == "..") {
      clean.resize(clean.empty() ? 0 : clean.rfind('/'));
    } else if (!part.empty() && part != ".") {
      clean.append("/").append(part);
    }
    begin = end + 1;
  }
  return clean.empty() ? "/" : clean;
}

std::string_view parent_path(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) {
    return ".";
  }
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string_view file_name(std::string_view path) {
  return path.substr(path.rfind('/') + 1);
}

}  // namespace outfall
