// SPDX-License-Identifier: Apache-2.0
#include "delivery/database_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.h"
#include "base/utf8.h"

namespace outfall::delivery {

Result<std::string> path_of(std::string_view address, const FileKind& kind) {
  const auto bad = [&](std::string_view why) {
    return fail(Error{.message = fmt::format("destination {}: {}", address, why),
                      .hint = fmt::format("write {}PATH, such as {}", kind.scheme, kind.example),
                      .blame = Blame::usage});
  };
  if (!address.starts_with(kind.scheme)) return bad(fmt::format("not an address of {}", kind.name));
  std::string_view path = address.substr(kind.scheme.size());
  if (path.starts_with("///")) {
    path.remove_prefix(3);
  } else if (path.starts_with("//")) {
    return bad(fmt::format("a {} file has no host; an absolute path takes four slashes", kind.name));
  }
  if (path.empty()) return bad("it names no file");
  if (path == ":memory:") return bad("a database in memory would be gone with the run");
  if (path.find('\0') != std::string_view::npos) return bad("a path cannot contain a NUL byte");
  Result<std::string> absolute = absolute_path(path);
  if (absolute && !is_valid_utf8(*absolute)) {
    return bad(fmt::format("its path is not UTF-8, and {} opens no other; rename the file or its folder", kind.name));
  }
  return absolute;
}

Status check_makable(const std::string& path, const FileKind& kind) {
  const std::string folder(parent_path(path));
  const Result<bool> has_folder = file_exists(folder);
  if (!has_folder) return fail(has_folder.error());
  if (*has_folder && ::access(folder.c_str(), W_OK) == 0) return {};
  if (*has_folder) return fail(system_error(fmt::format("make {} database", kind.name), path, errno));
  return fail(Error{.message = fmt::format("open {} database {}: the folder {} is not there", kind.name, path, folder),
                    .hint = "make the folder first, or name another path",
                    .blame = Blame::usage});
}

}  // namespace outfall::delivery
