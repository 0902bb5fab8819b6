// SPDX-License-Identifier: Apache-2.0
//
// query: rows on stdout, their number and the time on stderr.
#include <fmt/format.h>

#include <cerrno>
#include <cstdio>

#include "cli/commands.h"
#include "cli/output.h"
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
  int problem = 0;
  const Clock::time_point start = Clock::now();
  const Result<QueryReport> report =
      outfall::query(options, {.columns = [&](std::span<const QueryColumn> columns) { output->columns(columns); },
                               .row =
                                   [&](std::span<const QueryCell> cells) {
                                     const bool goes_on = output->row(cells);
                                     if (std::ferror(stdout) != 0) problem = errno;
                                     return goes_on && problem == 0;
                                   }});
  if (!report) return complain(report.error());
  output->end();
  if (problem == 0 && std::fflush(stdout) != 0) problem = errno;
  if (const Status written = output_status(problem); !written) return complain(written.error());
  if (!report->complete || problem != 0) return 0;
  std::fputs(fmt::format("{}, {}\n", count_text(report->rows, "row"), duration_text(Clock::now() - start)).c_str(),
             stderr);
  return 0;
}

}  // namespace outfall::cli
