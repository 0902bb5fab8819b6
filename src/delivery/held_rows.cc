// SPDX-License-Identifier: Apache-2.0
#include "delivery/held_rows.h"

#include "base/json.h"
#include "base/utf8.h"

namespace outfall::delivery {
namespace {

std::unexpected<Error> unreadable() {
  return fail("the state store has rejected rows of a batch that cannot be read");
}

}  // namespace

std::string held_text(const std::vector<RejectedRow>& rows) {
  Json out = Json::array();
  for (const RejectedRow& row : rows)
    out.push_back(Json::Array{Json(static_cast<std::int64_t>(row.row)), Json(valid_utf8(row.reason))});
  return to_json(out);
}

Result<std::vector<RejectedRow>> read_held(std::string_view text) {
  const Result<Json> read = parse_json(text);
  if (!read || !read->is_array()) return unreadable();
  std::vector<RejectedRow> rows;
  for (const Json& entry : *read->as_array()) {
    const Json::Array* pair = entry.as_array();
    if (pair == nullptr || pair->size() != 2) return unreadable();
    const std::int64_t* row = (*pair)[0].as_int();
    const std::string* reason = (*pair)[1].as_string();
    if (row == nullptr || reason == nullptr) return unreadable();
    rows.push_back({.row = static_cast<std::uint64_t>(*row), .reason = *reason});
  }
  return rows;
}

}  // namespace outfall::delivery
