// SPDX-License-Identifier: Apache-2.0
//
// From an error to its exit code.
#include <csignal>
#include <cstdio>

#include "cli/commands.h"
#include "cli/report_text.h"
#include "cli/stop_signals.h"
#include "outfall/report.h"

namespace outfall::cli {
namespace {

Ending ending_of(const Error& error) {
  switch (error.blame) {
    case Blame::run:
      return Ending::failed;
    case Blame::usage:
      return Ending::misuse;
    case Blame::busy:
      return Ending::busy;
    case Blame::interrupted:
      return StopSignals::received() == SIGTERM ? Ending::terminated : Ending::interrupted;
  }
  return Ending::failed;
}

}  // namespace

int complain(const Error& error) {
  std::fputs(error_text(error, Terminal::of(stderr)).c_str(), stderr);
  return static_cast<int>(ending_of(error));
}

}  // namespace outfall::cli
