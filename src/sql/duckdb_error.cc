// SPDX-License-Identifier: Apache-2.0
//
// Sorts DuckDB's answers by what can be done about them.
#include "sql/duckdb_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/file.h"
#include "sql/duckdb_torn_block.h"

namespace outfall::sql {

namespace {

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// DuckDB adds the statement with a caret below its message; the statement is ours and long.
std::string_view without_statement(std::string_view answer) {
  answer = answer.substr(0, answer.find("\n\nLINE "));
  // An internal error explains at length what one is.
  answer = answer.substr(0, answer.find("This error signals an assertion failure"));
  answer = answer.substr(0, answer.find("\nStack Trace:"));
  // Advice in terms of settings that are not the reader's to make.
  answer = answer.substr(0, answer.find("\n\nPossible solutions:"));
  while (answer.ends_with('\n') || answer.ends_with(' ')) answer.remove_suffix(1);
  return answer;
}

constexpr const char* torn_block_hint =
    "if the power went while a load was under way, outfall run or resume of that load makes it good; otherwise the "
    "disk has damaged it: restore the database from a backup";

constexpr std::string_view no_default_database = "no default database set";

/// What to do where a disk or a limit is full; empty: that is not it.
std::string_view room_hint(std::string_view answer) {
  if (contains(answer, "No space left") || contains(answer, "disk is full")) return system_hint(ENOSPC);
  if (contains(answer, "File too large")) return system_hint(EFBIG);
  return "";
}

// The text is all there is to tell them apart.
bool is_conflict(std::string_view answer) {
  return contains(answer, "onflict");
}

bool is_lock_conflict(std::string_view answer) {
  return contains(answer, "Could not set lock") || contains(answer, "Conflicting lock");
}

}  // namespace

bool is_taken(const Error& error) {
  return is_lock_conflict(error.message);
}

bool is_replayable_attached(const Error& error) {
  return contains(error.message, no_default_database);
}

bool is_other_writer(const Error& error) {
  return contains(error.message, "there are other write transactions active");
}

Error duckdb_error(duckdb_error_type type, std::string_view answer) {
  Error error{.message = std::string(without_statement(answer)), .hint = ""};
  switch (type) {
    case DUCKDB_ERROR_TRANSACTION:
      // Two writers touched the same rows or the same table: the loser may simply come again.
      if (is_conflict(answer)) error.remedy = Remedy::retry;
      break;
    case DUCKDB_ERROR_IO:
      error.hint = room_hint(answer);
      // What has no room now has none in half a minute.
      error.remedy = error.hint.empty() ? Remedy::retry : Remedy::abandon;
      if (contains(answer, torn_block_words)) {
        error.hint = torn_block_hint;
        error.remedy = Remedy::abandon;
      }
      break;
    case DUCKDB_ERROR_OUT_OF_MEMORY:
      // What does not fit does not fit the second time either: the limit is ours.
      error.hint = "let it hold more with --memory, or use fewer threads with --workers";
      break;
    case DUCKDB_ERROR_CONNECTION:
    case DUCKDB_ERROR_NETWORK:
    case DUCKDB_ERROR_HTTP:
      error.remedy = Remedy::retry;
      break;
    case DUCKDB_ERROR_INTERRUPT:
      error.blame = Blame::interrupted;
      break;
    case DUCKDB_ERROR_FATAL:
    case DUCKDB_ERROR_INTERNAL:
      error.hint = contains(answer, torn_block_words) ? torn_block_hint : room_hint(answer);
      if (error.hint.empty()) error.hint = "the database was closed by an internal error of DuckDB; start again";
      break;
    default:
      break;
  }
  return error;
}

std::optional<RefusedRow> duckdb_refused_row(const Error& error) {
  constexpr std::array<std::string_view, 5> kinds{
      "Constraint Error:", "Conversion Error:", "Invalid Input Error:", "Out of Range Error:", "Mismatch Type Error:"};
  const bool is_row =
      std::ranges::any_of(kinds, [&error](std::string_view kind) { return error.message.starts_with(kind); });
  return is_row ? std::optional(RefusedRow{.reason = error.message}) : std::nullopt;
}

Error duckdb_open_error(const std::string& path, std::string_view answer) {
  Error error{.message = fmt::format("open DuckDB database {}: {}", path, without_statement(answer)),
              .hint = std::string(room_hint(answer))};
  if (is_lock_conflict(answer)) {
    error.hint = "another process has the file open; close it there, then run the same command again";
    error.remedy = Remedy::retry;
  } else if (contains(answer, "not a valid DuckDB database") || contains(answer, "Cannot launch in-memory database") ||
             contains(answer, "Extension")) {
    error.hint = "the file is something else; name another path";
  } else if (contains(answer, torn_block_words)) {
    error.hint = torn_block_hint;
  } else if (contains(answer, no_default_database)) {
    error.hint =
        "its log alters a table with a computed default, which DuckDB cannot replay by itself; nothing is lost: "
        "outfall run or resume of that load makes it good, and so does outfall query with --write";
  } else if (contains(answer, "version number")) {
    error.hint = "the file was written by a newer DuckDB; set OUTFALL_DUCKDB to a libduckdb.so of that version";
  } else if (contains(answer, "Permission denied") || contains(answer, "Read-only file system")) {
    error.hint = "make the folder and the file writable, or name another path";
  } else if (contains(answer, "different configuration")) {
    error.hint = "this process has the file open in another way; close it there first";
  }
  return error;
}

}  // namespace outfall::sql
