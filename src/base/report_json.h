// SPDX-License-Identifier: Apache-2.0
//
// What reports and status documents write alike.
#pragma once

#include <vector>

#include "base/json.h"
#include "outfall/report.h"

namespace outfall {

Json job_json(const JobReport& job);

template <class Item, class Turn>
Json list_json(const std::vector<Item>& items, Turn turn) {
  Json out = Json::array();
  for (const Item& item : items) out.push_back(turn(item));
  return out;
}

}  // namespace outfall
