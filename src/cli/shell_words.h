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

/// ` --data-dir DIR`, for a command that has to look where this one was told to; nothing where it was told nothing.
std::string data_dir_words(const std::string& typed);

}  // namespace outfall::cli
