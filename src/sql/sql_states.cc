// SPDX-License-Identifier: Apache-2.0
#include "sql/sql_states.h"

#include <algorithm>
#include <array>

#include "sql/dialect.h"

namespace outfall::sql {
namespace {

struct Entry {
  std::string_view state;  ///< the whole of it, or a class: its first two characters
  StateMeaning meaning;
};

constexpr std::string_view locked =
    "another session holds what the load needs: the server's pg_stat_activity and pg_blocking_pids() say which";
constexpr std::string_view gone = "the server ended the session: its log says why";
constexpr std::string_view changed = "somebody else has changed the tables meanwhile";
constexpr std::string_view full = "make room at the server";

// Retry: nothing happened, and the next attempt may find it otherwise. The first entry that fits counts.
constexpr std::array entries{
    Entry{"40001", {Remedy::retry, "other transactions changed the same rows at the same time"}},
    Entry{"40P01", {Remedy::retry, "another transaction waited for this one, and this one for it"}},
    Entry{"55P03", {Remedy::retry, locked}},
    Entry{"53300", {Remedy::retry, "close other sessions, or raise max_connections or the user's CONNECTION LIMIT"}},
    Entry{"57P01", {Remedy::retry, gone}},
    Entry{"57P02", {Remedy::retry, gone}},
    Entry{"57P03", {Remedy::retry, "it starts, stops, or recovers: try again later"}},
    Entry{"57P05", {Remedy::retry, gone}},
    Entry{"25P03", {Remedy::retry, "raise the user's idle_in_transaction_session_timeout"}},
    Entry{"08", {Remedy::retry, gone}},
    // The next attempt looks at the tables anew and makes what is missing.
    Entry{"42P01", {Remedy::retry, changed}},
    Entry{"42703", {Remedy::retry, changed}},
    Entry{"3F000", {Remedy::retry, changed}},
    // The address may lead to another server by then.
    Entry{"25006",
          {Remedy::retry,
           "the server is a standby, or default_transaction_read_only is on for this user: name the one that takes "
           "writes, or several hosts with target_session_attrs=read-write"}},
    Entry{"57014",
          {Remedy::abandon,
           "if it was a statement_timeout: raise the user's, ALTER ROLE ... SET statement_timeout = 0, or that of the "
           "sessions, ?options=-c%20statement_timeout%3D0 in the address"}},
    Entry{"42501",
          {Remedy::abandon,
           "let the owner grant what is missing: GRANT USAGE, CREATE ON SCHEMA ... TO ...; columns are added only by "
           "the owner of a table"}},
    Entry{"53100", {Remedy::abandon, full}},
    Entry{"53400", {Remedy::abandon, "raise the limit that the message names, for this user or at the server"}},
    Entry{"53", {Remedy::retry, full}},
    Entry{"58030", {Remedy::abandon, "the server cannot write to its disk: its log says more"}},
};

}  // namespace

StateMeaning meaning_of_state(std::string_view state) {
  const auto* found = std::ranges::find_if(entries, [&](const Entry& entry) { return state.starts_with(entry.state); });
  return found == entries.end() ? StateMeaning{} : found->meaning;
}

Failure failure_of(const Dialect& dialect, const Error& error) {
  const bool is_undefined = dialect.is_undefined_relation != nullptr && dialect.is_undefined_relation(error.message);
  if (is_undefined) return Failure::undefined_relation;
  // Loads come again where these may be otherwise by then; a person's statement is refused for good.
  const bool is_refused = error.message.contains("[42") || error.message.contains("[25006]");
  return error.remedy == Remedy::retry && !is_refused ? Failure::transient : Failure::terminal;
}

// A database of this process answers for itself. At a server, what has a state was refused by it, but for the states of
// a session that ends.
bool is_lost_answer(const Dialect& dialect, const Error& error) {
  if (error.blame == Blame::interrupted) return true;
  if (&dialect != &postgres_dialect()) return false;
  const bool has_state = error.message.ends_with("]");
  return !has_state || error.message.contains("[08") || error.message.contains("[57P");
}

bool is_syntax_error(const Error& error) {
  constexpr std::array<std::string_view, 5> words{"[42601]", "Parser Error:", "syntax error", "unrecognized token",
                                                  "incomplete input"};
  return std::ranges::any_of(words, [&](std::string_view word) { return error.message.contains(word); });
}

// Messages name the state at their end; what has none comes from a database of this process.
bool is_of_statement(const Error& error) {
  return error.remedy == Remedy::abandon || error.message.contains("[42");
}

bool is_lock_timeout(const Error& error) {
  return error.message.contains("[55P03");
}

}  // namespace outfall::sql
