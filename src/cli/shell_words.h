// SPDX-License-Identifier: Apache-2.0
//
// Words of a command that a person is told to type.
#pragma once

#include <string>

namespace outfall::cli {

/// The text in quotes, whatever is in it, on one line.
std::string quoted_word(const std::string& text);

/// The text as one word of a POSIX shell: as it is where that is safe, else in quotes.
std::string shell_word(const std::string& text);

/// Where a command was told to look for state, as it was typed; empty: it was told nothing.
struct TypedPlace {
  std::string data_dir{};
  std::string state{};
};

/// ` --data-dir DIR --state WHERE`, for a command that has to look there too; nothing where this one was told nothing.
std::string place_words(const TypedPlace& typed);

}  // namespace outfall::cli
