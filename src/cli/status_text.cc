// SPDX-License-Identifier: Apache-2.0
//
// Lays out what status found.
#include "cli/status_text.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "cli/quantities.h"
#include "cli/report_text.h"
#include "cli/shell_words.h"
#include "cli/terminal.h"

namespace outfall::cli {
namespace {

/// Rows that do not go on for so long are worth a word.
constexpr std::chrono::seconds standstill_min{5};

std::string time_text(const Time& time) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)));
}

std::string line(std::string_view label, std::string_view text) {
  return fmt::format("  {:<12}{}\n", label, text);
}

std::string of_total(const std::string& done, const std::optional<std::string>& total) {
  return total ? fmt::format("{} of {}", done, *total) : done;
}

std::string rate_text(const PipelineStatus& pipeline, std::span<const EarlierLook> earlier) {
  const ProgressStatus& now = *pipeline.progress;
  const auto before = std::ranges::find(earlier, pipeline.name, &EarlierLook::pipeline);
  if (before == earlier.end() || before->stage != now.stage || before->updated_at >= now.updated_at) return "";
  const double seconds = std::chrono::duration<double>(now.updated_at - before->updated_at).count();
  const double rows = static_cast<double>(now.rows) - static_cast<double>(before->rows);
  return rows < 0 ? "" : fmt::format(", {}/s", count_text(static_cast<std::uint64_t>(rows / seconds), "row"));
}

/// ", no more for 1 min 5 s". Empty: it was a moment ago.
std::string standstill_text(const ProgressStatus& progress) {
  const auto still = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now() - progress.updated_at);
  if (still < standstill_min) return "";
  return ", no more for " +
         (still < std::chrono::minutes(1) ? fmt::format("{} s", still.count()) : duration_text(still));
}

std::string progress_text(const PipelineStatus& pipeline, std::span<const EarlierLook> earlier) {
  const ProgressStatus& progress = *pipeline.progress;
  const auto total = [](const std::optional<std::uint64_t>& number, auto write) {
    return number ? std::optional(write(*number)) : std::nullopt;
  };
  const auto counted = [](std::uint64_t number) { return count_text(number); };
  std::string text = of_total(count_text(progress.rows), total(progress.rows_total, counted)) + " rows";
  if (progress.bytes > 0) text += ", " + of_total(bytes_text(progress.bytes), total(progress.bytes_total, bytes_text));
  return line(progress.stage, text + rate_text(pipeline, earlier) + standstill_text(progress));
}

std::string step_text(const StepReport& step) {
  std::string text = fmt::format("{:<8}{}", one_line(step.name), duration_text(step.elapsed));
  if (step.rows > 0) text += ", " + count_text(step.rows, "row");
  if (step.bytes > 0) text += ", " + bytes_text(step.bytes);
  return step.is_finished ? text : text + ", not finished";
}

std::string attempts_text(const PackageStatus& package) {
  const std::string error = shortened(one_line(package.last_error), reason_columns_max);
  if (package.attempts == 0) return "stopped: " + error;
  std::string text = count_text(package.attempts, "failed attempt");
  if (package.unknown > 0) text += fmt::format(" ({} with an unknown outcome)", count_text(package.unknown));
  if (package.last_error.empty()) return text;
  return fmt::format("{}, the last one: {}", text, error);
}

/// What is left to do of a package of which something is delivered.
std::string rest_text(const PackageStatus& package) {
  if (package.pending > 0) return fmt::format("{} pending", count_text(package.pending));
  std::uint64_t nested = 0;
  for (const TableStatus& table : package.tables) nested += table.pending;
  return nested == 0 ? "end not told" : fmt::format("{} pending", count_text(nested, "nested row"));
}

std::string package_text(const PackageStatus& package) {
  const bool pending = is_pending(package.state);
  std::string text =
      fmt::format("{}  {:<7} {}, {}, {}", package.load_id, name(package.state), count_text(package.rows, "row"),
                  count_text(package.jobs.size(), "job"), bytes_text(package.bytes));
  text += pending             ? fmt::format(", sealed {}", time_text(package.sealed_at))
          : package.loaded_at ? fmt::format(", {} {}", name(package.state), time_text(*package.loaded_at))
                              : "";
  if (pending && package.delivered > 0) text += fmt::format(", {} delivered", count_text(package.delivered));
  if (package.state == PackageState::aborted) text += fmt::format(", {} delivered", count_text(package.delivered));
  if (package.rejected > 0) text += fmt::format(", {} rejected", count_text(package.rejected));
  if (pending && package.delivered > 0) text += ", " + rest_text(package);
  if (package.is_replay) text += ", of dead letters";
  if (package.files_kept) text += ", files kept";
  std::string out = line("package", text);
  if (package.attempts > 0 || !package.last_error.empty()) out += line("", attempts_text(package));
  return out;
}

/// What became of the rows of a table, where not all of them are still, or by now, the same.
std::string outcome_text(const PackageStatus& package, const std::string& name) {
  const auto table = std::ranges::find(package.tables, name, &TableStatus::name);
  if (table == package.tables.end()) return "";
  std::string text;
  const bool is_mixed = (table->delivered > 0) + (table->rejected > 0) + (table->pending > 0) > 1;
  if (is_mixed || table->rejected > 0) {
    text = fmt::format(": {} delivered, {} rejected, {} pending", count_text(table->delivered),
                       count_text(table->rejected), count_text(table->pending));
  }
  if (table->attempts > 0) text += fmt::format("; {}", count_text(table->attempts, "failed attempt"));
  if (table->unknown > 0) text += fmt::format(" ({} unknown)", count_text(table->unknown));
  return text;
}

// Jobs of one table are one line: people think in tables.
std::string jobs_text(const PackageStatus& package) {
  struct Sum {
    std::uint64_t jobs = 0;
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
  };
  std::map<std::string, Sum> tables;
  for (const JobReport& job : package.jobs) {
    Sum& sum = tables[job.table];
    ++sum.jobs;
    sum.rows += job.rows;
    sum.bytes += job.bytes;
  }
  std::string out;
  for (const auto& [table, sum] : tables) {
    out += line("", fmt::format("{}: {}, {}, {}{}", one_line(table), count_text(sum.rows, "row"),
                                count_text(sum.jobs, "job"), bytes_text(sum.bytes), outcome_text(package, table)));
  }
  return out;
}

std::string ending_text(const RunStatus& run, bool live) {
  if (run.ending) return fmt::format("exit {}", *run.ending);
  return live ? "runs" : "no recorded end: it was killed";
}

std::string run_line(const RunStatus& run, bool live) {
  return line("run", fmt::format("{}  {}  {}  {}", one_line(run.run_id), time_text(run.started_at),
                                 ending_text(run, live), one_line(run.command)));
}

std::string pipeline_text(const PipelineStatus& pipeline, const StatusView& view) {
  const std::string named = shell_word(pipeline.name) + place_words(view.place);
  std::string out = pipeline.name + "\n";
  if (!pipeline.problem.empty()) return out + line("problem", one_line(pipeline.problem));
  if (!pipeline.destination.empty()) {
    out += line("destination", one_line(fmt::format("{}, dataset {}", pipeline.destination, pipeline.dataset)));
  }
  if (pipeline.holder) {
    out += line("running", fmt::format("process {} on {}, since {}", pipeline.holder->pid, pipeline.holder->host,
                                       time_text(pipeline.holder->since)));
  }
  if (pipeline.progress) out += progress_text(pipeline, view.earlier);
  if (pipeline.pending_packages > 0) {
    out += line("pending", fmt::format("{}, {}", count_text(pipeline.pending_packages, "package"),
                                       count_text(pipeline.pending_documents, "document")));
    const bool can_go_on = std::ranges::any_of(pipeline.packages, [](const PackageStatus& package) {
      return is_pending(package.state) && package.state != PackageState::failed;
    });
    if (!pipeline.holder && can_go_on) out += line("", "hint: " + finisher_text(pipeline.destination, named));
  }
  if (pipeline.dead_letters > 0) {
    out += line("rejected", fmt::format("{}: `outfall dead-letter list {}`",
                                        count_text(pipeline.dead_letters, "dead letter"), named));
  }
  for (const PackageStatus& package : pipeline.packages) {
    out += package_text(package);
    if (is_pending(package.state)) out += jobs_text(package);
    if (package.state == PackageState::failed) {
      out += line(
          "", fmt::format("hint: `outfall package retry {}` has it tried again, `outfall package skip` gives up what "
                          "failed",
                          package.load_id + place_words(view.place)));
    }
  }
  for (std::size_t i = 0; i < pipeline.runs.size(); ++i) {
    out += run_line(pipeline.runs[i], i == 0 && pipeline.holder.has_value());
  }
  return out + line("on disk", fmt::format("{} of state, {} of job files", bytes_text(pipeline.state_bytes),
                                           bytes_text(pipeline.package_bytes)));
}

}  // namespace

std::string finisher_text(const std::string& destination, const std::string& named) {
  if (!is_function(destination)) return fmt::format("`outfall resume {}` finishes it", named);
  return fmt::format("the program that has {} finishes it (Pipeline::resume)", one_line(destination));
}

std::string packages_text(const PipelineStatus& pipeline) {
  std::string out = pipeline.name + "\n";
  if (!pipeline.problem.empty()) return out + line("problem", one_line(pipeline.problem));
  for (const PackageStatus& package : pipeline.packages) out += package_text(package);
  return pipeline.packages.empty() ? out + line("package", "none") : out;
}

std::string package_text(const PackageDetail& detail) {
  const PackageStatus& package = detail.package;
  std::string out = detail.pipeline + "\n";
  out += line("destination", one_line(fmt::format("{}, dataset {}", package.destination, package.dataset)));
  out += package_text(package) + jobs_text(package);
  for (const PackageInput& input : detail.inputs) {
    const std::string called = input.run_key.empty() ? input.path : "run key " + input.run_key;
    out += line("input", fmt::format("{}: {}, {}", one_line(called), count_text(input.documents, "document"),
                                     bytes_text(input.bytes)));
  }
  return out + line("sealed by", "run " + one_line(package.run_id));
}

std::string elsewhere_text(const TypedPlace& place) {
  const std::string other = passed_over_data_dir(place.data_dir);
  return other.empty() ? "" : fmt::format("; pipelines have run in {}: --data-dir names it", one_line(other));
}

std::string status_text(const StatusView& view) {
  std::string out = fmt::format("data dir {}\n", one_line(view.status.data_dir));
  if (view.status.pipelines.empty()) return out + "no pipeline has run here" + elsewhere_text(view.place) + "\n";
  for (const PipelineStatus& pipeline : view.status.pipelines) out += "\n" + pipeline_text(pipeline, view);
  return out;
}

std::string run_text(const RunStatus& run, const TypedPlace& place) {
  std::string out = "run " + one_line(run.run_id) + "\n";
  out += line("pipeline", one_line(run.pipeline));
  out += line("command", one_line(run.command));
  out += line("process", fmt::format("{} on {}", run.pid, one_line(run.host)));
  out += line("started", time_text(run.started_at));
  if (run.ended_at) out += line("ended", time_text(*run.ended_at));
  out += line("ending", run.ending ? fmt::format("exit {}", *run.ending) : "not recorded: it runs, or it was killed");
  if (run.trace.empty()) return out;
  const Result<Report> report = parse_report(run.trace);
  if (!report) return out + line("trace", one_line(run.trace));
  for (const StepReport& step : report->steps) out += line("step", step_text(step));
  return out + "\n" + report_text(*report, {.terminal = Terminal::of(stdout), .place = place});
}

}  // namespace outfall::cli
