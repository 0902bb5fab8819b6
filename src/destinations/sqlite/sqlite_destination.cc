// SPDX-License-Identifier: Apache-2.0
#include "destinations/sqlite/sqlite_destination.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/file.h"
#include "delivery/database_file.h"
#include "sql/dialect.h"
#include "sql/sqlite_connection.h"

namespace outfall::destinations::sqlite {

namespace {

using Access = sql::SqliteOptions::Access;

delivery::Capabilities capabilities_of(const Options& options) {
  const sql::Dialect& dialect = sql::sqlite_dialect();
  return {.identifier_length_max = dialect.identifier_length_max,
          .case_sensitive_names = false,
          .dialect = &dialect,
          .naming = options.naming.value_or(NamingConvention::snake_case),
          .max_table_nesting = options.max_table_nesting,
          .usual_dataset = std::string(sql::sqlite_main_dataset),
          .dlt_type = "dlt.destinations.sqlalchemy"};
}

}  // namespace

Result<std::unique_ptr<SqliteDestination>> SqliteDestination::make(std::string_view address, const Options& options,
                                                                   Env& env) {
  Result<std::string> path = delivery::path_of(address, delivery::sqlite_file);
  if (!path) return fail(std::move(path.error()));
  return std::unique_ptr<SqliteDestination>(new SqliteDestination(std::move(*path), options, env));
}

SqliteDestination::SqliteDestination(std::string path, const Options& options, Env& env)
    : DatabaseDestination(options.called.empty() ? "sqlite:" + path : options.called, capabilities_of(options), env),
      path_(std::move(path)) {}

Result<bool> SqliteDestination::exists() {
  return file_exists(path_);
}

Result<std::unique_ptr<sql::Connection>> SqliteDestination::connect(delivery::SessionUse use) {
  const bool only_looks = use == delivery::SessionUse::only_look;
  return sql::open_sqlite({.path = path_, .access = only_looks ? Access::read_only : Access::read_write});
}

Result<std::unique_ptr<sql::Connection>> SqliteDestination::connect_to_query(const delivery::QueryRequest& request) {
  const bool is_other =
      !request.dataset.empty() && !sql::is_same_name(sql::sqlite_dialect(), request.dataset, sql::sqlite_main_dataset);
  const Result<bool> there = file_exists(sql::sqlite_dataset_path(path_, is_other ? request.dataset : "main"));
  if (!there) return fail(there.error());
  if (!*there && is_other) {
    return fail(fmt::format("{} has no dataset {}", address(), request.dataset),
                fmt::format("it would be the file {}", sql::sqlite_dataset_path(path_, request.dataset)));
  }
  const bool only_reads = request.access == delivery::QueryAccess::read_only;
  if (!*there && only_reads) return fail(fmt::format("{} is not there", address()), "the first load makes it");
  return sql::open_sqlite({.path = path_,
                           .access = only_reads ? Access::read_only : Access::read_write,
                           .first_dataset = is_other ? request.dataset : ""});
}

Result<std::vector<std::string>> SqliteDestination::datasets(const std::stop_token&) {
  const std::filesystem::path file(path_);
  const std::string begin = file.stem().string() + "__";
  const std::string end = file.extension().string();
  std::vector<std::string> names{std::string(sql::sqlite_main_dataset)};
  std::error_code unknown;
  for (const auto& entry : std::filesystem::directory_iterator(file.parent_path(), unknown)) {
    const std::string name = entry.path().filename().string();
    if (name.size() <= begin.size() + end.size() || !name.starts_with(begin) || !name.ends_with(end)) continue;
    names.push_back(name.substr(begin.size(), name.size() - begin.size() - end.size()));
  }
  std::ranges::sort(names);
  std::vector<std::string> found;
  for (const std::string& name : names) {
    const std::string path = sql::sqlite_dataset_path(path_, name);
    auto session = sql::open_sqlite({.path = path, .access = Access::read_only});
    if (!session && name != sql::sqlite_main_dataset) continue;  // a file that is called so, and no database
    if (!session) return fail(std::move(session.error()));
    const auto loads = (*session)->rows(sql::sqlite_dialect().datasets, {});
    if (!loads) return fail(loads.error());
    if (!loads->empty()) found.push_back(name);
  }
  return found;
}

Status SqliteDestination::check_makable() {
  return delivery::check_makable(path_, delivery::sqlite_file);
}

// What an earlier process left in the log may be visible without being synced: it can have died between the two. A
// checkpoint syncs the log first. And the names of new files are in their folder, which SQLite does not sync.
Status SqliteDestination::keep(const sql::Dataset& dataset, const std::string& load_id) {
  const std::string name = sql::quoted(sql::sqlite_dialect(), dataset.name);
  const auto kept = dataset.connection.rows(fmt::format("PRAGMA {}.wal_checkpoint(PASSIVE)", name), {});
  if (!kept) return fail(Error(kept.error()).in("make load " + load_id + " durable"));
  std::error_code answer;
  const std::filesystem::path path = std::filesystem::weakly_canonical(path_, answer);
  if (answer) return fail(fmt::format("find the folder of {}: {}", path_, answer.message()));
  return sync_directory(path.parent_path().string());
}

}  // namespace outfall::destinations::sqlite
