// SPDX-License-Identifier: Apache-2.0
#include "engine/passed_over.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "base/counts.h"
#include "base/file.h"
#include "ledger/data_dir.h"
#include "ledger/ledger.h"

namespace outfall::engine {
namespace {

/// What cannot be read counts as nothing: the command that works there explains it.
std::vector<ledger::PackageRecord> pending_of(const std::string& data_dir, const std::string& key) {
  const Result<ledger::PipelinePaths> paths = ledger::pipeline_paths(data_dir, key);
  if (!paths) return {};
  Result<ledger::Ledger> ledger = ledger::Ledger::open_read_only(paths->database);
  if (!ledger) return {};
  return ledger->pending().value_or(std::vector<ledger::PackageRecord>());
}

bool is_new(const std::string& data_dir, const std::string& key) {
  const Result<ledger::PipelinePaths> paths = ledger::pipeline_paths(data_dir, key);
  return paths && !file_exists(paths->database).value_or(true);
}

}  // namespace

std::string find_passed_over(const std::string& asked, const std::string& key) {
  const Result<ledger::DataDirSearch> search = ledger::DataDirSearch::from_process(asked);
  const std::optional<std::string> folder = search ? ledger::passed_over_data_dir(*search) : std::nullopt;
  if (!folder) return "";
  const Result<std::vector<std::string>> keys = ledger::list_pipelines(*folder);
  if (!keys || keys->empty()) return "";
  const bool has_it = key.empty() || std::ranges::find(*keys, key) != keys->end();
  return has_it ? *folder : "";
}

Status look_at_passed_over(const PipelineOptions& options, Target& target) {
  if (!is_new(target.data_dir, target.key)) return {};
  const std::string other = find_passed_over(options.data_dir, target.key);
  if (other.empty()) return {};
  const std::vector<ledger::PackageRecord> pending = pending_of(other, target.key);
  const std::string there = fmt::format(
      "pipeline {} has run in {}{}", target.name, other,
      pending.empty()
          ? ""
          : fmt::format(", where {} still to be delivered",
                        pending.size() == 1 ? "1 package is" : fmt::format("{} packages are", pending.size())));
  if (std::ranges::find(pending, target.address, &ledger::PackageRecord::destination) == pending.end()) {
    target.note = fmt::format("{}; it begins anew in {}, the nearest folder .outfall: --data-dir {} goes on there",
                              there, target.data_dir, other);
    return {};
  }
  return fail(Error{.message = fmt::format("{} to {}, and would begin anew in {}, the nearest folder .outfall", there,
                                           target.address, target.data_dir),
                    .hint = fmt::format("--data-dir {} goes on there; --data-dir {} begins anew all the same", other,
                                        target.data_dir),
                    .blame = Blame::usage});
}

}  // namespace outfall::engine
