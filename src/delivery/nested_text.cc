// SPDX-License-Identifier: Apache-2.0
#include "delivery/nested_text.h"

#include <utility>

#include "base/json.h"

namespace outfall::delivery {

std::string_view key_in_parent(std::string_view table, std::string_view parent) {
  if (!table.starts_with(parent)) return table;
  std::string_view key = table.substr(parent.size());
  for (const std::string_view between : {"__", "▶"}) {
    if (key.starts_with(between) && key.size() > between.size()) return key.substr(between.size());
  }
  return table;
}

void add_member(std::string& members, std::string_view key, std::string_view value) {
  if (!members.empty()) members += ',';
  append_json_string(members, key);
  members += ':';
  members += value;
}

void add_to_list(std::string& list, std::string_view item) {
  if (!list.empty()) list += ',';
  list += item;
}

void nest(const MembersOfRows& lists, std::string_view key, MembersOfRows& parents) {
  for (const auto& [id, list] : lists) {
    std::string member;
    add_member(member, key, "[" + list + "]");
    std::string& members = parents[id];
    if (!members.empty()) member.append(",").append(members);  // the last table comes first here
    members = std::move(member);
  }
}

}  // namespace outfall::delivery
