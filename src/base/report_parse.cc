// SPDX-License-Identifier: Apache-2.0
//
// Reads what report_json.cc writes.
#include <array>
#include <cmath>

#include "base/json.h"
#include "base/json_time.h"
#include "outfall/report.h"

namespace outfall {
namespace {

/// An object of the document. What it has not, or has as another kind, is empty.
class Fields {
 public:
  explicit Fields(const Json& object) : object_(object) {}

  std::string text(std::string_view key) const {
    const std::string* found = at(key).as_string();
    return found == nullptr ? "" : *found;
  }

  std::optional<std::uint64_t> known_count(std::string_view key) const {
    const std::int64_t* found = at(key).as_int();
    return found == nullptr || *found < 0 ? std::nullopt : std::optional(static_cast<std::uint64_t>(*found));
  }
  std::uint64_t count(std::string_view key) const { return known_count(key).value_or(0); }

  bool flag(std::string_view key) const {
    const bool* found = at(key).as_bool();
    return found != nullptr && *found;
  }

  std::chrono::nanoseconds seconds(std::string_view key) const {
    const double* found = at(key).as_double();
    return std::chrono::nanoseconds(found == nullptr ? 0 : std::llround(*found * 1e9));
  }

  /// The value that goes by the word; the first of `all` where it is none of them.
  template <class Value, std::size_t n>
  Value named(std::string_view key, const std::array<Value, n>& all) const {
    const std::string word = text(key);
    for (const Value value : all) {
      if (name(value) == word) return value;
    }
    return all.front();
  }

  double number(std::string_view key) const {
    const double* found = at(key).as_double();
    return found == nullptr ? 0 : *found;
  }

  std::vector<std::string> keys() const {
    std::vector<std::string> names;
    if (const Json::Object* members = object_.as_object()) {
      for (const Json::Member& member : *members) names.push_back(member.key);
    }
    return names;
  }

  bool is_object(std::string_view key) const { return at(key).is_object(); }
  Fields object(std::string_view key) const { return Fields(at(key)); }

  template <class Read>
  auto list(std::string_view key, Read read) const {
    std::vector<decltype(read(*this))> out;
    if (const Json::Array* items = at(key).as_array()) {
      out.reserve(items->size());
      for (const Json& item : *items) out.push_back(read(Fields(item)));
    }
    return out;
  }

  std::vector<std::string> texts(std::string_view key) const {
    return list(key, [](const Fields& item) {
      const std::string* text = item.object_.as_string();
      return text == nullptr ? std::string() : *text;
    });
  }

 private:
  const Json& at(std::string_view key) const {
    static const Json nothing;
    const Json* found = object_.find(key);
    return found == nullptr ? nothing : *found;
  }

  const Json& object_;
};

constexpr std::array endings{Ending::failed,  Ending::delivered, Ending::misuse,      Ending::rejected,
                             Ending::pending, Ending::busy,      Ending::interrupted, Ending::terminated};
constexpr std::array modes{DeliveryMode::none,       DeliveryMode::transactional, DeliveryMode::table_by_table,
                           DeliveryMode::job_by_job, DeliveryMode::at_least_once, DeliveryMode::idempotency_key};
constexpr std::array fates{InputFate::loaded, InputFate::finished, InputFate::pending, InputFate::changed,
                           InputFate::bad,    InputFate::missing,  InputFate::skipped};

Blame blame_of(Ending ending) {
  switch (ending) {
    case Ending::misuse:
      return Blame::usage;
    case Ending::busy:
      return Blame::busy;
    case Ending::interrupted:
    case Ending::terminated:
      return Blame::interrupted;
    default:
      return Blame::run;
  }
}

Error error_in(const Fields& error, Ending ending) {
  const std::string remedy = error.text("remedy");
  return {.message = error.text("message"),
          .hint = error.text("hint"),
          .remedy = remedy == "retry"     ? Remedy::retry
                    : remedy == "resolve" ? Remedy::resolve
                                          : Remedy::abandon,
          .blame = blame_of(ending)};
}

JobReport job_in(const Fields& job) {
  return {.table = job.text("table"), .file = job.text("file"), .rows = job.count("rows"), .bytes = job.count("bytes")};
}

PackageReport package_in(const Fields& package) {
  return {.load_id = package.text("load_id"),
          .resumed = package.flag("resumed"),
          .failed = package.flag("failed"),
          .held = package.flag("held"),
          .rows = package.count("rows"),
          .jobs = package.list("jobs", job_in)};
}

VariantReport variant_in(const Fields& variant) {
  return {.column = variant.text("column"),
          .base_column = variant.text("base_column"),
          .first_value = variant.text("first_value"),
          .input = variant.text("input"),
          .line = variant.count("line"),
          .is_stated = variant.flag("is_stated")};
}

WidenedReport widened_in(const Fields& widened) {
  return {.column = widened.text("column"),
          .from = widened.text("from"),
          .to = widened.text("to"),
          .first_value = widened.text("first_value"),
          .input = widened.text("input"),
          .line = widened.count("line")};
}

DiscardReport discard_in(const Fields& discard) {
  return {.table = discard.text("table"),
          .column = discard.text("column"),
          .entity = discard.text("entity"),
          .values = discard.count("values"),
          .first_value = discard.text("first_value"),
          .input = discard.text("input"),
          .line = discard.count("line")};
}

std::optional<RowPlan> plan_in(const Fields& table) {
  if (!table.is_object("plan")) return std::nullopt;
  const Fields plan = table.object("plan");
  return RowPlan{.add = plan.count("add"), .change = plan.count("change"), .remove = plan.known_count("delete")};
}

Metrics metrics_in(const Fields& metrics) {
  Metrics out;
  const Fields counters = metrics.object("counters");
  for (const std::string& name : counters.keys()) out.count(name, counters.count(name));
  const Fields gauges = metrics.object("gauges");
  for (const std::string& name : gauges.keys()) out.gauge(name, gauges.number(name));
  return out;
}

FirstCall first_call_in(const Fields& call) {
  return {.table = call.text("table"), .rows = call.count("rows"), .json = call.texts("json")};
}

std::optional<MergeReport> merged_in(const Fields& table) {
  if (!table.is_object("merged")) return std::nullopt;
  const Fields merged = table.object("merged");
  return MergeReport{.duplicates = merged.count("duplicates"),
                     .removed = merged.count("removed"),
                     .updated = merged.count("updated"),
                     .ended = merged.count("ended"),
                     .inserted = merged.count("inserted")};
}

TableReport table_in(const Fields& table) {
  return {.name = table.text("name"),
          .parent = table.text("parent"),
          .rows = table.count("rows"),
          .rows_pending = table.count("rows_pending"),
          .rows_rejected = table.count("rows_rejected"),
          .attempts = table.count("attempts"),
          .unknown = table.count("unknown"),
          .new_columns = table.texts("new_columns"),
          .variants = table.list("variants", variant_in),
          .widened = table.list("widened", widened_in),
          .created = table.flag("created"),
          .merged = merged_in(table),
          .plan = plan_in(table)};
}

InputReport input_in(const Fields& input) {
  return {.path = input.text("path"),
          .run_key = input.text("run_key"),
          .fate = input.named("fate", fates),
          .run = input.text("run"),
          .aborted = input.flag("aborted"),
          .documents = input.count("documents"),
          .rejected = input.count("rejected"),
          .bytes = input.count("bytes"),
          .hash = input.text("hash"),
          .notes = input.texts("notes")};
}

StepReport step_in(const Fields& step) {
  return {.name = step.text("step"),
          .load_id = step.text("load_id"),
          .started_at = read_time(step.text("started_at")),
          .elapsed = step.seconds("seconds"),
          .rows = step.count("rows"),
          .bytes = step.count("bytes"),
          .is_finished = step.flag("finished")};
}

RejectReport reject_in(const Fields& reject) {
  return {.input = reject.text("input"),
          .table = reject.text("table"),
          .line = reject.count("line"),
          .column = reject.count("column"),
          .reason = reject.text("reason"),
          .hint = reject.text("hint")};
}

StateReport state_in(const Fields& state) {
  StateReport out{.address = state.text("address"),
                  .pushes = state.count("pushes"),
                  .is_complete = state.flag("complete"),
                  .guarantee = state.text("guarantee")};
  if (const std::string at = state.text("pushed_at"); !at.empty()) out.pushed_at = read_time(at);
  return out;
}

Balance balance_in(const Fields& balance) {
  return {.in = balance.count("in"),
          .delivered = balance.count("delivered"),
          .rejected = balance.count("rejected"),
          .pending = balance.count("pending")};
}

}  // namespace

Result<Report> parse_report(std::string_view json) {
  const Result<Json> document = parse_json(json);
  if (!document) return fail(Error(document.error()).in("read a report"));
  if (!document->is_object()) return fail("read a report: it is no JSON object");
  const Fields fields(*document);
  Report report{.ending = fields.named("ending", endings),
                .error = {},
                .mode = fields.named("mode", modes),
                .run_id = fields.text("run_id"),
                .pipeline = fields.text("pipeline"),
                .called = fields.text(fields.text("called").empty() ? "pipeline" : "called"),
                .dataset = fields.text("dataset"),
                .destination = fields.text("destination"),
                .data_dir = fields.text("data_dir"),
                .balance = balance_in(fields.object("balance")),
                .packages = fields.list("packages", package_in),
                .pending_packages = fields.list("pending_packages", package_in),
                .tables = fields.list("tables", table_in),
                .inputs = fields.list("inputs", input_in),
                .steps = fields.list("steps", step_in),
                .rejects = fields.list("rejects", reject_in),
                .discarded = fields.list("discarded", discard_in),
                .dead_letters = fields.count("dead_letters"),
                .notes = fields.texts("notes"),
                .duplicate_keys = fields.count("duplicate_keys"),
                .bytes_read = fields.count("bytes_read"),
                .elapsed = fields.seconds("elapsed_seconds"),
                .metrics = metrics_in(fields.object("metrics")),
                .dry_run = fields.flag("dry_run"),
                .fails_on_reject = fields.flag("fails_on_reject")};
  if (fields.is_object("first_call")) report.first_call = first_call_in(fields.object("first_call"));
  if (fields.is_object("state")) report.state = state_in(fields.object("state"));
  if (fields.is_object("error")) report.error = error_in(fields.object("error"), report.ending);
  return report;
}

}  // namespace outfall
