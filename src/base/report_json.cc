// SPDX-License-Identifier: Apache-2.0
//
// The report as a JSON document. Fields are only ever added; what they mean is in docs/command-line.md.
#include "base/report_json.h"

#include "base/json_time.h"
#include "outfall/pipeline.h"
#include "outfall/report.h"

namespace outfall {
namespace {

Json texts(const std::vector<std::string>& list) {
  return list_json(list, [](const std::string& text) { return Json(text); });
}

Json error_json(const Error& error) {
  Json out = Json::object();
  out.set("message", error.message);
  out.set("hint", error.hint);
  // What was stopped goes on when it is started again.
  const bool goes_on = error.remedy == Remedy::retry || error.blame == Blame::interrupted;
  out.set("remedy", error.remedy == Remedy::resolve ? "resolve" : goes_on ? "retry" : "abandon");
  return out;
}

Json balance_json(const Balance& balance) {
  Json out = Json::object();
  out.set("in", count_json(balance.in));
  out.set("delivered", count_json(balance.delivered));
  out.set("rejected", count_json(balance.rejected));
  out.set("pending", count_json(balance.pending));
  return out;
}

double seconds(std::chrono::nanoseconds time) {
  return std::chrono::duration<double>(time).count();
}

Json state_json(const StateReport& state) {
  Json out = Json::object();
  out.set("address", state.address);
  out.set("pushes", count_json(state.pushes));
  out.set("pushed_at", state.pushed_at ? time_json(*state.pushed_at) : Json());
  out.set("complete", state.is_complete);
  out.set("guarantee", text_or_null(state.guarantee));
  return out;
}

Json package_json(const PackageReport& package) {
  Json out = Json::object();
  out.set("load_id", package.load_id);
  out.set("resumed", package.resumed);
  out.set("failed", package.failed);
  out.set("held", package.held);
  out.set("rows", count_json(package.rows));
  out.set("jobs", list_json(package.jobs, job_json));
  return out;
}

Json step_json(const StepReport& step) {
  Json out = Json::object();
  out.set("step", step.name);
  out.set("load_id", text_or_null(step.load_id));
  out.set("started_at", time_json(step.started_at));
  out.set("seconds", seconds(step.elapsed));
  out.set("rows", count_json(step.rows));
  out.set("bytes", count_json(step.bytes));
  out.set("finished", step.is_finished);
  return out;
}

Json variant_json(const VariantReport& variant) {
  Json out = Json::object();
  out.set("column", variant.column);
  out.set("base_column", variant.base_column);
  out.set("first_value", variant.first_value);
  out.set("input", variant.input);
  out.set("line", count_json(variant.line));
  out.set("is_stated", variant.is_stated);
  return out;
}

Json widened_json(const WidenedReport& widened) {
  Json out = Json::object();
  out.set("column", widened.column);
  out.set("from", widened.from);
  out.set("to", widened.to);
  out.set("first_value", widened.first_value);
  out.set("input", widened.input);
  out.set("line", count_json(widened.line));
  return out;
}

Json discard_json(const DiscardReport& discard) {
  Json out = Json::object();
  out.set("table", discard.table);
  out.set("column", text_or_null(discard.column));
  out.set("entity", discard.entity);
  out.set("values", count_json(discard.values));
  out.set("first_value", discard.first_value);
  out.set("input", discard.input);
  out.set("line", count_json(discard.line));
  return out;
}

Json plan_json(const RowPlan& plan) {
  Json out = Json::object();
  out.set("add", count_json(plan.add));
  out.set("change", count_json(plan.change));
  out.set("delete", count_json(plan.remove));
  return out;
}

Json metrics_json(const Metrics& metrics) {
  Json counters = Json::object();
  for (const auto& [name, sum] : metrics.counters) counters.set(name, count_json(sum));
  Json gauges = Json::object();
  for (const auto& [name, value] : metrics.gauges) gauges.set(name, value);
  Json out = Json::object();
  out.set("counters", std::move(counters));
  out.set("gauges", std::move(gauges));
  return out;
}

Json first_call_json(const FirstCall& call) {
  Json out = Json::object();
  out.set("table", call.table);
  out.set("rows", count_json(call.rows));
  out.set("json", texts(call.json));
  return out;
}

Json merge_json(const MergeReport& merge) {
  Json out = Json::object();
  out.set("duplicates", count_json(merge.duplicates));
  out.set("removed", count_json(merge.removed));
  out.set("updated", count_json(merge.updated));
  out.set("ended", count_json(merge.ended));
  out.set("inserted", count_json(merge.inserted));
  return out;
}

Json table_json(const TableReport& table) {
  Json out = Json::object();
  out.set("name", table.name);
  out.set("parent", text_or_null(table.parent));
  out.set("rows", count_json(table.rows));
  out.set("rows_pending", count_json(table.rows_pending));
  out.set("rows_rejected", count_json(table.rows_rejected));
  out.set("attempts", count_json(table.attempts));
  out.set("unknown", count_json(table.unknown));
  out.set("created", table.created);
  out.set("merged", table.merged ? merge_json(*table.merged) : Json());
  out.set("new_columns", texts(table.new_columns));
  out.set("variants", list_json(table.variants, variant_json));
  out.set("widened", list_json(table.widened, widened_json));
  out.set("plan", table.plan ? plan_json(*table.plan) : Json());
  return out;
}

Json reject_json(const RejectReport& reject) {
  Json out = Json::object();
  out.set("input", reject.input);
  out.set("table", reject.table);
  out.set("line", count_json(reject.line));
  out.set("column", count_json(reject.column));
  out.set("reason", reject.reason);
  out.set("hint", text_or_null(reject.hint));
  return out;
}

Json input_json(const InputReport& input) {
  Json out = Json::object();
  out.set("path", input.path);
  out.set("run_key", text_or_null(input.run_key));
  out.set("fate", name(input.fate));
  out.set("run", text_or_null(input.run));
  out.set("aborted", input.aborted);
  out.set("documents", count_json(input.documents));
  out.set("rejected", count_json(input.rejected));
  out.set("bytes", count_json(input.bytes));
  out.set("hash", text_or_null(input.hash));
  out.set("notes", texts(input.notes));
  return out;
}

}  // namespace

Json job_json(const JobReport& job) {
  Json out = Json::object();
  out.set("table", job.table);
  out.set("file", job.file);
  out.set("rows", count_json(job.rows));
  out.set("bytes", count_json(job.bytes));
  return out;
}

Ending ending_of(const Error& error) {
  switch (error.blame) {
    case Blame::run:
      return Ending::failed;
    case Blame::usage:
      return Ending::misuse;
    case Blame::busy:
      return Ending::busy;
    case Blame::interrupted:
      return Ending::interrupted;
  }
  return Ending::failed;
}

std::string_view name(Progress::Stage stage) {
  switch (stage) {
    case Progress::Stage::open:
      return "open";
    case Progress::Stage::extract:
      return "extract";
    case Progress::Stage::seal:
      return "seal";
    case Progress::Stage::load:
      return "load";
  }
  return "unknown";
}

std::string_view name(Ending ending) {
  switch (ending) {
    case Ending::delivered:
      return "delivered";
    case Ending::failed:
      return "failed";
    case Ending::misuse:
      return "misuse";
    case Ending::rejected:
      return "rejected";
    case Ending::pending:
      return "pending";
    case Ending::busy:
      return "busy";
    case Ending::interrupted:
      return "interrupted";
    case Ending::terminated:
      return "terminated";
  }
  return "unknown";
}

std::string_view name(InputFate fate) {
  switch (fate) {
    case InputFate::loaded:
      return "loaded";
    case InputFate::finished:
      return "finished";
    case InputFate::pending:
      return "pending";
    case InputFate::changed:
      return "changed";
    case InputFate::bad:
      return "bad";
    case InputFate::missing:
      return "missing";
    case InputFate::skipped:
      return "skipped";
  }
  return "unknown";
}

/// Adds a list as it grows: a run may have 100,000 inputs.
template <class Item, class Turn>
void append_list(std::string& out, std::string_view key, const std::vector<Item>& items, Turn turn) {
  append_json_string(out, key);
  out += ":[";
  for (const Item& item : items) {
    if (&item != &items.front()) out += ',';
    out += to_json(turn(item));
  }
  out += ']';
}

std::string to_json(const Report& report) {
  Json out = Json::object();
  out.set("ending", name(report.ending));
  out.set("exit_code", static_cast<int>(report.ending));
  out.set("error", report.error ? error_json(*report.error) : Json());
  out.set("mode", name(report.mode));
  out.set("run_id", report.run_id);
  out.set("pipeline", report.pipeline);
  if (report.called != report.pipeline) out.set("called", report.called);
  out.set("dataset", report.dataset);
  out.set("destination", report.destination);
  out.set("data_dir", report.data_dir);
  if (report.state) out.set("state", state_json(*report.state));
  out.set("dry_run", report.dry_run);
  if (report.fails_on_reject) out.set("fails_on_reject", true);
  out.set("balance", balance_json(report.balance));
  out.set("packages", list_json(report.packages, package_json));
  out.set("pending_packages", list_json(report.pending_packages, package_json));
  out.set("tables", list_json(report.tables, table_json));
  Json rest = Json::object();
  rest.set("steps", list_json(report.steps, step_json));
  rest.set("rejects", list_json(report.rejects, reject_json));
  if (!report.discarded.empty()) rest.set("discarded", list_json(report.discarded, discard_json));
  rest.set("dead_letters", count_json(report.dead_letters));
  rest.set("notes", texts(report.notes));
  rest.set("duplicate_keys", count_json(report.duplicate_keys));
  rest.set("bytes_read", count_json(report.bytes_read));
  rest.set("elapsed_seconds", seconds(report.elapsed));
  rest.set("metrics", metrics_json(report.metrics));
  rest.set("first_call", report.first_call ? first_call_json(*report.first_call) : Json());

  std::string text = to_json(out);
  text.back() = ',';
  append_list(text, "inputs", report.inputs, input_json);
  text += ',';
  text += std::string_view(to_json(rest)).substr(1);
  return text;
}

}  // namespace outfall
