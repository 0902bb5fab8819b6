// SPDX-License-Identifier: Apache-2.0
//
// query: rows on stdout, their number and the time on stderr.
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <variant>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/progress_view.h"
#include "cli/quantities.h"
#include "cli/query_output.h"
#include "cli/shell_words.h"
#include "cli/stop_signals.h"

namespace outfall::cli {

namespace {

/// Rows for a person. `problem` becomes the errno of a write that failed.
Result<QueryReport> print_rows(const QueryOptions& options, OutputForm form, int& problem) {
  const std::unique_ptr<QueryOutput> output = QueryOutput::make(form, stdout);
  Result<QueryReport> report =
      outfall::query(options, {.columns = [&](std::span<const QueryColumn> columns) { output->columns(columns); },
                               .row =
                                   [&](std::span<const QueryCell> cells) {
                                     const bool goes_on = output->row(cells);
                                     if (std::ferror(stdout) != 0) problem = errno;
                                     return goes_on && problem == 0;
                                   }});
  if (!report) return report;
  errno = 0;
  output->end();
  // A write that failed inside of end() is remembered by the stream alone.
  const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
  if (problem == 0 && !written) problem = errno != 0 ? errno : EIO;
  return report;
}

Result<QueryReport> write_rows(const QueryOptions& options, RowsFormat format) {
  if (isatty(STDOUT_FILENO) != 0) {
    return fail(Error{.message = "these rows are for another program, and standard output is a terminal",
                      .hint = "send them to a file: outfall query ... > rows.parquet",
                      .blame = Blame::usage});
  }
  return query_into(options, format, STDOUT_FILENO);
}

}  // namespace

int query(const QueryCommand& command) {
  const StopSignals signals;
  QueryOptions options = command.query;
  options.stop = signals.token();
  int problem = 0;
  const Clock::time_point start = Clock::now();
  const RowsFormat* format = std::get_if<RowsFormat>(&command.output);
  const Result<QueryReport> report = format != nullptr
                                         ? write_rows(options, *format)
                                         : print_rows(options, std::get<OutputForm>(command.output), problem);
  if (!report) return complain(report.error());
  if (const Status written = output_status(problem); !written) return complain(written.error());
  if (!report->complete || problem != 0) return 0;
  std::fputs(fmt::format("{}, {}\n", count_text(report->rows, "row"), duration_text(Clock::now() - start)).c_str(),
             stderr);
  if (report->rows == 0 && report->dataset.empty() && !report->others.empty()) {
    std::fputs(fmt::format("note: there are {} datasets, and none was chosen (--dataset): {}\n", report->others.size(),
                           one_line(fmt::format("{}", fmt::join(report->others, ", "))))
                   .c_str(),
               stderr);
  }
  return 0;
}

}  // namespace outfall::cli
