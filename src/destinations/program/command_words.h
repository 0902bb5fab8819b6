// SPDX-License-Identifier: Apache-2.0
//
// The words that a command begins with, as /bin/sh reads them, as far as that can be told without running anything.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace outfall::destinations::program {

/// Views into the command.
struct CommandStart {
  std::string_view assignments;  ///< `LANG=C PATH="$HOME/bin" ` before the program, as written; empty: none
  std::string_view written;      ///< the word that names the program, with its quotes
  std::string text;              ///< what it stands for
  bool sets_path = false;        ///< among the assignments
};

/// None: only the shell can tell.
std::optional<CommandStart> start_of(std::string_view command);

/// The command for a shell that becomes the program: `LANG=C exec ./notify.py`.
std::string in_place_of_the_shell(std::string_view command);

}  // namespace outfall::destinations::program
