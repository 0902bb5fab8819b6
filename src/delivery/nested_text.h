// SPDX-License-Identifier: Apache-2.0
//
// JSON of documents, put together again from the rows that they have become.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace outfall::delivery {

/// Members of JSON objects, or what stands in JSON lists, by the id of the row that they belong to.
using MembersOfRows = std::map<std::string, std::string, std::less<>>;

/// What a nested table is called inside the rows of its parent.
std::string_view key_in_parent(std::string_view table, std::string_view parent);

void add_member(std::string& members, std::string_view key, std::string_view value);

void add_to_list(std::string& list, std::string_view item);

/// Lists of nested rows, by the id of their parent, become members of these rows, in front of those that they have.
void nest(const MembersOfRows& lists, std::string_view key, MembersOfRows& parents);

}  // namespace outfall::delivery
