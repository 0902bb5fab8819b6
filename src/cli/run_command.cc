// SPDX-License-Identifier: Apache-2.0
//
// run, resume and the replay of dead letters: drive a pipeline, show its progress, print its report.
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/progress_view.h"
#include "cli/report_text.h"
#include "cli/status_text.h"
#include "cli/stop_signals.h"

namespace outfall::cli {
namespace {

// The library only knows that it was asked to stop.
void name_signal(Report& report) {
  report.ending = StopSignals::named(report.ending);
}

void print_event(const Report& report, const ReportView& view) {
  std::fprintf(stderr, "{\"event\":\"report\",\"report\":%s}\n", report_json(report, view).c_str());
}

void print_report(const Report& report, const Talk& talk, const ReportView& view) {
  if (talk.progress == ProgressMode::json) {
    print_event(report, view);
  } else {
    std::fputs(report_text(report, view).c_str(), stderr);
  }
  if (talk.report == ReportForm::json) {
    // How the run ended stays the exit code.
    if (const Status written = write_output(report_json(report, view) + "\n"); !written) complain(written.error());
  }
}

const char* word_of(LockWaiting::For what) {
  switch (what) {
    case LockWaiting::For::pipeline:
      return "pipeline";
    case LockWaiting::For::database:
      return "database";
    case LockWaiting::For::destination:
      return "destination";
  }
  return "";
}

/// Shows one run after the other: progress, then the report.
class Show {
 public:
  Show(const Talk& talk, ReportView view) : talk_(talk), view_of_reports_(std::move(view)) {}

  void progress(const Progress& progress) {
    const std::lock_guard lock(mutex_);
    if (!view_) view_ = ProgressView::make(talk_.progress, stderr, Terminal::of(stderr));
    if (view_) view_->show(progress, Clock::now());
  }

  /// From any thread.
  void log(std::string_view line) {
    const std::lock_guard lock(mutex_);
    if (view_) view_->end();
    std::string text;
    if (talk_.progress == ProgressMode::json) {
      text = R"({"event":"log","line":)";
      append_json_text(text, line);
      text += "}\n";
    } else {
      text = "log: " + one_line(line) + "\n";
    }
    std::fputs(text.c_str(), stderr);
  }

  /// From any thread.
  void waiting(const LockWaiting& waiting) {
    const std::lock_guard lock(mutex_);
    if (view_) view_->end();
    view_.reset();
    if (talk_.progress == ProgressMode::json) {
      std::fprintf(stderr, "{\"event\":\"waiting\",\"for\":\"%s\"}\n", word_of(waiting.what));
    } else {
      say_waiting(waiting);
    }
  }

  /// That its end could not be recorded, when the report is out. Returns the exit code.
  int late_error(const Report& report) {
    if (talk_.progress != ProgressMode::json) return complain(*report.error);
    print_event(report, view_of_reports_);
    return static_cast<int>(report.ending);
  }

  /// Returns the exit code.
  int report(Report report) {
    const std::lock_guard lock(mutex_);
    if (view_) view_->end();
    view_.reset();
    name_signal(report);
    print_report(report, talk_, view_of_reports_);
    return static_cast<int>(report.ending);
  }

 private:
  const Talk& talk_;
  const ReportView view_of_reports_;
  std::mutex mutex_;  ///< of the line that the cursor is in
  std::unique_ptr<ProgressView> view_;
};

ReportView view_of(const PipelineOptions& pipeline) {
  return {.terminal = Terminal::of(stderr), .place = {.data_dir = pipeline.data_dir, .state = pipeline.state}};
}

PipelineOptions watched(PipelineOptions options, Show& show) {
  options.waiting = [&show](const LockWaiting& waiting) { show.waiting(waiting); };
  return options;
}

RunOptions watched(RunOptions options, const StopSignals& signals, Show& show) {
  options.stop = signals.token();
  options.log = [&show](std::string_view line) { show.log(line); };
  options.progress = [&show](const Progress& progress) { show.progress(progress); };
  return options;
}

void tell_notes(const ResumeReport& all) {
  for (const std::string& note : all.notes) std::fprintf(stderr, "note: %s\n", one_line(note).c_str());
}

}  // namespace

int run(const RunCommand& command) {
  Show show(command.talk, view_of(command.pipeline));
  std::optional<int> told;
  bool has_told_error = false;
  Report report;
  std::optional<StopSignals> signals(std::in_place);
  RunOptions options = watched(command.run, *signals, show);
  options.ending = [&](Report& ending) {
    signals.reset();  // there is nothing left to stop but a report that nobody reads
    name_signal(ending);
    told = show.report(ending);
    has_told_error = ending.error.has_value();
  };
  report = Pipeline(watched(command.pipeline, show)).run(options);
  signals.reset();
  if (!told) return show.report(std::move(report));
  return report.error && !has_told_error ? show.late_error(report) : *told;
}

int resume(const ResumeCommand& command) {
  Show show(command.talk, view_of(command.pipeline));
  const StopSignals signals;
  RunOptions options = watched(command.run, signals, show);
  options.ending = name_signal;
  const ResumeReport all =
      Pipeline(watched(command.pipeline, show)).resume(options, [&show](const Report& report) { show.report(report); });
  if (all.error) return complain(*all.error);
  tell_notes(all);
  if (all.pipelines.empty() && all.notes.empty()) {
    std::error_code unreadable;
    const bool exists = std::filesystem::exists(all.data_dir, unreadable) || unreadable;
    std::fprintf(stderr, "nothing is pending in %s%s%s\n", one_line(all.data_dir).c_str(),
                 exists ? "" : ": there is no such folder",
                 elsewhere_text({.data_dir = command.pipeline.data_dir, .state = command.pipeline.state}).c_str());
  }
  return static_cast<int>(StopSignals::named(all.ending));
}

int replay(const ReplayCommand& command) {
  const DeadLetterOptions& letters = command.replay.letters;
  Show show(command.talk,
            {.terminal = Terminal::of(stderr), .place = {.data_dir = letters.data_dir, .state = letters.state}});
  const StopSignals signals;
  ReplayOptions options = command.replay;
  options.run = watched(options.run, signals, show);
  options.run.ending = name_signal;
  options.waiting = [&show](const LockWaiting& waiting) { show.waiting(waiting); };
  const ResumeReport all = replay_dead_letters(options, [&show](const Report& report) { show.report(report); });
  if (all.error) return complain(*all.error);
  tell_notes(all);
  if (all.pipelines.empty() && all.notes.empty()) std::fputs("no dead letter is open that was asked for\n", stderr);
  return static_cast<int>(StopSignals::named(all.ending));
}

}  // namespace outfall::cli
