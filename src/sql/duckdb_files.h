// SPDX-License-Identifier: Apache-2.0
//
// What DuckDB leaves open in its files when the power goes: a new file is not there as a whole or not at all, and a log
// that was being written when the power went is refused. Both are made good here, while DuckDB has the file closed.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.h"
#include "outfall/error.h"

namespace outfall::sql {

/// The name of a database file that is being made.
std::string draft_of(const std::string& path);

/// Puts a new database file in its place: `create` makes it under the name that it is given, then it is renamed and the
/// folder is synced. So the file is there with all of its headers, or it is not there. That somebody else was faster is
/// a success.
Status make_database_file(const std::string& path, const std::function<Status(const std::string& path)>& create);

/// Whether this process may write to the closed database now, which the lock keeps so until `database` is closed. It is
/// the lock that DuckDB takes before it looks at the log. Needs a file that is open for writing.
bool lock_database(const File& database);

/// The log of a database as it stood at some moment, so that it is known again.
struct LogMark {
  std::uint64_t inode = 0;
  std::uint64_t size = 0;
  std::int64_t mtime_ns = 0;
  bool operator==(const LogMark&) const = default;
};

/// None: there is no log.
std::optional<LogMark> mark_log(const std::string& path);

/// The number that stands behind these words in an answer of DuckDB's.
std::optional<std::uint64_t> number_behind(std::string_view answer, std::string_view words);

/// Where the log is torn, if DuckDB's answer to opening the database says that: the first byte of the entry whose
/// checksum does not fit.
std::optional<std::uint64_t> torn_entry(std::string_view answer);

/// What to do about a log with such an entry, for who mends nothing: it depends on what stands behind the entry.
std::string torn_log_hint(const std::string& path, std::uint64_t entry);

/// Cuts the log of the database at `path` off before the torn entry, and says in a sentence what was done. The log as
/// it was is kept beside it. None: somebody else has the database, or changed the log after `seen`; nothing was done.
///
/// No commit is lost by that when a power cut has torn the log: a commit is answered when all of the log before it is
/// synced, so nothing behind the first torn entry was ever answered. DuckDB does the same where the log ends too early;
/// it refuses where only a checksum is wrong. A worn disk is told from a power cut by the commits behind the entry;
/// where it has hit the last commit, or the size of an entry, it is not: hence the copy and the sentence.
///
/// Errors: commits that were synced stand behind the entry; nothing was done.
Result<std::optional<std::string>> cut_torn_log(const std::string& path, const LogMark& seen, std::uint64_t entry);

}  // namespace outfall::sql
