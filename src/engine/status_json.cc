// SPDX-License-Identifier: Apache-2.0
//
// What status found, as JSON documents. Fields are only ever added; what they mean is in docs/command-line.md.
#include "base/json.h"
#include "base/json_time.h"
#include "base/report_json.h"
#include "outfall/package.h"
#include "outfall/status.h"

namespace outfall {
namespace {

Json text(const Time& time) {
  return time_json(time);
}

Json text(const std::optional<Time>& time) {
  return time ? text(*time) : Json();
}

Json table_json(const TableStatus& table) {
  Json out = Json::object();
  out.set("name", table.name);
  out.set("delivered", count_json(table.delivered));
  out.set("rejected", count_json(table.rejected));
  out.set("pending", count_json(table.pending));
  out.set("attempts", count_json(table.attempts));
  out.set("unknown", count_json(table.unknown));
  return out;
}

Json package_json(const PackageStatus& package) {
  Json out = Json::object();
  out.set("load_id", package.load_id);
  out.set("run_id", package.run_id);
  out.set("state", name(package.state));
  out.set("destination", package.destination);
  out.set("dataset", package.dataset);
  out.set("documents", count_json(package.documents));
  out.set("rejected", count_json(package.rejected));
  out.set("delivered", count_json(package.delivered));
  out.set("pending", count_json(package.pending));
  out.set("replay", package.is_replay);
  out.set("rows", count_json(package.rows));
  out.set("bytes", count_json(package.bytes));
  out.set("sealed_at", text(package.sealed_at));
  out.set("loaded_at", text(package.loaded_at));
  out.set("files_kept", package.files_kept);
  out.set("attempts", count_json(package.attempts));
  out.set("unknown", count_json(package.unknown));
  out.set("last_error", text_or_null(package.last_error));
  out.set("jobs", list_json(package.jobs, job_json));
  out.set("tables", list_json(package.tables, table_json));
  return out;
}

Json input_json(const PackageInput& input) {
  Json out = Json::object();
  out.set("path", input.path);
  out.set("run_key", text_or_null(input.run_key));
  out.set("documents", count_json(input.documents));
  out.set("bytes", count_json(input.bytes));
  return out;
}

Json holder_json(const HolderStatus& holder) {
  Json out = Json::object();
  out.set("host", holder.host);
  out.set("pid", holder.pid);
  out.set("since", text(holder.since));
  return out;
}

Json progress_json(const ProgressStatus& progress) {
  Json out = Json::object();
  out.set("run_id", progress.run_id);
  out.set("stage", progress.stage);
  out.set("rows", count_json(progress.rows));
  out.set("rows_total", count_json(progress.rows_total));
  out.set("bytes", count_json(progress.bytes));
  out.set("bytes_total", count_json(progress.bytes_total));
  out.set("updated_at", text(progress.updated_at));
  return out;
}

Json run_json(const RunStatus& run) {
  Json out = Json::object();
  out.set("run_id", run.run_id);
  out.set("pipeline", run.pipeline);
  out.set("command", run.command);
  out.set("host", run.host);
  out.set("pid", run.pid);
  out.set("started_at", text(run.started_at));
  out.set("ended_at", text(run.ended_at));
  out.set("exit_code", run.ending ? Json(*run.ending) : Json());
  return out;
}

Json pipeline_json(const PipelineStatus& pipeline) {
  Json out = Json::object();
  out.set("pipeline", pipeline.name);
  out.set("problem", text_or_null(pipeline.problem));
  out.set("destination", pipeline.destination);
  out.set("dataset", pipeline.dataset);
  out.set("holder", pipeline.holder ? holder_json(*pipeline.holder) : Json());
  out.set("progress", pipeline.progress ? progress_json(*pipeline.progress) : Json());
  out.set("pending_packages", count_json(pipeline.pending_packages));
  out.set("pending_documents", count_json(pipeline.pending_documents));
  out.set("dead_letters", count_json(pipeline.dead_letters));
  out.set("state_bytes", count_json(pipeline.state_bytes));
  out.set("package_bytes", count_json(pipeline.package_bytes));
  out.set("packages", list_json(pipeline.packages, package_json));
  out.set("runs", list_json(pipeline.runs, run_json));
  return out;
}

}  // namespace

std::string_view name(PackageState state) {
  switch (state) {
    case PackageState::pending:
      return "pending";
    case PackageState::failed:
      return "failed";
    case PackageState::aborting:
      return "aborting";
    case PackageState::loaded:
      return "loaded";
    case PackageState::aborted:
      return "aborted";
  }
  return "unknown";
}

std::string to_json(const DataDirStatus& status) {
  Json out = Json::object();
  out.set("data_dir", status.data_dir);
  out.set("pipelines", list_json(status.pipelines, pipeline_json));
  return to_json(out);
}

std::string to_json(const PackageDetail& detail) {
  Json out = Json::object();
  out.set("pipeline", detail.pipeline);
  out.set("package", package_json(detail.package));
  out.set("inputs", list_json(detail.inputs, input_json));
  out.set("dead_letters", count_json(detail.dead_letters));
  return to_json(out);
}

std::string to_json(const RunStatus& run) {
  Json out = run_json(run);
  // The trace is a document of its own. One that cannot be read is shown as the text that it is.
  Result<Json> trace = parse_json(run.trace);
  out.set("trace", run.trace.empty() ? Json() : trace ? std::move(*trace) : Json(run.trace));
  return to_json(out);
}

}  // namespace outfall
