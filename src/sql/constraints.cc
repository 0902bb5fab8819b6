// SPDX-License-Identifier: Apache-2.0
#include "sql/constraints.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "base/json.h"
#include "sql/dialect.h"

namespace outfall::sql {
namespace {

using Kind = Constraint::Kind;

constexpr std::array<std::pair<std::string_view, Kind>, 6> kinds{{{"check", Kind::check},
                                                                  {"not null", Kind::not_null},
                                                                  {"unique", Kind::unique},
                                                                  {"primary key", Kind::primary_key},
                                                                  {"foreign key", Kind::foreign_key},
                                                                  {"collated", Kind::collated}}};

std::vector<std::string> texts_in(const std::string& list) {
  std::vector<std::string> texts;
  const Result<Json> document = parse_json(list);
  const Json::Array* items = document ? document->as_array() : nullptr;
  if (items == nullptr) return texts;
  for (const Json& item : *items) {
    if (const std::string* text = item.as_string()) texts.push_back(*text);
  }
  return texts;
}

}  // namespace

Result<std::vector<Constraint>> read_constraints(Connection& connection, const std::string& dataset) {
  std::vector<Constraint> found;
  const std::string_view question = connection.dialect().constraints;
  if (question.empty()) return found;
  const Value place[] = {connection.catalog(), dataset};
  const LookIn looking(connection, dataset);
  if (!looking.status()) return fail(looking.status().error());
  const auto rows = connection.rows(question, place);
  if (!rows) return fail(Error(rows.error()).in(fmt::format("read the constraints of dataset {}", dataset)));
  for (const TextRow& row : *rows) {
    const auto text = [&row](std::size_t cell) { return row.at(cell).value_or(""); };
    const auto* const kind = std::ranges::find(kinds, text(1), &std::pair<std::string_view, Kind>::first);
    if (kind == kinds.end()) continue;
    found.push_back({.table = text(0),
                     .kind = kind->second,
                     .text = text(2),
                     .condition = text(3),
                     .columns = texts_in(text(4)),
                     .referenced_table = text(5),
                     .referenced_columns = texts_in(text(6))});
  }
  return found;
}

}  // namespace outfall::sql
