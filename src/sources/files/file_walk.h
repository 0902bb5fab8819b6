// SPDX-License-Identifier: Apache-2.0
//
// Files in folders: all of them, or those that match a pattern. Lists are sorted by the bytes of the paths. Names that
// begin with a dot are left out unless a pattern says the dot, and so are databases of DuckDB with what belongs to
// them, unless they are named; links to folders are not entered by `**` or a walk.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "outfall/error.h"

namespace outfall::sources {

/// Whether a name holds any of the characters that make a pattern.
bool is_pattern(std::string_view name);

/// Every regular file below a folder, at any depth up to limits::folder_depth_max.
Result<std::vector<std::string>> files_below(const std::string& folder);

struct Matches {
  std::string folder;  ///< the longest part of the pattern that is no pattern
  std::vector<std::string> files;
};

/// The regular files that an absolute pattern matches.
Result<Matches> files_matching(const std::string& pattern);

}  // namespace outfall::sources
