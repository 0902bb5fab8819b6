// SPDX-License-Identifier: Apache-2.0
//
// SQLSTATE: what a server's answer means for whoever asked, by the five characters that the standard gives it.
#pragma once

#include <string_view>

#include "outfall/error.h"

namespace outfall::sql {

struct Dialect;

struct StateMeaning {
  Remedy remedy = Remedy::abandon;
  std::string_view hint{};
};

/// What a state of PostgreSQL, and of those that took over its states, means.
StateMeaning meaning_of_state(std::string_view state);

/// What an error of a person's statement means to that person.
enum class Failure { undefined_relation, terminal, transient };
Failure failure_of(const Dialect& dialect, const Error& error);

/// Whether an error of a commit leaves open what became of the transaction: the answer was lost or not waited for.
bool is_lost_answer(const Dialect& dialect, const Error& error);

/// Whether the database could not even read what a person wrote.
bool is_syntax_error(const Error& error);

/// Whether a statement failed for what it says, such as a name that nothing has: where a person wrote it, no other
/// attempt fares better.
bool is_of_statement(const Error& error);

/// Whether a statement failed because a lock was not to be had in time.
bool is_lock_timeout(const Error& error);

}  // namespace outfall::sql
