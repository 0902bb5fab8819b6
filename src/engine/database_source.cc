// SPDX-License-Identifier: Apache-2.0
#include "engine/database_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

#include "base/env.h"
#include "engine/registry.h"
#include "schema/naming.h"
#include "sources/sql/sql_source.h"

namespace outfall::engine {
namespace {

/// Where a database is, whoever asks, as far as its address tells: without user and options.
std::string place_of(std::string_view address) {
  const std::size_t slashes = address.find("://");
  if (!address.starts_with("postgres") || slashes == std::string_view::npos) return std::string(address);
  address = address.substr(0, address.find('?'));
  address.remove_prefix(slashes + 3);
  address.remove_prefix(address.rfind('@') == std::string_view::npos ? 0 : address.rfind('@') + 1);
  std::string place(address);
  constexpr std::string_view usual_port = ":5432/";
  if (const std::size_t port = place.find(usual_port); port != std::string::npos)
    place.erase(port, usual_port.size() - 1);
  return place;
}

}  // namespace

Result<std::unique_ptr<normalize::DocumentSource>> open_database_source(const RunOptions& options,
                                                                        const PipelineOptions& pipeline) {
  const DestinationOptions opening{
      .memory = database_memory(options.memory),
      .threads = options.workers,
      .lock_wait = {.longest = pipeline.lock_wait, .stop = options.stop, .begins = pipeline.waiting}};
  auto database = make_destination(options.inputs.front(), opening, Env::system());
  if (!database) return fail(std::move(database.error()));
  const std::shared_ptr<delivery::Destination> shared = std::move(*database);
  auto source = sources::SqlSource::make({.called = shared->address(),
                                          .place = place_of(shared->address()),
                                          .is_new_address = options.new_address,
                                          .open = [shared] { return shared->open_session({.sql = "", .dataset = ""}); },
                                          .tables = options.database.tables,
                                          .query = options.database.query,
                                          .table = options.table,
                                          .cursor = options.database.cursor,
                                          .lag = options.database.lag,
                                          .key = options.primary_key,
                                          .stop = options.stop});
  if (!source) return fail(std::move(source.error()));
  return std::move(*source);
}

Status check_is_elsewhere(const RunOptions& options, const normalize::DocumentSource& source, const Target& target) {
  const auto* database = dynamic_cast<const sources::SqlSource*>(&source);
  if (database == nullptr || place_of(database->called()) != place_of(target.address)) return {};
  const schema::Naming naming(options.naming.value_or(NamingConvention::snake_case));
  for (std::size_t i = 0; i < database->tables().size(); ++i) {
    const sources::DatabaseTable& table = database->tables()[i];
    const std::string loaded = naming.normalize_table_identifier(source.inputs()[i].table);
    if (table.schema != target.dataset || table.name != loaded) continue;
    return fail(Error{.message = fmt::format("{}.{} would be loaded into itself", table.schema, table.name),
                      .hint = "name another --dataset or --table",
                      .blame = Blame::usage});
  }
  return {};
}

}  // namespace outfall::engine
