// SPDX-License-Identifier: Apache-2.0
//
// status: what the data directory knows, once or again and again.
#include <condition_variable>
#include <cstdio>
#include <mutex>

#include "cli/commands.h"
#include "cli/output.h"
#include "cli/status_text.h"
#include "cli/stop_signals.h"
#include "cli/terminal.h"

namespace outfall::cli {
namespace {

constexpr std::chrono::milliseconds watch_interval{1000};

/// Long enough for a live run to tell of progress, short enough not to be felt.
constexpr std::chrono::milliseconds rate_interval{400};

std::vector<EarlierLook> look_at(const DataDirStatus& status) {
  std::vector<EarlierLook> looks;
  for (const PipelineStatus& pipeline : status.pipelines) {
    if (!pipeline.progress) continue;
    looks.push_back({.pipeline = pipeline.name,
                     .stage = pipeline.progress->stage,
                     .rows = pipeline.progress->rows,
                     .updated_at = pipeline.progress->updated_at});
  }
  return looks;
}

bool wait(std::chrono::milliseconds time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

StatusOptions options_of(const StatusCommand& command) {
  return {.data_dir = command.place.data_dir, .state = command.place.state, .pipeline = command.subject};
}

int watch(const StatusCommand& command, const std::stop_token& stop) {
  const bool redraw = Terminal::of(stdout).interactive;
  std::vector<EarlierLook> earlier;
  while (true) {
    const Result<DataDirStatus> found = outfall::status(options_of(command));
    if (!found) return complain(found.error());
    std::string text =
        command.form == ReportForm::json ? to_json(*found) + "\n" : status_text({*found, earlier, command.place});
    if (command.form == ReportForm::text) text.insert(redraw ? 0 : text.size(), redraw ? "\x1b[H\x1b[2J" : "\n");
    earlier = look_at(*found);
    if (const Status written = write_output(text); !written) return complain(written.error());
    if (std::ferror(stdout) != 0) return 0;  // nobody reads any more
    if (!wait(watch_interval, stop)) return static_cast<int>(StopSignals::named(Ending::interrupted));
  }
}

int show_run(const StatusCommand& command, const Error& no_pipeline) {
  const Result<RunStatus> run = run_status(command.place.data_dir, command.subject, command.place.state);
  if (!run) return complain(no_pipeline);
  const Status written =
      write_output(command.form == ReportForm::json ? to_json(*run) + "\n" : run_text(*run, command.place));
  return written ? 0 : complain(written.error());
}

}  // namespace

int status(const StatusCommand& command) {
  const StopSignals signals;
  Result<DataDirStatus> found = outfall::status(options_of(command));
  if (!found) {
    const bool could_be_run = found.error().blame == Blame::usage && !command.subject.empty();
    return could_be_run ? show_run(command, found.error()) : complain(found.error());
  }
  if (command.watch == Watch::until_stopped) return watch(command, signals.token());
  if (command.form == ReportForm::json) {
    const Status written = write_output(to_json(*found) + "\n");
    return written ? 0 : complain(written.error());
  }
  // A rate takes two looks.
  const std::vector<EarlierLook> earlier = look_at(*found);
  if (!earlier.empty() && wait(rate_interval, signals.token())) {
    if (Result<DataDirStatus> again = outfall::status(options_of(command))) found = std::move(again);
  }
  const Status written = write_output(status_text({*found, earlier, command.place}));
  return written ? 0 : complain(written.error());
}

}  // namespace outfall::cli
