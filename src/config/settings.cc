// SPDX-License-Identifier: Apache-2.0
#include "config/settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "base/file.h"
#include "base/search_upwards.h"

namespace outfall::config {

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return text;
}

std::vector<std::string> divided(std::string_view text, std::string_view by) {
  std::vector<std::string> parts;
  while (true) {
    const std::size_t end = text.find(by);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + by.size());
  }
}

namespace {

std::string upper(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) { return c >= 'a' && c <= 'z' ? char(c - 'a' + 'A') : c; });
  return text;
}

/// The paths of one pass, the most specific first.
std::vector<std::vector<std::string>> paths(const Wanted& wanted, std::span<const std::string> before) {
  const std::vector<std::string> key = divided(wanted.key, ".");
  std::vector<std::vector<std::string>> found;
  for (std::size_t kept = wanted.sections.size() + 1;
       kept-- > std::min(wanted.sections_kept, wanted.sections.size());) {
    std::vector<std::string>& path = found.emplace_back(before.begin(), before.end());
    path.insert(path.end(), wanted.sections.begin(), wanted.sections.begin() + static_cast<std::ptrdiff_t>(kept));
    path.insert(path.end(), key.begin(), key.end());
  }
  return found;
}

Result<std::optional<SettingsFile>> read_if_there(const std::string& path, Secrecy secrecy) {
  const Result<bool> is_there = file_exists(path);
  if (!is_there) return fail(is_there.error());
  if (!*is_there) return std::nullopt;
  const Result<std::string> text = read_file(path);
  if (!text) return fail(text.error());
  Result<SettingsFile> file = parse_settings(path, secrecy, *text);
  if (!file) return fail(std::move(file.error()));
  return std::move(*file);
}

}  // namespace

std::string Place::key() const {
  return file.empty() ? upper(fmt::format("{}", fmt::join(path, "__"))) : fmt::format("{}", fmt::join(path, "."));
}

std::string Place::text() const {
  return file.empty() ? "environment variable " + key() : fmt::format("{}: {}", file, key());
}

Environment process_environment() {
  Environment found;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view text = *variable;
    const std::size_t equals = text.find('=');
    if (equals == std::string_view::npos || equals + 1 == text.size()) continue;
    found.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return found;
}

Result<Settings> Settings::read(const std::string& folder, Environment environment) {
  Settings settings;
  settings.environment_ = std::move(environment);
  for (const char* name : {".outfall", ".dlt"}) {
    if (std::optional<std::string> found = search_upwards(folder, name)) settings.folders_.push_back(std::move(*found));
  }
  constexpr std::array files{std::pair("secrets.toml", Secrecy::secret), std::pair("config.toml", Secrecy::open)};
  for (const auto& [name, secrecy] : files) {
    for (const std::string& place : settings.folders_) {
      Result<std::optional<SettingsFile>> file = read_if_there(fmt::format("{}/{}", place, name), secrecy);
      if (!file) return fail(std::move(file.error()));
      if (*file) settings.files_.push_back(std::move(**file));
    }
  }
  return settings;
}

std::vector<Place> Settings::places(const Wanted& wanted) const {
  std::vector<Place> found;
  const auto add_pass = [&](std::span<const std::string> before) {
    const std::vector<std::vector<std::string>> all = paths(wanted, before);
    const bool has_bare = before.empty() && wanted.sections_kept == 0 && !wanted.sections.empty();
    const std::span<const std::vector<std::string>> sectioned(all.begin(), all.end() - (has_bare ? 1 : 0));
    for (const std::vector<std::string>& path : sectioned) found.push_back({.file = {}, .path = path});
    for (const SettingsFile& file : files_) {
      for (const std::vector<std::string>& path : all) found.push_back({.file = file.path, .path = path});
    }
    if (has_bare) found.push_back({.file = {}, .path = all.back()});
  };
  if (!wanted.pipeline.empty()) add_pass(std::array{wanted.pipeline});
  add_pass({});
  return found;
}

std::optional<Found> Settings::at(const Place& place) const {
  const bool is_in_credentials = std::ranges::find(place.path, "credentials") != place.path.end();
  const Secrecy by_name = is_in_credentials || is_secret_name(place.path.back()) ? Secrecy::secret : Secrecy::open;
  if (place.file.empty()) {
    const auto variable = environment_.find(place.key());
    if (variable == environment_.end()) return std::nullopt;
    return Found{.value = variable->second, .place = place, .secrecy = by_name};
  }
  const auto file = std::ranges::find(files_, place.file, &SettingsFile::path);
  const Json* value = file == files_.end() ? nullptr : &file->values;
  for (const std::string& part : place.path) value = value == nullptr ? nullptr : value->find(part);
  if (value == nullptr) return std::nullopt;
  return Found{
      .value = *value, .place = place, .secrecy = file->secrecy == Secrecy::secret ? Secrecy::secret : by_name};
}

std::optional<Found> Settings::find(const Wanted& wanted) const {
  for (const Place& place : places(wanted)) {
    if (std::optional<Found> found = at(place)) return found;
  }
  return std::nullopt;
}

std::vector<std::string> Settings::sections_of(std::string_view section) const {
  std::vector<std::string> names;
  const std::string prefix = upper(std::string(section)) + "__";
  for (const auto& [variable, value] : environment_) {
    const std::vector<std::string> parts = divided(variable, "__");
    if (variable.starts_with(prefix) && parts.size() > 2) names.push_back(lower(parts[1]));
  }
  for (const SettingsFile& file : files_) {
    const Json* table = file.values.find(section);
    if (table == nullptr || !table->is_object()) continue;
    for (const Json::Member& member : *table->as_object()) {
      if (member.value.is_object()) names.push_back(member.key);
    }
  }
  std::ranges::sort(names);
  names.erase(std::ranges::unique(names).begin(), names.end());
  return names;
}

}  // namespace outfall::config
