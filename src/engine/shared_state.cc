// SPDX-License-Identifier: Apache-2.0
#include "engine/shared_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/env.h"
#include "base/file.h"
#include "config/values.h"
#include "engine/configured_address.h"
#include "engine/pipeline_names.h"
#include "ledger/data_dir.h"
#include "shared_state/directory_store.h"
#include "shared_state/local_state.h"

namespace outfall::engine {
namespace {

constexpr std::string_view directory_scheme = "dir:";

/// A word, and what its path begins in.
struct Asked {
  std::string word;
  std::string base{};   ///< empty: the working directory
  std::string place{};  ///< for messages
};

/// Not what the environment calls STATE: that is somebody else's.
Result<std::optional<Asked>> find_configured_state() {
  const Result<config::Settings> settings = read_settings();
  if (!settings) return fail(settings.error());
  for (const config::SettingsFile& file : settings->files()) {
    const Json* value = file.values.find("state");
    if (value == nullptr) continue;
    const config::Found found{
        .value = *value, .place = {.file = file.path, .path = {"state"}}, .secrecy = file.secrecy};
    Result<std::string> word = config::text_of(found);
    if (!word) return fail(std::move(word.error()));
    return Asked{.word = std::move(*word),
                 .base = std::string(parent_path(parent_path(file.path))),
                 .place = found.place.text()};
  }
  return std::nullopt;
}

Result<std::optional<Asked>> find_asked(const std::string& asked) {
  if (!asked.empty()) return Asked{.word = asked, .place = "--state"};
  const char* variable = std::getenv("OUTFALL_STATE");
  if (variable != nullptr && *variable != '\0') return Asked{.word = variable, .place = "OUTFALL_STATE"};
  return find_configured_state();
}

}  // namespace

Result<pipeline::SharedState> find_shared_state(const std::string& asked) {
  const Result<std::optional<Asked>> found = find_asked(asked);
  if (!found) return fail(found.error());
  if (!*found) return pipeline::SharedState{};
  const Asked& where = **found;
  if (where.word == shared_with_nobody) return pipeline::SharedState{.is_left = true};
  if (!where.word.starts_with(directory_scheme) || where.word.size() == directory_scheme.size()) {
    return fail(Error{.message = fmt::format("{}: '{}' is no place for shared state", where.place, where.word),
                      .hint = "dir:PATH is a folder that all runners have; none shares it with nobody",
                      .blame = Blame::usage});
  }
  std::string path = where.word.substr(directory_scheme.size());
  if (path.front() != '/' && !where.base.empty()) path = fmt::format("{}/{}", where.base, path);
  const Result<std::string> root = absolute_path(path);
  if (!root) return fail(root.error());
  auto store = shared_state::DirectoryStore::open(*root, Env::system());
  if (!store) return fail(std::move(store.error()));
  return pipeline::SharedState{.store = std::move(*store)};
}

Result<std::vector<Unreadable>> refresh_pipelines(const pipeline::SharedState& shared, const std::string& data_dir,
                                                  const std::string& name) {
  std::vector<Unreadable> unreadable;
  if (shared.store == nullptr) return unreadable;
  const Result<std::vector<std::string>> keys = shared.store->folders();
  if (!keys) return fail(keys.error());
  for (const std::string& key : *keys) {
    if (!name.empty() && key != name && !is_keyed(key, name)) continue;
    const Result<ledger::PipelinePaths> paths = ledger::pipeline_paths(data_dir, key);
    if (!paths) continue;  // it is no pipeline's
    Status fresh = shared_state::refresh(*shared.store, key, *paths);
    if (fresh) continue;
    if (!name.empty()) return fail(std::move(fresh.error()));
    unreadable.push_back({.key = key, .error = std::move(fresh.error())});
  }
  std::ranges::sort(unreadable, {}, &Unreadable::key);
  return unreadable;
}

}  // namespace outfall::engine
