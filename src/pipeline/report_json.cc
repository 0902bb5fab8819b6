// SPDX-License-Identifier: Apache-2.0
//
// The report as JSON. The field names are part of the command line's contract (docs/command-line.md).
#include "base/json.h"
#include "outfall/report.h"

namespace outfall {
namespace {

template <class T>
Json array_of(const std::vector<T>& items, Json (*convert)(const T&)) {
  Json::Array array;
  array.reserve(items.size());
  for (const T& item : items) array.push_back(convert(item));
  return array;
}

Json text(const std::string& value) { return value; }

std::string_view name(InputFate fate) {
  switch (fate) {
    case InputFate::loaded: return "loaded";
    case InputFate::finished: return "finished";
    case InputFate::changed: return "changed";
    case InputFate::skipped: return "skipped";
  }
  return "";
}

std::string_view name(Ending ending) {
  switch (ending) {
    case Ending::delivered: return "delivered";
    case Ending::failed: return "failed";
    case Ending::misuse: return "misuse";
    case Ending::rejected: return "rejected";
    case Ending::pending: return "pending";
    case Ending::busy: return "busy";
    case Ending::interrupted: return "interrupted";
    case Ending::terminated: return "terminated";
  }
  return "";
}

Json count(std::uint64_t value) { return static_cast<std::int64_t>(value); }

Json convert_variant(const VariantReport& variant) {
  Json json = Json::object();
  json.set("column", variant.column);
  json.set("base_column", variant.base_column);
  json.set("first_value", variant.first_value);
  json.set("input", variant.input);
  json.set("line", count(variant.line));
  return json;
}

Json convert_table(const TableReport& table) {
  Json json = Json::object();
  json.set("name", table.name);
  json.set("parent", table.parent);
  json.set("rows", count(table.rows));
  json.set("created", table.created);
  json.set("new_columns", array_of(table.new_columns, text));
  json.set("variants", array_of(table.variants, convert_variant));
  return json;
}

Json convert_input(const InputReport& input) {
  Json json = Json::object();
  json.set("path", input.path);
  json.set("fate", name(input.fate));
  json.set("run", input.run);
  json.set("documents", count(input.documents));
  json.set("bytes", count(input.bytes));
  json.set("notes", array_of(input.notes, text));
  return json;
}

Json convert_package(const PackageReport& package) {
  Json json = Json::object();
  json.set("load_id", package.load_id);
  json.set("resumed", package.resumed);
  json.set("rows", count(package.rows));
  return json;
}

Json convert_balance(const Balance& balance) {
  Json json = Json::object();
  json.set("in", count(balance.in));
  json.set("delivered", count(balance.delivered));
  json.set("rejected", count(balance.rejected));
  json.set("pending", count(balance.pending));
  return json;
}

Json convert_error(const Error& error) {
  Json json = Json::object();
  json.set("message", error.message);
  json.set("hint", error.hint);
  return json;
}

}  // namespace

std::string to_json(const Report& report) {
  Json json = Json::object();
  json.set("ending", name(report.ending));
  json.set("exit_code", static_cast<int>(report.ending));
  json.set("error", report.error ? convert_error(*report.error) : Json());
  json.set("mode", outfall::name(report.mode));
  json.set("dry_run", report.dry_run);
  json.set("run_id", report.run_id);
  json.set("pipeline", report.pipeline);
  json.set("dataset", report.dataset);
  json.set("destination", report.destination);
  json.set("data_dir", report.data_dir);
  json.set("balance", convert_balance(report.balance));
  json.set("packages", array_of(report.packages, convert_package));
  json.set("tables", array_of(report.tables, convert_table));
  json.set("inputs", array_of(report.inputs, convert_input));
  json.set("notes", array_of(report.notes, text));
  json.set("duplicate_keys", count(report.duplicate_keys));
  json.set("bytes_read", count(report.bytes_read));
  json.set("elapsed_seconds", std::chrono::duration<double>(report.elapsed).count());
  return to_json(json);
}

}  // namespace outfall
