// SPDX-License-Identifier: Apache-2.0
#include "pipeline/refresh.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "schema/merge_settings.h"

namespace outfall::pipeline {

void forget_dropped(const RunOptions& options, const std::vector<std::string>& roots, DatasetMemory& memory) {
  memory.dropped.clear();
  if (!options.refresh || *options.refresh == Refresh::drop_data) return;
  schema::Schema& schema = memory.schema;
  for (const schema::Table& table : schema.tables) {
    const std::string_view root = schema.root_of(table.name);
    const bool is_dropped = *options.refresh == Refresh::drop_sources || std::ranges::find(roots, root) != roots.end();
    if (is_dropped && !schema::is_system_name(table.name)) memory.dropped.push_back(table.name);
  }
  schema.tables.remove_if([&](const schema::Table& table) {
    return std::ranges::find(memory.dropped, table.name) != memory.dropped.end();
  });
  for (const std::string& table : memory.dropped) memory.there.forget(table);
}

void forget_progress(const RunRequest& run, schema::PipelineState& state) {
  if (!run.options.refresh) return;
  Json* sources = state.document().find("sources");
  const Json* name = state.document().find("default_schema_name");
  Json* source = sources != nullptr && name != nullptr && name->as_string() != nullptr
                     ? sources->find(*name->as_string())
                     : nullptr;
  if (source == nullptr) return;
  if (*run.options.refresh == Refresh::drop_sources) {
    sources->erase(*name->as_string());
    return;
  }
  Json* resources = source->find("resources");
  if (resources == nullptr) return;
  for (const normalize::SourceInput& input : run.source->inputs()) resources->erase(input.table);
}

std::vector<std::string> notes_on_dropped(const DatasetMemory& memory) {
  if (memory.dropped.empty()) return {};
  return {fmt::format("dropped before the rows come: {}", fmt::join(memory.dropped, ", "))};
}

void hand_on_dropped(const DatasetMemory& memory, const std::vector<std::string>& roots, schema::Schema& schema) {
  const auto is_filled = [&](const schema::Table& table) {
    return table.seen_data() && std::ranges::find(roots, table.name) != roots.end();
  };
  const auto root = std::ranges::find_if(schema.tables, is_filled);
  if (root == schema.tables.end()) return;
  root->stored.erase(schema::hint::dropped);
  if (memory.dropped.empty()) return;
  Json names = Json::array();
  for (const std::string& table : memory.dropped) names.push_back(table);
  root->stored.set(std::string(schema::hint::dropped), std::move(names));
}

}  // namespace outfall::pipeline
