// SPDX-License-Identifier: Apache-2.0
//
// Settings as whole sections.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"
#include "config/settings.h"

namespace outfall::config {
namespace {

/// Puts the value there, unless something stands there or on the way. False: it does.
bool put(Json& section, std::span<const std::string> path, Json value) {
  Json* at = &section;
  for (const std::string& part : path.first(path.size() - 1)) {
    if (at->find(part) == nullptr) at->set(part, Json::object());
    at = at->find(part);
    if (!at->is_object()) return false;
  }
  if (at->find(path.back()) != nullptr) return false;
  at->set(path.back(), std::move(value));
  return true;
}

/// The table that this path leads to. Null: there is none.
const Json* table_at(const SettingsFile& file, std::span<const std::string> path) {
  const Json* table = &file.values;
  for (const std::string& part : path) table = table == nullptr ? nullptr : table->find(part);
  return table != nullptr && table->is_object() ? table : nullptr;
}

/// The section below the name of the pipeline, where there is one, and the section.
std::vector<std::vector<std::string>> paths_of(const WantedSection& wanted) {
  std::vector<std::vector<std::string>> paths{wanted.path};
  if (wanted.pipeline.empty()) return paths;
  paths.insert(paths.begin(), wanted.path);
  paths.front().insert(paths.front().begin(), wanted.pipeline);
  return paths;
}

/// As it is, and as JSON has it.
void add_text(const std::string& text, std::vector<std::string>& texts) {
  const std::string written = to_json(Json(text));
  texts.push_back(text);
  texts.push_back(written.substr(1, written.size() - 2));
}

}  // namespace

Error no_such_setting(const SettingsTable& table, std::string_view key, std::string_view near, std::string_view known) {
  return {.message = fmt::format("{}: {} has no setting {}", table.file, table.path, key),
          .hint = fmt::format("did you mean {}? known are {}", near, known),
          .blame = Blame::usage};
}

void add_secret_texts(const Json& value, std::vector<std::string>& secrets) {
  if (const Json::Array* elements = value.as_array()) {
    for (const Json& element : *elements) add_secret_texts(element, secrets);
    return;
  }
  const std::string* text = value.as_string();
  if (text == nullptr) {
    secrets.push_back(to_json(value));
    return;
  }
  add_text(*text, secrets);
  if (text->find('\n') == std::string::npos) return;
  for (std::string& line : divided(*text, "\n")) {
    if (line.ends_with('\r')) line.pop_back();
    add_text(line, secrets);
  }
}

/// Places of values, not of tables.
std::vector<Place> Settings::places_below(const std::vector<std::string>& section) const {
  std::vector<Place> found;
  const std::string prefix = Place{.file = {}, .path = section}.key() + "__";
  for (const auto& [variable, value] : environment_) {
    if (!variable.starts_with(prefix)) continue;
    Place place{.file = {}, .path = section};
    for (std::string& part : divided(lower(variable.substr(prefix.size())), "__"))
      place.path.push_back(std::move(part));
    if (std::ranges::find(place.path, "") == place.path.end()) found.push_back(std::move(place));
  }
  for (const SettingsFile& file : files_) {
    const Json* table = table_at(file, section);
    if (table == nullptr) continue;
    std::vector<std::pair<std::vector<std::string>, const Json*>> tables = {{section, table}};
    for (std::size_t i = 0; i < tables.size(); ++i) {
      const auto [path, values] = tables[i];
      for (const Json::Member& member : *values->as_object()) {
        std::vector<std::string> below = path;
        below.push_back(member.key);
        if (member.value.is_object())
          tables.emplace_back(std::move(below), &member.value);
        else
          found.push_back({.file = file.path, .path = std::move(below)});
      }
    }
  }
  return found;
}

std::vector<SettingsTable> Settings::own_tables(const WantedSection& wanted) const {
  std::vector<SettingsTable> tables;
  for (const SettingsFile& file : files_) {
    if (file_name(parent_path(file.path)) != ".outfall") continue;
    for (const std::vector<std::string>& path : paths_of(wanted)) {
      const Json* values = table_at(file, path);
      if (values == nullptr) continue;
      tables.push_back({.file = file.path, .path = fmt::format("{}", fmt::join(path, ".")), .values = values});
    }
  }
  return tables;
}

Section Settings::section(const WantedSection& wanted) const {
  Section section;
  for (const std::vector<std::string>& path : paths_of(wanted)) {
    for (const Place& place : places_below(path)) {
      const std::span<const std::string> below = std::span(place.path).subspan(path.size());
      if (wanted.is_left_out && wanted.is_left_out(below.front())) continue;
      const std::optional<Found> found = at(place);
      if (!found || !put(section.values, below, found->value)) continue;
      if (found->secrecy == Secrecy::secret) add_secret_texts(found->value, section.secrets);
    }
  }
  std::ranges::stable_sort(section.secrets, std::ranges::greater{}, &std::string::size);
  return section;
}

}  // namespace outfall::config
