// SPDX-License-Identifier: Apache-2.0
//
// The words that a person's statement begins with, which say what kind of statement it is.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace outfall::sql {

struct Dialect;

/// At most `count`, in lower case; comments, white space and opening brackets before a word are passed over.
std::vector<std::string> first_words(const Dialect& dialect, std::string_view statement, std::size_t count);

/// Whether it begins or ends a transaction. Savepoints do not.
bool bounds_transaction(const Dialect& dialect, std::string_view statement);

}  // namespace outfall::sql
