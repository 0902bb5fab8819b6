// SPDX-License-Identifier: Apache-2.0
#include "engine/datasets.h"

#include <utility>

namespace outfall::engine {

Result<std::vector<std::string>> read_datasets(delivery::Destination& destination, const std::stop_token& stop) {
  constexpr const char* query =
      "SELECT DISTINCT table_schema FROM information_schema.tables WHERE table_name = '_dlt_loads' "
      "AND table_catalog = current_database() ORDER BY table_schema";
  auto cursor =
      destination.query({.sql = query, .dataset = {}, .access = delivery::QueryAccess::read_only, .stop = stop});
  if (!cursor) return fail(std::move(cursor.error()));
  std::vector<std::string> datasets;
  sql::TextRow row;
  while (true) {
    const Result<bool> more = (*cursor)->next(row);
    if (!more) return fail(more.error());
    if (!*more) return datasets;
    datasets.push_back(row.at(0).value_or(""));
  }
}

}  // namespace outfall::engine
