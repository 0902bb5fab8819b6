// SPDX-License-Identifier: Apache-2.0
#include "config/settings_file.h"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <array>
#include <sstream>
#include <utility>

namespace outfall::config {
namespace {

/// Settings are written by hand, or hold a key or two.
constexpr std::size_t file_bytes_max = std::size_t{1} << 20;
/// Each dot of a key is a level, and the parser goes as deep as there are any.
constexpr std::size_t line_bytes_max = std::size_t{16} << 10;
constexpr int levels_max = 64;

Error broken(const std::string& path, std::string_view what) {
  return {.message = fmt::format("{}: {}", path, what), .hint = "", .blame = Blame::usage};
}

bool is_too_deep(const toml::node& node, int levels_left) {
  const auto deeper = [levels_left](const auto& element) { return is_too_deep(element, levels_left - 1); };
  if (levels_left == 0) return true;
  if (const toml::array* array = node.as_array()) return std::ranges::any_of(*array, deeper);
  const toml::table* table = node.as_table();
  if (table == nullptr) return false;
  return std::ranges::any_of(*table, [&](const auto& member) { return deeper(member.second); });
}

Json json_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* integer = node.as_integer()) return integer->get();
  if (const auto* number = node.as_floating_point()) return number->get();
  if (const auto* flag = node.as_boolean()) return flag->get();
  if (const toml::array* array = node.as_array()) {
    Json list = Json::array();
    for (const toml::node& element : *array) list.push_back(json_of(element));
    return list;
  }
  if (const toml::table* table = node.as_table()) {
    Json object = Json::object();
    for (const auto& [key, value] : *table) object.set(key.str(), json_of(value));
    return object;
  }
  std::ostringstream moment;
  node.visit([&moment](const auto& value) {
    if constexpr (toml::is_chronological<decltype(value)>) moment << value.get();
  });
  return moment.str();
}

std::string_view line_of(std::string_view text, std::uint32_t number) {
  for (; number > 1 && !text.empty(); --number) text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
  return text.substr(0, text.find('\n'));
}

/// What the parser says repeats parts of values.
std::string description(const toml::parse_error& error, const SettingsFile& file, std::string_view text) {
  const std::string_view line = line_of(text, error.source().begin.line);
  const bool is_hidden = file.secrecy == Secrecy::secret || is_secret_name(line.substr(0, line.find('=')));
  return is_hidden ? "this is not TOML" : fmt::format("this is not TOML: {}", error.description());
}

bool has_long_line(std::string_view text) {
  while (!text.empty()) {
    const std::size_t length = std::min(text.find('\n'), text.size());
    if (length > line_bytes_max) return true;
    text.remove_prefix(std::min(length + 1, text.size()));
  }
  return false;
}

}  // namespace

bool is_secret_name(std::string_view name) {
  constexpr std::array words{"password", "passwd",     "passphrase",  "token",       "secret",
                             "api_key",  "access_key", "private_key", "credentials", "apikey"};
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  return std::ranges::any_of(words, [&lower](const char* word) { return lower.find(word) != std::string::npos; });
}

Result<SettingsFile> parse_settings(std::string path, Secrecy secrecy, std::string_view text) {
  SettingsFile file{.path = std::move(path), .secrecy = secrecy, .values = Json::object()};
  if (text.size() > file_bytes_max) {
    return fail(broken(
        file.path, fmt::format("{} bytes are too many for settings, the limit is {}", text.size(), file_bytes_max)));
  }
  if (has_long_line(text)) return fail(broken(file.path, fmt::format("a line has more than {} bytes", line_bytes_max)));
  try {
    const toml::table table = toml::parse(text);
    if (is_too_deep(table, levels_max))
      return fail(broken(file.path, fmt::format("tables are nested more than {} deep", levels_max)));
    file.values = json_of(table);
  } catch (const toml::parse_error& error) {
    const toml::source_position& at = error.source().begin;
    return fail(broken(fmt::format("{}:{}:{}", file.path, at.line, at.column), description(error, file, text)));
  }
  return file;
}

}  // namespace outfall::config
