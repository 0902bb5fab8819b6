// SPDX-License-Identifier: Apache-2.0
#include "sql/sqlite_handle.h"

#include <cerrno>

#include "base/file.h"

namespace outfall::sql {
namespace {

std::string_view hint_on(int code, int system_errno) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return system_hint(ENOSPC);
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return "the file or its folder may not be written by this user: check owner and permissions";
    case SQLITE_CANTOPEN:
      return system_errno == ENOENT ? system_hint(ENOENT)
                                    : "check owner and permissions of the file and of its folder: SQLite keeps a "
                                      "journal beside the file";
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return "the file is damaged or no SQLite database: look with `sqlite3 FILE 'PRAGMA integrity_check'`, or name "
             "another path";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "another program writes to the database: close it there, or let it finish";
    case SQLITE_IOERR:
      return system_hint(system_errno != 0 ? system_errno : EIO);
    default:
      return "";
  }
}

}  // namespace

Error sqlite_error(sqlite3* handle, int code) {
  const int primary = code & 0xff;
  // The handle may remember a newer, harmless answer; then the code's own text is the true one.
  const bool is_remembered = handle != nullptr && (sqlite3_errcode(handle) & 0xff) == primary;
  Error error{.message = is_remembered ? sqlite3_errmsg(handle) : sqlite3_errstr(code),
              .hint = std::string(hint_on(code, handle != nullptr ? sqlite3_system_errno(handle) : 0))};
  if (primary == SQLITE_INTERRUPT) return {.message = "cancelled", .hint = "", .blame = Blame::interrupted};
  if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED || primary == SQLITE_NOMEM) error.remedy = Remedy::retry;
  return error;
}

bool refuses_rows(int code) {
  const int primary = code & 0xff;
  return primary == SQLITE_CONSTRAINT || primary == SQLITE_TOOBIG || primary == SQLITE_MISMATCH;
}

Result<SqliteStatement> prepare_sqlite(sqlite3* handle, std::string_view statement) {
  sqlite3_stmt* prepared = nullptr;
  const char* rest = nullptr;
  const int code = sqlite3_prepare_v2(handle, statement.data(), static_cast<int>(statement.size()), &prepared, &rest);
  SqliteStatement owned(prepared);
  if (code != SQLITE_OK) return fail(sqlite_error(handle, code));
  if (!owned) return fail("there is no statement in it");
  const std::string_view behind(rest, static_cast<std::size_t>(statement.data() + statement.size() - rest));
  if (behind.find_first_not_of(" \t\r\n;") == std::string_view::npos) return owned;
  // A comment at the end is none.
  sqlite3_stmt* second = nullptr;
  sqlite3_prepare_v2(handle, behind.data(), static_cast<int>(behind.size()), &second, nullptr);
  if (second == nullptr && sqlite3_errcode(handle) == SQLITE_OK) return owned;
  sqlite3_finalize(second);
  return fail("several statements at once", "send them one by one");
}

}  // namespace outfall::sql
