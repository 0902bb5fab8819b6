// SPDX-License-Identifier: Apache-2.0
//
// run and resume: drive a pipeline, show its progress, print its report.
#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>

#include "cli/commands.h"
#include "cli/progress_view.h"
#include "cli/report_text.h"
#include "cli/stop_signals.h"
#include "outfall/status.h"

namespace outfall::cli {
namespace {

// The library only knows that it was asked to stop; which signal asked is known here.
void name_signal(Report& report) {
  if (report.ending == Ending::interrupted && StopSignals::received() == SIGTERM) report.ending = Ending::terminated;
}

void print_report(const Report& report, const Talk& talk) {
  const Terminal terminal = Terminal::of(stderr);
  if (talk.progress == ProgressMode::json) {
    const std::string document = to_json(report);
    std::fprintf(stderr, "{\"event\":\"report\",\"report\":%s}\n", document.c_str());
  } else if (talk.report == ReportForm::text) {
    std::fputs(report_text(report, terminal).c_str(), stderr);
  } else {
    if (report.error) std::fputs(error_text(*report.error, terminal).c_str(), stderr);
    std::fprintf(stderr, "%s\n", balance_text(report).c_str());
  }
  if (talk.report == ReportForm::json) {
    std::fputs((to_json(report) + "\n").c_str(), stdout);
    std::fflush(stdout);
  }
}

template <class Drive>
int drive(RunOptions options, const Talk& talk, Drive go) {
  Report report;
  {
    const StopSignals signals;
    const std::unique_ptr<ProgressView> view = ProgressView::make(talk.progress, stderr, Terminal::of(stderr));
    options.stop = signals.token();
    if (view) options.progress = [&view](const Progress& progress) { view->show(progress, Clock::now()); };
    report = go(options);
    if (view) view->end();
  }
  name_signal(report);
  print_report(report, talk);
  return static_cast<int>(report.ending);
}

// Several causes: failed, then pending, then rejected; whoever was asked to stop is told so first.
int worse(int a, int b) {
  constexpr std::array order{130, 143, 1, 2, 5, 4, 3, 0};
  const auto rank = [&](int code) { return std::ranges::find(order, code) - order.begin(); };
  return rank(a) <= rank(b) ? a : b;
}

int resume_one(const ResumeCommand& command, const PipelineStatus& pipeline) {
  PipelineOptions options = command.pipeline;
  options.name = pipeline.name;
  if (!pipeline.destination.empty()) options.destination = pipeline.destination;
  options.dataset = pipeline.dataset;
  return drive(command.run, command.talk, [&](const RunOptions& run) {
    Report report = Pipeline(options).resume(run);
    if (report.ending == Ending::delivered && report.packages.empty()) report.notes.push_back("nothing was pending");
    return report;
  });
}

}  // namespace

int run(const RunCommand& command) {
  return drive(command.run, command.talk,
               [&](const RunOptions& options) { return Pipeline(command.pipeline).run(options); });
}

int resume(const ResumeCommand& command) {
  const Result<DataDirStatus> found = outfall::status(
      {.data_dir = command.pipeline.data_dir, .pipeline = command.pipeline.name, .packages_max = 0, .runs_max = 1});
  if (!found) return complain(found.error());
  int code = 0;
  bool nothing = true;
  for (const PipelineStatus& pipeline : found->pipelines) {
    if (command.pipeline.name.empty() && pipeline.pending_packages == 0) continue;
    nothing = false;
    code = worse(code, resume_one(command, pipeline));
    if (StopSignals::received() != 0) break;
  }
  if (nothing) std::fprintf(stderr, "nothing is pending in %s\n", found->data_dir.c_str());
  return code;
}

}  // namespace outfall::cli
