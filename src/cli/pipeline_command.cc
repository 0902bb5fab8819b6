// SPDX-License-Identifier: Apache-2.0
//
// pipeline list and info; schema show.
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>

#include "cli/commands.h"
#include "cli/quantities.h"
#include "cli/terminal.h"
#include "outfall/pipeline_info.h"

namespace outfall::cli {
namespace {

std::string last_run_text(const PipelineStatus& pipeline) {
  if (pipeline.runs.empty()) return "never";
  const auto seconds = std::chrono::floor<std::chrono::seconds>(pipeline.runs.front().started_at);
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)));
}

std::string listed_text(const PipelineStatus& pipeline) {
  std::string out = one_line(pipeline.name) + "\n";
  if (!pipeline.problem.empty()) return out + fact_line("problem", pipeline.problem);
  out += fact_line("last run", last_run_text(pipeline));
  out += fact_line("destination", fmt::format("{}, dataset {}", pipeline.destination, pipeline.dataset));
  if (pipeline.pending_packages > 0) out += fact_line("pending", count_text(pipeline.pending_packages, "package"));
  return out;
}

int list(const PipelineCommand& command) {
  Result<DataDirStatus> found = outfall::status(
      {.data_dir = command.which.data_dir, .state = command.which.state, .packages_max = 0, .runs_max = 1});
  if (!found) return complain(found.error());
  std::ranges::stable_sort(found->pipelines, std::ranges::greater(), [](const PipelineStatus& pipeline) {
    return pipeline.runs.empty() ? Time() : pipeline.runs.front().started_at;
  });
  if (command.form == ReportForm::json) return print(to_json(*found) + "\n");
  if (found->pipelines.empty()) return print(fmt::format("no pipeline has run in {}\n", one_line(found->data_dir)));
  std::string text;
  for (const PipelineStatus& pipeline : found->pipelines) text += (text.empty() ? "" : "\n") + listed_text(pipeline);
  return print(text);
}

std::string joined(const std::vector<std::string>& texts) {
  return texts.empty() ? "none" : fmt::format("{}", fmt::join(texts, ", "));
}

std::string info_text(const PipelineInfo& info) {
  std::string out = one_line(info.status.name) + "\n" + fact_line("found in", info.folder);
  if (!info.known_as.empty() && info.known_as != info.status.name) out += fact_line("known as", info.known_as);
  const bool is_shown = !info.meaning.empty() && !info.meaning.starts_with("sha3:");
  out += fact_line("destination", info.status.destination + (is_shown ? fmt::format(" ({})", info.meaning) : ""));
  out += fact_line("dataset", info.status.dataset);
  out += fact_line("schemas", joined(info.schemas));
  out += fact_line("last run", last_run_text(info.status));
  std::vector<std::string> pending;
  pending.reserve(info.status.packages.size());
  for (const PackageStatus& package : info.status.packages) pending.push_back(package.load_id);
  out += fact_line("pending", joined(pending));
  if (info.status.dead_letters > 0) out += fact_line("dead letters", count_text(info.status.dead_letters));
  out += fact_line("state", joined(info.state_keys));
  for (const auto& [name, value] : info.destination_state) out += fact_line("remembers", one_line(name + ": " + value));
  return out;
}

int info(const PipelineCommand& command) {
  const Result<PipelineInfo> found = pipeline_info(command.which);
  if (!found) return complain(found.error());
  return print(command.form == ReportForm::json ? to_json(*found) + "\n" : info_text(*found));
}

std::string table_text(const StoredTable& table) {
  std::string about = !table.parent.empty()              ? " in " + table.parent
                      : !table.write_disposition.empty() ? ", " + table.write_disposition
                                                         : "";
  std::string out = "\n" + one_line(table.name + about) + "\n";
  std::size_t widest = 0;
  for (const StoredColumn& column : table.columns) widest = std::max(widest, shown_length(column.name));
  for (const StoredColumn& column : table.columns) {
    const std::string pad(widest - shown_length(column.name), ' ');
    out += fmt::format("  {}{}  {}{}\n", one_line(column.name), pad, column.type.empty() ? "unknown" : column.type,
                       column.nullable ? "" : ", not null");
  }
  return out;
}

}  // namespace

int pipeline(const PipelineCommand& command) {
  return command.verb == PipelineVerb::list ? list(command) : info(command);
}

int schema(const SchemaCommand& command) {
  const Result<StoredSchema> found = stored_schema(command.which);
  if (!found) return complain(found.error());
  if (command.form == ReportForm::json) return print(found->document + "\n");
  std::string text = fmt::format("schema {} of pipeline {}, version {}\n", one_line(found->name),
                                 one_line(found->pipeline), one_line(found->version_hash));
  for (const StoredTable& table : found->tables) text += table_text(table);
  return print(text);
}

}  // namespace outfall::cli
