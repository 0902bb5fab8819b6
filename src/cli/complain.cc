// SPDX-License-Identifier: Apache-2.0
//
// What is said beside a report: on stdout what was asked for, on stderr errors, with their exit code, and waits.
#include <cstdio>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/report_text.h"
#include "cli/stop_signals.h"
#include "cli/terminal.h"
#include "outfall/report.h"

namespace outfall::cli {

int print(std::string_view text) {
  const Status written = write_output(text);
  return written ? 0 : complain(written.error());
}

int complain(const Error& error) {
  std::fputs(error_text(error, Terminal::of(stderr)).c_str(), stderr);
  return static_cast<int>(StopSignals::named(ending_of(error)));
}

void say_waiting(const LockWaiting& waiting) {
  std::fprintf(stderr, "waiting: %s\n", one_line(waiting.sentence).c_str());
}

std::optional<bool> ask(const std::string& question) {
  if (!is_terminal(stdin) || !is_terminal(stderr)) return std::nullopt;
  std::fprintf(stderr, "%s [y/N] ", question.c_str());
  std::fflush(stderr);
  const int answer = std::fgetc(stdin);
  return answer == 'y' || answer == 'Y';
}

}  // namespace outfall::cli
