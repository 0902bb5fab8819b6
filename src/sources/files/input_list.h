// SPDX-License-Identifier: Apache-2.0
//
// The inputs that a command names: files, globs, folders, standard input; and the table that each goes to.
//
// Inputs stand in the order in which they were named; what a glob or a folder holds is sorted by the bytes of the path,
// so the list is the same on every machine. Names that begin with a dot are left out. A folder is walked to its leaves;
// links to files are followed, links to folders are not.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "normalize/document_source.h"
#include "outfall/error.h"

namespace outfall::limits {
/// Inputs of one run: what a list in memory may hold.
inline constexpr std::size_t inputs_max = 1'000'000;
/// Folders inside folders that a walk enters.
inline constexpr std::size_t folder_depth_max = 64;
}  // namespace outfall::limits

namespace outfall::sources {

/// What the files of a glob or a folder become, where no table was named.
enum class FolderTables : std::uint8_t {
  one,       ///< rows of one table, named after the folder
  per_file,  ///< rows of the table of their stem, as files that are named
};

/// What is said of a name that nothing is there for.
enum class Missing : std::uint8_t { refused, allowed };

struct Input {
  std::string path;           ///< absolute; "-" is standard input
  std::string table;          ///< before naming
  std::uint64_t size = 0;     ///< when it was listed; 0 for what is not a regular file
  std::int64_t mtime_ns = 0;  ///< since 1970 UTC
  /// The folder's name where each of its files has a table of its own: which tables these are changes with the files.
  std::string group{};
  normalize::Presence presence = normalize::Presence::there;  ///< missing only where that is allowed
  /// Not empty: it tells of the loads of a dataset, and is to be left out; how to call it then.
  std::string left_out_as{};
  bool operator==(const Input&) const = default;
};

/// Expands what was named. An empty `table` gives every named file the table of its stem, and a glob or folder what
/// `folders` says. Files that are called, or stand in a folder that is called like a table in which a dataset tells of
/// its loads (`_dlt_loads`) are to be left out, unless one is named together with a table.
///
/// Glob patterns know `*`, `?`, `[...]` within a name and `**` for any folders between. A file whose name looks like a
/// pattern and exists is that file. A folder without files is one input, without documents.
///
/// Errors (Blame::usage): nothing is there or nothing matches, and that is not allowed; a file is named twice; standard
/// input is a terminal, or has no table; everything is to be left out.
Result<std::vector<Input>> list_inputs(std::span<const std::string> named, std::string_view table,
                                       FolderTables folders = FolderTables::one, Missing missing = Missing::refused);

}  // namespace outfall::sources
