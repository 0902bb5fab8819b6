// SPDX-License-Identifier: Apache-2.0
#include "engine/settings_reader.h"

#include <fmt/format.h>

namespace outfall::engine {

std::optional<config::Found> SettingsReader::of_destination(std::string_view key) const {
  config::Wanted wanted{
      .sections = {"destination"}, .key = std::string(key), .pipeline = pipeline_, .sections_kept = 1};
  if (!name_.empty()) wanted.sections.push_back(name_);
  return settings_.find(wanted);
}

std::optional<config::Found> SettingsReader::of_loads(std::string_view key) const {
  return settings_.find({.sections = {"load"}, .key = std::string(key), .pipeline = pipeline_, .sections_kept = 1});
}

Result<std::optional<std::int64_t>> read_number(const std::optional<config::Found>& found, NumberRange range,
                                                std::string_view expected) {
  if (!found) return std::nullopt;
  const Result<std::int64_t> number = config::integer_of(*found);
  if (!number) return fail(config::unusable(*found, expected));
  if (*number >= range.least && *number <= range.most) return *number;
  return fail(config::unusable(*found, fmt::format("{} from {} to {}", expected, range.least, range.most)));
}

}  // namespace outfall::engine
