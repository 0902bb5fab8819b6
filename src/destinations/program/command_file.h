// SPDX-License-Identifier: Apache-2.0
//
// The file that a command begins with: what can be seen of it before anybody starts it.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>

#include "base/program.h"
#include "outfall/error.h"

namespace outfall::destinations::program {

struct CommandWord {
  const std::string& command;  ///< for /bin/sh
  std::string_view scheme;     ///< of its address, with the colon
  bool is_secret = false;      ///< it is not named in errors
};

/// Whether the shell could start what the command begins with. What the shell itself has to make sense of, such as
/// quotes, is left to it.
///
/// Errors: there is no such file or program; it is a folder; it is not executable; what its first line names is not
/// there.
Status check_command(const CommandWord& word, ProgramGuard& guard, const std::stop_token& stop);

}  // namespace outfall::destinations::program
