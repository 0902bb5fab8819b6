// SPDX-License-Identifier: Apache-2.0
#include "engine/other_sets.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "ledger/data_dir.h"
#include "ledger/ledger.h"

namespace outfall::engine {
namespace {

struct Other {
  std::string key;
  ledger::Ledger ledger;
};

/// What a pipeline has sealed of an input for the same table, the newest first. Empty as well: it cannot be read, which
/// is explained by the command that works on it.
std::vector<ledger::SealedInput> sealed_by(ledger::Ledger& ledger, const normalize::SourceInput& input) {
  Result<std::vector<ledger::SealedInput>> sealed = ledger.sealed_inputs(input.identity);
  if (!sealed) return {};
  std::erase_if(*sealed, [&](const ledger::SealedInput& one) { return one.input.table != input.table; });
  return std::move(*sealed);
}

std::optional<ledger::Ledger> ledger_of(const Target& target, const std::string& key) {
  const Result<ledger::PipelinePaths> paths = ledger::pipeline_paths(target.data_dir, key);
  if (!paths) return std::nullopt;
  Result<ledger::Ledger> ledger = ledger::Ledger::open_read_only(paths->database);
  if (!ledger) return std::nullopt;
  return std::move(*ledger);
}

Error sealed_elsewhere(const std::string& path, const std::string& key, const std::string& run_id) {
  return {.message = fmt::format("{} was sealed by run {} of the pipeline {}, which has not ended; a command with "
                                 "other tables is another pipeline, and would load it twice",
                                 path, run_id, key),
          .hint = fmt::format("add --pipeline {}, which finishes what it has sealed and loads the rest; or a new "
                              "--pipeline of your own, which loads all",
                              key),
          .blame = Blame::usage};
}

/// Those that load into the same dataset.
std::vector<Other> others_there(const Target& target) {
  const Result<std::vector<std::string>> keys = ledger::list_pipelines(target.data_dir);
  std::vector<Other> found;
  for (const std::string& key : keys ? *keys : std::vector<std::string>()) {
    std::optional<ledger::Ledger> ledger = key == target.key ? std::nullopt : ledger_of(target, key);
    if (!ledger) continue;
    const auto binding = ledger->binding();
    if (!binding || !*binding) continue;
    if ((*binding)->destination == target.address && (*binding)->dataset == target.dataset)
      found.push_back({.key = key, .ledger = std::move(*ledger)});
  }
  return found;
}

}  // namespace

Result<std::string> note_on_other_sets(const PipelineOptions& options, const RunOptions& run, const Target& target,
                                       const normalize::DocumentSource& source) {
  const bool may_double = run.write_disposition != WriteDisposition::replace && !target.address.starts_with("null:");
  if (!options.name.empty() || groups(source).size() < 2 || !may_double) return std::string();
  std::vector<Other> others = others_there(target);
  if (others.empty()) return std::string();
  std::optional<ledger::Ledger> own = ledger_of(target, target.key);
  std::string note;
  for (const normalize::SourceInput& input : source.inputs()) {
    if (input.identity.empty()) continue;
    const auto is_open = [&](const ledger::SealedInput& one) { return !one.settled && one.input.size == input.size; };
    const std::vector<ledger::SealedInput> known = own ? sealed_by(*own, input) : std::vector<ledger::SealedInput>();
    for (Other& other : others) {
      const std::vector<ledger::SealedInput> sealed = sealed_by(other.ledger, input);
      const auto open = std::ranges::find_if(sealed, is_open);
      if (open != sealed.end() && std::ranges::none_of(known, is_open))
        return fail(sealed_elsewhere(input.path, other.key, open->run_id));
      if (sealed.empty() || !known.empty() || !note.empty()) continue;
      note = fmt::format(
          "{} was loaded by the pipeline {}, and a command with other tables is another pipeline: its rows come again; "
          "--pipeline {} goes on with that one",
          input.path, other.key, other.key);
    }
  }
  return note;
}

}  // namespace outfall::engine
