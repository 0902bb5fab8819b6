// SPDX-License-Identifier: Apache-2.0
#include "base/search_upwards.h"

#include <fmt/format.h>

#include "base/file.h"

namespace outfall {
namespace {

bool is_folder(const std::string& path) {
  const Result<FileStat> found = stat_file(path);
  return found && found->kind == FileKind::directory;
}

}  // namespace

// Ends at the root: each step is a shorter path.
std::optional<std::string> search_upwards(std::string_view folder, std::string_view name) {
  while (true) {
    std::string candidate = fmt::format("{}/{}", folder == "/" ? "" : folder, name);
    if (is_folder(candidate)) return candidate;
    if (folder == "/" || folder.empty() || folder.front() != '/') return std::nullopt;
    folder = parent_path(folder);
  }
}

}  // namespace outfall
