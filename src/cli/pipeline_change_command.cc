// SPDX-License-Identifier: Apache-2.0
//
// pipeline sync and drop.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <string>

#include "cli/commands.h"
#include "cli/consent.h"
#include "cli/quantities.h"
#include "cli/stop_signals.h"
#include "cli/terminal.h"
#include "outfall/pipeline_change.h"

namespace outfall::cli {
namespace {

void say_notes(const std::vector<std::string>& notes) {
  for (const std::string& note : notes) std::fprintf(stderr, "note: %s\n", one_line(note).c_str());
}

std::string synced_text(const SyncedPipeline& synced) {
  std::string out = one_line(synced.pipeline) + "\n";
  out += fact_line("folder", synced.data_dir);
  out += fact_line("dataset", fmt::format("{} at {}", synced.dataset, synced.destination));
  out += fact_line("schema", fmt::format("{}, version {}", synced.schema, synced.schema_version));
  const std::string before = !synced.state_version_before ? "restored"
                             : synced.changed             ? fmt::format("was version {}", *synced.state_version_before)
                                                          : "as it was";
  out += fact_line("state", fmt::format("version {}, {}", synced.state_version, before));
  return out;
}

int sync(const PipelineChangeCommand& command, const PipelineChangeOptions& options) {
  const Result<SyncedPipeline> synced = sync_pipeline(options);
  if (!synced) return complain(synced.error());
  const int ending = print(command.form == ReportForm::json ? to_json(*synced) + "\n" : synced_text(*synced));
  if (command.form == ReportForm::text) say_notes(synced->notes);
  return ending;
}

std::string plan_text(const DropPlan& plan) {
  std::string out = fmt::format("{}, dataset {} at {}\n", one_line(plan.pipeline), one_line(plan.dataset),
                                one_line(plan.destination));
  out += fact_line("resources", fmt::format("{}", fmt::join(plan.resources, ", ")));
  for (const DroppedTable& table : plan.tables) {
    const std::string rows = table.rows ? count_text(*table.rows, "row") : "not there";
    out += fact_line("table", fmt::format("{}: {}", table.name, rows));
  }
  for (const std::string& state : plan.states) out += fact_line("state", state);
  return out;
}

int drop(const PipelineChangeCommand& command, DropOptions options) {
  if (command.consent == Consent::ask) {
    const Result<DropPlan> plan = plan_drop(options);
    if (!plan) return complain(plan.error());
    if (plan->tables.empty() && plan->states.empty()) {
      return print(plan_text(*plan) + "nothing is left to drop\n");
    }
    const std::string what =
        fmt::format("drop {} with their rows and {} of the state", count_text(plan->tables.size(), "table"),
                    count_text(plan->states.size(), "entry"));
    const Status agreed = agree(
        command.consent, {.question = fmt::format("{}{} for good?", plan_text(*plan), what),
                          .nobody = fmt::format("pipeline {}: nobody can be asked whether to {}", plan->pipeline, what),
                          .consented = "drops them",
                          .refused = "dropped"});
    if (!agreed) return complain(agreed.error());
  }
  const Result<DropPlan> dropped = drop_resources(options);
  if (!dropped) return complain(dropped.error());
  if (command.form == ReportForm::json) (void)print(to_json(*dropped) + "\n");
  if (command.form == ReportForm::text) (void)print(plan_text(*dropped));
  std::fputs(fmt::format("dropped     recorded as load {}\n", dropped->load_id).c_str(), stderr);
  say_notes(dropped->notes);
  return 0;
}

}  // namespace

int pipeline_change(const PipelineChangeCommand& command) {
  const StopSignals signals;
  DropOptions options = command.change;
  options.pipeline.stop = signals.token();
  options.pipeline.waiting = say_waiting;
  return command.verb == PipelineChangeVerb::sync ? sync(command, options.pipeline) : drop(command, options);
}

}  // namespace outfall::cli
