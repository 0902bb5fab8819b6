// SPDX-License-Identifier: Apache-2.0
//
// query: rows on stdout, their number and the time on stderr.
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>

#include "cli/commands.h"
#include "cli/progress_view.h"
#include "cli/quantities.h"
#include "cli/query_output.h"
#include "cli/stop_signals.h"

namespace outfall::cli {

int query(const QueryCommand& command) {
  const StopSignals signals;
  QueryOptions options = command.query;
  options.stop = signals.token();
  const std::unique_ptr<QueryOutput> output = QueryOutput::make(command.output, stdout);
  const Clock::time_point start = Clock::now();
  const Result<QueryReport> report =
      outfall::query(options, {.columns = [&](std::span<const QueryColumn> columns) { output->columns(columns); },
                               .row = [&](std::span<const QueryCell> cells) { return output->row(cells); }});
  if (!report) return complain(report.error());
  output->end();
  errno = 0;
  const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  // Whoever read has seen enough (`| head`), and that is no error; a full disk is one.
  if (!written && errno == ENOSPC) return complain({.message = "write the result: no space left", .hint = ""});
  if (!report->complete || !written) return 0;
  std::fputs(fmt::format("{}, {}\n", count_text(report->rows, "row"), duration_text(Clock::now() - start)).c_str(),
             stderr);
  return 0;
}

}  // namespace outfall::cli
