// SPDX-License-Identifier: Apache-2.0
//
// Matches names with the folders of pipelines.
#include "engine/pipeline_names.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <utility>

#include "base/counts.h"
#include "engine/passed_over.h"
#include "engine/shared_state.h"
#include "ledger/data_dir.h"
#include "ledger/ledger.h"

namespace outfall::engine {

namespace {

Error no_such_pipeline(const std::string& name, const std::string& data_dir, std::span<const std::string> pipelines) {
  constexpr std::size_t names_max = 10;  // a hint is one line
  std::string known;
  for (const std::string& pipeline : pipelines.first(std::min(names_max, pipelines.size()))) {
    known += (known.empty() ? "" : ", ") + pipeline;
  }
  if (pipelines.size() > names_max) known += fmt::format(" and {} more", pipelines.size() - names_max);
  return {.message = fmt::format("no pipeline '{}' in {}", name, data_dir),
          .hint = known.empty()
                      ? "no pipeline has run there: run it first, or name another data directory (--data-dir, data_dir)"
                      : fmt::format("there are: {}", known),
          .blame = Blame::usage};
}

Result<std::vector<std::string>> keys_called(const std::string& name, const std::string& data_dir,
                                             std::span<const std::string> pipelines) {
  std::vector<std::string> keyed;
  for (const std::string& key : pipelines) {
    if (key == name) return std::vector{name};
    if (is_keyed(key, name)) keyed.push_back(key);
  }
  if (keyed.empty()) return fail(no_such_pipeline(name, data_dir, pipelines));
  return keyed;
}

}  // namespace

bool is_keyed_by_target(std::string_view key) {
  if (key.size() < 1 + key_hash_digits) return false;
  const std::string_view end = key.substr(key.size() - 1 - key_hash_digits);
  return end.front() == '-' && end.find_first_not_of("0123456789abcdef", 1) == std::string_view::npos;
}

bool is_keyed(const std::string& key, const std::string& name) {
  return is_keyed_by_target(key) && key.size() == name.size() + 1 + key_hash_digits && key.starts_with(name);
}

Result<std::string> find_data_dir(const std::string& asked) {
  Result<ledger::DataDirSearch> search = ledger::DataDirSearch::from_process(asked);
  if (!search) return fail(std::move(search.error()));
  return ledger::resolve_data_dir(*search);
}

Result<PipelinesFound> find_pipelines(const StatePlace& asked, const std::string& name) {
  Result<PipelinesFound> found = find_readable_pipelines(asked, name);
  if (found && !found->unreadable.empty()) return fail(std::move(found->unreadable.front().error));
  return found;
}

Result<PipelinesFound> find_readable_pipelines(const StatePlace& asked, const std::string& name) {
  Result<std::string> data_dir = find_data_dir(asked.data_dir);
  if (!data_dir) return fail(std::move(data_dir.error()));
  Result<pipeline::SharedState> shared = find_shared_state(asked.state);
  if (!shared) return fail(std::move(shared.error()));
  Result<std::vector<Unreadable>> unreadable = refresh_pipelines(*shared, *data_dir, name);
  if (!unreadable) return fail(std::move(unreadable.error()));
  Result<std::vector<std::string>> keys = ledger::list_pipelines(*data_dir);
  if (keys && !name.empty()) keys = keys_called(name, *data_dir, *keys);
  const std::string other = keys ? "" : find_passed_over(asked.data_dir, "");
  if (!other.empty()) keys.error().hint += fmt::format("; others have run in {}: --data-dir names it", other);
  if (!keys) return fail(std::move(keys.error()));
  std::erase_if(*keys, [&](const std::string& key) {
    return std::ranges::find(*unreadable, key, &Unreadable::key) != unreadable->end();
  });
  return PipelinesFound{.data_dir = std::move(*data_dir),
                        .keys = std::move(*keys),
                        .shared = std::move(*shared),
                        .unreadable = std::move(*unreadable)};
}

Result<std::optional<ledger::Binding>> remembered_binding(const std::string& data_dir, const std::string& key) {
  const Result<ledger::PipelinePaths> paths = ledger::pipeline_paths(data_dir, key);
  if (!paths) return fail(paths.error());
  return ledger::Ledger::binding_at(paths->database);
}

Error with_pending(Error error, const std::string& data_dir) {
  std::size_t packages = 0;
  const Result<std::vector<std::string>> keys = ledger::list_pipelines(data_dir);
  for (const std::string& key : keys ? *keys : std::vector<std::string>()) {
    const Result<ledger::PipelinePaths> paths = ledger::pipeline_paths(data_dir, key);
    if (!paths) continue;
    // What cannot be read is explained by the command that works on it.
    Result<ledger::Ledger> ledger = ledger::Ledger::open_read_only(paths->database);
    if (!ledger) continue;
    if (const auto pending = ledger->pending(); pending) packages += pending->size();
  }
  if (packages == 0) return error;
  error.hint += fmt::format("{}sealed work of earlier runs waits ({} in {}): outfall resume delivers it",
                            error.hint.empty() ? "" : "; ", counted(packages, "package"), data_dir);
  return error;
}

}  // namespace outfall::engine
