// SPDX-License-Identifier: Apache-2.0
#include "outfall/destination_state.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/utf8.h"

namespace outfall {
namespace {

Status refused(std::string message) {
  return fail(Error{.message = "state of the destination: " + std::move(message), .hint = "", .blame = Blame::usage});
}

}  // namespace

std::optional<std::string> DestinationState::get(std::string_view name) const {
  if (const auto changed = changes_.find(name); changed != changes_.end()) return changed->second;
  if (before_ == nullptr) return std::nullopt;
  const auto known = before_->find(name);
  return known == before_->end() ? std::nullopt : std::optional(known->second);
}

DestinationState::Values DestinationState::all() const {
  Values values = before_ == nullptr ? Values() : *before_;
  for (const auto& [name, value] : changes_) {
    if (value)
      values.insert_or_assign(name, *value);
    else
      values.erase(name);
  }
  return values;
}

Status DestinationState::set(std::string_view name, std::string_view json) {
  if (name.empty() || name.size() > name_bytes_max || valid_utf8(name) != name)
    return refused(fmt::format("a name is text of 1 to {} bytes", name_bytes_max));
  if (json.size() > value_bytes_max)
    return refused(fmt::format("{} has {} bytes, and {} are the most", name, json.size(), value_bytes_max));
  const Result<Json> value = parse_json(json, Fractions::as_written);
  if (!value) return refused(fmt::format("{} is no JSON: {}", name, value.error().message));
  if (!get(name) && all().size() >= names_max)
    return refused(fmt::format("it has {} names, which is the most", names_max));
  changes_.insert_or_assign(std::string(name), to_json(*value));
  return {};
}

void DestinationState::erase(std::string_view name) {
  changes_.insert_or_assign(std::string(name), std::nullopt);
}

}  // namespace outfall
