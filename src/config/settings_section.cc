// SPDX-License-Identifier: Apache-2.0
//
// Settings as whole sections.
#include <algorithm>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

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

/// As it is, and as JSON has it.
void add_text(const std::string& text, std::vector<std::string>& texts) {
  const std::string written = to_json(Json(text));
  texts.push_back(text);
  texts.push_back(written.substr(1, written.size() - 2));
}

}  // namespace

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
    const Json* table = &file.values;
    for (const std::string& part : section) table = table == nullptr ? nullptr : table->find(part);
    if (table == nullptr || !table->is_object()) continue;
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

Section Settings::section(const WantedSection& wanted) const {
  Section section;
  const auto add = [&](const std::vector<std::string>& path) {
    for (const Place& place : places_below(path)) {
      const std::span<const std::string> below = std::span(place.path).subspan(path.size());
      if (wanted.is_left_out && wanted.is_left_out(below.front())) continue;
      const std::optional<Found> found = at(place);
      if (!found || !put(section.values, below, found->value)) continue;
      if (found->secrecy == Secrecy::secret) add_secret_texts(found->value, section.secrets);
    }
  };
  if (!wanted.pipeline.empty()) {
    std::vector<std::string> path = wanted.path;
    path.insert(path.begin(), wanted.pipeline);
    add(path);
  }
  add(wanted.path);
  std::ranges::stable_sort(section.secrets, std::ranges::greater{}, &std::string::size);
  return section;
}

}  // namespace outfall::config
