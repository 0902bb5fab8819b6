// SPDX-License-Identifier: Apache-2.0
//
// Databases that are files: the forms in which they are named, and whether one can be made.
#pragma once

#include <string>
#include <string_view>

#include "outfall/error.h"

namespace outfall::delivery {

/// A kind of database file.
struct FileKind {
  std::string_view scheme;   ///< `duckdb:`
  std::string_view name;     ///< DuckDB
  std::string_view example;  ///< an address
};

inline constexpr FileKind duckdb_file{.scheme = "duckdb:", .name = "DuckDB", .example = "duckdb:data.duckdb"};
inline constexpr FileKind sqlite_file{.scheme = "sqlite:", .name = "SQLite", .example = "sqlite:data.db"};

/// The absolute path that an address names: SCHEME:PATH, SCHEME:///RELATIVE or SCHEME:////ABSOLUTE.
///
/// Errors: usage: it is not of that kind, has a host, names no file, or means a database in memory.
Result<std::string> path_of(std::string_view address, const FileKind& kind);

/// Whether a file that is not there could be made.
///
/// Errors: usage: its folder is not there; abandon: it may not be written to.
Status check_makable(const std::string& path, const FileKind& kind);

}  // namespace outfall::delivery
