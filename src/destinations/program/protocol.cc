// SPDX-License-Identifier: Apache-2.0
#include "destinations/program/protocol.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <span>
#include <utility>

#include "base/json.h"
#include "base/utf8.h"
#include "delivery/table_changes.h"
#include "outfall/destination_state.h"

namespace outfall::destinations::program {
namespace {

/// Characters of an answer that a message repeats.
constexpr std::size_t sample_max = 80;

/// The longest wait that a program may ask for.
constexpr double seconds_max = 24.0 * 3600;

std::string line_of(const Json& message) {
  return to_json(message) + "\n";
}

Json message(std::string_view type) {
  Json made = Json::object();
  made.set("type", type);
  return made;
}

Outcome unknown(std::string_view what, std::string_view line) {
  return {.kind = Outcome::Kind::unknown,
          .reason = fmt::format("{}: {}", what, sample_of(line)),
          .hint = "docs/programs.md has the answers that a program may give"};
}

std::string text_of(const Json& answer, std::string_view key) {
  const Json* found = answer.find(key);
  const std::string* text = found == nullptr ? nullptr : found->as_string();
  return text == nullptr ? std::string() : *text;
}

std::string reason_of(const Json& answer, std::string_view otherwise) {
  std::string reason = text_of(answer, "reason");
  return reason.empty() ? std::string(otherwise) : reason;
}

std::optional<std::chrono::nanoseconds> wait_of(const Json& answer) {
  const Json* after = answer.find("after");
  if (after == nullptr) return std::nullopt;
  double seconds = 0;
  if (const std::int64_t* whole = after->as_int()) seconds = static_cast<double>(*whole);
  if (const double* fraction = after->as_double()) seconds = *fraction;
  if (!std::isfinite(seconds) || seconds <= 0) return std::nullopt;
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(std::min(seconds, seconds_max)));
}

/// None: an element names no row of the batch. Of a row that is named again the first reason counts.
std::optional<std::vector<RejectedRow>> rows_of(const Json::Array& list, std::uint64_t rows,
                                                const std::string& reason) {
  std::vector<RejectedRow> rejected;
  for (const Json& element : list) {
    const Json* number = element.is_object() ? element.find("row") : &element;
    const std::int64_t* row = number == nullptr ? nullptr : number->as_int();
    if (row == nullptr || *row < 0 || static_cast<std::uint64_t>(*row) >= rows) return std::nullopt;
    rejected.push_back({.row = static_cast<std::uint64_t>(*row), .reason = reason_of(element, reason)});
  }
  std::ranges::stable_sort(rejected, {}, &RejectedRow::row);
  const auto again = std::ranges::unique(rejected, {}, &RejectedRow::row);
  rejected.erase(again.begin(), again.end());
  return rejected;
}

Outcome read_reject(const Json& answer, std::string_view line, std::uint64_t rows) {
  if (rows == 0) return unknown("the program rejects, and was not given rows", line);
  const std::string reason = reason_of(answer, "the program rejects it");
  const Json* list = answer.find("rows");
  const std::string* word = list == nullptr ? nullptr : list->as_string();
  if (list == nullptr) return unknown("the program rejects, and does not say which rows", line);
  if (word != nullptr && *word == "all") {
    return {.kind = Outcome::Kind::rejected, .reason = reason};
  }
  if (list->as_array() == nullptr || list->as_array()->empty()) {
    return unknown("the program rejects no row", line);
  }
  auto rejected = rows_of(*list->as_array(), rows, reason);
  if (!rejected)
    return unknown(fmt::format("the program rejects rows that are not among the {} of the batch", rows), line);
  return {.kind = Outcome::Kind::rejected, .reason = reason, .rows = std::move(*rejected)};
}

/// The member, unless it is not there or null.
const Json* given(const Json& answer, std::string_view key) {
  const Json* found = answer.find(key);
  return found == nullptr || found->is_null() ? nullptr : found;
}

bool is_number(const Json& value) {
  return value.as_int() != nullptr || value.as_double() != nullptr;
}

/// A number that a metric cannot hold costs the metric, and not what the answer says of the batch.
bool is_gauge(const Json& value) {
  return is_number(value) || value.as_number() != nullptr;
}

bool is_count(const Json& value) {
  if (const Json::Number* large = value.as_number())
    return large->text.find_first_not_of("0123456789") == large->text.npos;
  return value.as_int() != nullptr && *value.as_int() >= 0;
}

/// Whether it is an object whose members are all as `is_right` says. What is not there is right.
bool are_all(const Json& answer, std::string_view key, bool (*is_right)(const Json& value)) {
  const Json* found = given(answer, key);
  if (found == nullptr) return true;
  const Json::Object* members = found->as_object();
  return members != nullptr &&
         std::ranges::all_of(*members, [is_right](const Json::Member& member) { return is_right(member.value); });
}

bool has_reason_of_text(const Json& answer) {
  const Json* reason = given(answer, "reason");
  return reason == nullptr || reason->as_string() != nullptr;
}

/// Which known field of an answer has another form than docs/programs.md says. Empty: none. Others are passed over.
std::string_view wrong_shape(const Json& answer) {
  if (!has_reason_of_text(answer)) return "a reason that is no text";
  const Json* rows = given(answer, "rows");
  const Json::Array* list = rows == nullptr ? nullptr : rows->as_array();
  if (list != nullptr && !std::ranges::all_of(*list, [](const Json& row) { return has_reason_of_text(row); }))
    return "a reason that is no text";
  const Json* after = given(answer, "after");
  if (after != nullptr && !is_number(*after)) return "an after that is no number of seconds";
  const Json* state = given(answer, "state");
  if (state != nullptr && !state->is_object()) return "a state that is no object";
  const Json* metrics = given(answer, "metrics");
  if (metrics == nullptr) return "";
  if (!metrics->is_object()) return "metrics that are no object";
  if (!are_all(*metrics, "counters", is_count)) return "counters that are not whole numbers from 0 by name";
  return are_all(*metrics, "gauges", is_gauge) ? "" : "gauges that are not numbers by name";
}

bool says(const Json& answer, std::string_view key) {
  const Json* value = given(answer, key);
  return value != nullptr && *value->as_bool();
}

/// Whether what a program says of itself is true or false, where it says it.
Status check_flag(const Json& answer, std::string_view key) {
  const Json* value = given(answer, key);
  if (value == nullptr || value->as_bool() != nullptr) return {};
  return fail(fmt::format(R"(the program says "{}":{} when it is ready, and that is neither true nor false)", key,
                          sample_of(to_json(*value))),
              fmt::format(R"(write "{}":true where it is so, or leave it out)", key));
}

void set_state(Json& line, const ledger::StateValues* values) {
  if (values == nullptr) return;
  Json state = Json::object();
  for (const auto& [name, value] : *values) {
    const Result<Json> read = parse_json(value, Fractions::as_written);
    if (read) state.set(name, *read);
  }
  line.set("state", std::move(state));
}

Json about(const delivery::Batch& batch, std::string_view type) {
  Json line = message(type);
  line.set("table", batch.table.name);
  line.set("rows", static_cast<std::int64_t>(batch.size()));
  line.set("key", batch.key);
  line.set("load_id", batch.load_id);
  line.set("job", batch.job_file);
  line.set("index", static_cast<std::int64_t>(batch.index));
  line.set("attempt", static_cast<std::int64_t>(batch.attempt));
  line.set("first", static_cast<std::int64_t>(batch.first));
  return line;
}

}  // namespace

std::string hello_line(const Hello& hello) {
  const bool is_plain = hello.format == LoaderFileFormat::jsonl;
  Json line = message("hello");
  line.set("protocol", protocol_version);
  line.set("destination", hello.destination);
  line.set("format", is_plain ? std::string_view("ndjson") : name(hello.format));
  line.set("options", hello.options);
  line.set("worker", hello.worker);
  set_state(line, hello.state);
  return line_of(line);
}

std::string load_line(std::string_view type, std::string_view load_id) {
  Json line = message(type);
  line.set("load_id", load_id);
  return line_of(line);
}

std::string table_line(std::string_view type, std::string_view load_id, const schema::Table& table,
                       const TableChanges* changes) {
  Json line = message(type);
  line.set("load_id", load_id);
  Json document = table.to_json();
  if (Json* columns = document.find("columns"); columns != nullptr && columns->is_object()) {
    std::erase_if(*columns->as_object(), [](const Json::Member& column) { return schema::is_system_name(column.key); });
  }
  Json described = Json::object();
  described.set("name", table.name);
  for (const Json::Member& member : *document.as_object()) described.set(member.key, member.value);
  line.set("table", std::move(described));
  if (changes != nullptr) line.set("changes", delivery::to_json(*changes));
  return line_of(line);
}

bool is_lines(LoaderFileFormat format) {
  return format == LoaderFileFormat::jsonl || format == LoaderFileFormat::typed_jsonl;
}

std::string batch_line(const delivery::Batch& batch, const RowsBehind& rows, const ledger::StateValues* state) {
  Json line = about(batch, "batch");
  line.set("row_keys", rows.row_keys);
  if (rows.bytes) line.set("bytes", static_cast<std::int64_t>(*rows.bytes));
  set_state(line, state);
  return line_of(line);
}

std::string file_line(const delivery::Batch& batch, std::string_view path, const ledger::StateValues* state) {
  Json line = about(batch, "file");
  line.set("path", path);
  set_state(line, state);
  return line_of(line);
}

void append_keyed_row(std::string& out, std::string_view key, std::string_view row) {
  if (row.ends_with('\n')) row.remove_suffix(1);
  out += R"({"key":")";
  out += key;
  out += R"(","row":)";
  out += row;
  out += "}\n";
}

std::string resolve_line(const delivery::Batch& batch) {
  return line_of(about(batch, "resolve"));
}

std::string sample_of(std::string_view said) {
  return std::string(utf8_prefix(said, sample_max));
}

std::string end_line() {
  return line_of(message("end"));
}

Result<Ready> read_ready(std::string_view line) {
  const Result<Json> answer = parse_json(line);
  if (!answer || text_of(*answer, "type") != "ready") {
    return fail(fmt::format("the program answers hello with: {}", sample_of(line)), ready_hint);
  }
  const Json* protocol = answer->find("protocol");
  const std::int64_t* version = protocol == nullptr ? nullptr : protocol->as_int();
  if (protocol == nullptr) return fail("the program is ready, and does not say which protocol it speaks", ready_hint);
  if (version == nullptr || *version != protocol_version) {
    return fail(fmt::format("the program speaks another protocol: {}", sample_of(to_json(*protocol))),
                fmt::format(R"(this Outfall speaks protocol {0}: "protocol":{0})", protocol_version));
  }
  for (const std::string_view flag : {"deduplicates", "resolves", "row_keys", "files"}) {
    if (Status right = check_flag(*answer, flag); !right) return fail(std::move(right.error()));
  }
  return Ready{.deduplicates = says(*answer, "deduplicates"),
               .resolves = says(*answer, "resolves"),
               .row_keys = says(*answer, "row_keys"),
               .files = says(*answer, "files")};
}

namespace {

Outcome outcome_in(const Json& answer, std::string_view line, std::uint64_t rows) {
  const std::string type = text_of(answer, "type");
  if (type == "ok") return {.kind = Outcome::Kind::delivered};
  if (type == "retry") {
    return {.kind = Outcome::Kind::retry,
            .reason = reason_of(answer, "the program asks for another attempt"),
            .after = wait_of(answer)};
  }
  if (type == "reject") return read_reject(answer, line, rows);
  if (type == "fatal") return {.kind = Outcome::Kind::fatal, .reason = reason_of(answer, "the program gives up")};
  return unknown("the program's answer is of no known type", line);
}

/// Members of an object that the answer may have.
std::span<const Json::Member> members_of(const Json& answer, std::string_view key) {
  const Json* found = answer.find(key);
  const Json::Object* members = found == nullptr ? nullptr : found->as_object();
  return members == nullptr ? std::span<const Json::Member>() : std::span<const Json::Member>(*members);
}

/// Its numbers stay as they were written. Errors: a value is none that can be kept.
Result<ledger::StateChanges> state_in(std::string_view line) {
  const Result<Json> answer = parse_json(line, Fractions::as_written);
  if (!answer) return fail(answer.error());
  DestinationState state;
  for (const Json::Member& member : members_of(*answer, "state")) {
    if (member.value.is_null()) {
      state.erase(member.key);
    } else if (const Status set = state.set(member.key, to_json(member.value)); !set) {
      return fail(set.error());
    }
  }
  return state.changes();
}

/// Of an answer without a wrong shape.
Metrics metrics_in(const Json& answer) {
  Metrics metrics;
  const Json* found = answer.find("metrics");
  if (found == nullptr) return metrics;
  for (const Json::Member& member : members_of(*found, "counters")) {
    if (const std::int64_t* count = member.value.as_int())
      metrics.count(member.key, static_cast<std::uint64_t>(*count));
  }
  for (const Json::Member& member : members_of(*found, "gauges")) {
    if (const std::int64_t* whole = member.value.as_int()) metrics.gauge(member.key, static_cast<double>(*whole));
    if (const double* value = member.value.as_double()) metrics.gauge(member.key, *value);
  }
  return metrics;
}

}  // namespace

ProgramAnswer read_answer(std::string_view line, std::uint64_t rows) {
  const Result<Json> answer = parse_json(line);
  if (!answer) return {.outcome = unknown("the program's answer is not JSON", line)};
  if (const std::string_view wrong = wrong_shape(*answer); !wrong.empty())
    return {.outcome = unknown(fmt::format("the program's answer has {}", wrong), line)};
  ProgramAnswer read{.outcome = outcome_in(*answer, line, rows), .state = {}, .metrics = metrics_in(*answer)};
  const bool is_taken = read.outcome.kind == Outcome::Kind::delivered || !read.outcome.rows.empty();
  if (!is_taken || answer->find("state") == nullptr) return read;
  Result<ledger::StateChanges> state = state_in(line);
  if (state)
    read.state = std::move(*state);
  else
    read.outcome = unknown(state.error().message, line);
  return read;
}

}  // namespace outfall::destinations::program
