// SPDX-License-Identifier: Apache-2.0
//
// What reports, status documents and dead letters write alike.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.h"
#include "outfall/report.h"

namespace outfall {

/// Json holds signed numbers; no count of ours comes near their end.
inline Json count_json(std::uint64_t number) {
  return static_cast<std::int64_t>(number);
}

inline Json count_json(const std::optional<std::uint64_t>& number) {
  return number ? count_json(*number) : Json();
}

inline Json text_or_null(const std::string& text) {
  return text.empty() ? Json() : Json(text);
}

Json job_json(const JobReport& job);

template <class Item, class Turn>
Json list_json(const std::vector<Item>& items, Turn turn) {
  Json out = Json::array();
  for (const Item& item : items) out.push_back(turn(item));
  return out;
}

}  // namespace outfall
