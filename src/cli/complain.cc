// SPDX-License-Identifier: Apache-2.0
//
// What is said on stderr beside a report: errors, with their exit code, and waits.
#include <cstdio>

#include "cli/commands.h"
#include "cli/report_text.h"
#include "cli/stop_signals.h"
#include "outfall/report.h"

namespace outfall::cli {

int complain(const Error& error) {
  std::fputs(error_text(error, Terminal::of(stderr)).c_str(), stderr);
  return static_cast<int>(StopSignals::named(ending_of(error)));
}

void say_waiting(const LockWaiting& waiting) {
  std::fprintf(stderr, "waiting: %s\n", one_line(waiting.sentence).c_str());
}

}  // namespace outfall::cli
