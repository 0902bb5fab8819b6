// SPDX-License-Identifier: Apache-2.0
//
// Finds packages in the pipelines of a data directory, and gives them up.
#include "outfall/package.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <utility>

#include "engine/package_status.h"
#include "engine/pipeline_names.h"
#include "engine/registry.h"
#include "ledger/data_dir.h"
#include "ledger/ledger.h"
#include "pipeline/drop.h"

namespace outfall {
namespace {

struct Found {
  std::string key;  ///< of the pipeline
  std::string data_dir;
  ledger::Binding binding;
  PackageDetail detail;
};

Error usage(std::string message, std::string hint) {
  return {.message = std::move(message), .hint = std::move(hint), .blame = Blame::usage};
}

PackageInput input_of(const ledger::InputRecord& record) {
  std::optional<std::string> key = ledger::run_key_of(record.path);
  return {.path = key ? std::string("-") : record.path,
          .run_key = std::move(key).value_or(std::string()),
          .documents = record.documents,
          .bytes = record.size};
}

/// The packages of one pipeline whose load id begins so.
Status look_in(const std::string& data_dir, const std::string& key, const std::string& load_id,
               std::vector<Found>& found) {
  const Result<ledger::PipelinePaths> paths = ledger::pipeline_paths(data_dir, key);
  if (!paths) return fail(paths.error());
  Result<ledger::Ledger> ledger = ledger::Ledger::open_read_only(paths->database);
  if (!ledger) return fail(std::move(ledger.error()));
  const auto packages = ledger->packages(std::numeric_limits<std::int64_t>::max());
  if (!packages) return fail(packages.error());
  const auto binding = ledger->binding();
  if (!binding) return fail(binding.error());
  for (const ledger::PackageRecord& package : *packages) {
    if (!package.load_id.starts_with(load_id) || !*binding) continue;
    const auto inputs = ledger->inputs_of(package.load_id);
    if (!inputs) return fail(inputs.error());
    Found& one = found.emplace_back(Found{.key = key, .data_dir = data_dir, .binding = **binding});
    one.detail = {.pipeline = key, .package = engine::package_status(package)};
    for (const ledger::InputRecord& input : *inputs) one.detail.inputs.push_back(input_of(input));
  }
  return {};
}

Result<Found> find_one(const PackageOptions& options) {
  const Result<engine::PipelinesFound> pipelines = engine::find_pipelines(options.data_dir, "");
  if (!pipelines) return fail(pipelines.error());
  if (options.load_id.empty()) return fail(usage("no package was named", "outfall package list shows their load ids"));
  std::vector<Found> found;
  std::optional<Error> unreadable;
  for (const std::string& key : pipelines->keys) {
    if (Status looked = look_in(pipelines->data_dir, key, options.load_id, found); !looked) unreadable = looked.error();
  }
  const auto exact =
      std::ranges::find(found, options.load_id, [](const Found& one) { return one.detail.package.load_id; });
  if (exact != found.end()) return std::move(*exact);
  if (found.size() == 1) return std::move(found.front());
  if (found.size() > 1) {
    return fail(usage(
        fmt::format("{} packages begin with '{}'", found.size(), options.load_id),
        fmt::format("give more of it: {}, {}", found[0].detail.package.load_id, found[1].detail.package.load_id)));
  }
  if (unreadable) return fail(std::move(*unreadable));
  return fail(usage(fmt::format("no package '{}' in {}", options.load_id, pipelines->data_dir),
                    "outfall package list shows them"));
}

}  // namespace

Result<PackageDetail> find_package(const PackageOptions& options) {
  Result<Found> found = find_one(options);
  if (!found) return fail(std::move(found.error()));
  return std::move(found->detail);
}

Result<DroppedPackage> drop_package(const DropOptions& options) {
  Result<Found> found = find_one(options.package);
  if (!found) return fail(std::move(found.error()));
  const PackageStatus& package = found->detail.package;
  const LockWait lock_wait{.longest = options.lock_wait, .stop = options.stop, .begins = options.waiting};
  const auto destination = engine::make_destination(package.destination, {.lock_wait = lock_wait}, Env::system());
  if (!destination) return fail(destination.error());
  Result<std::vector<std::string>> notes = pipeline::drop_package({.key = found->key,
                                                                   .data_dir = found->data_dir,
                                                                   .binding = found->binding,
                                                                   .load_id = package.load_id,
                                                                   .lock_wait = lock_wait,
                                                                   .destination = **destination,
                                                                   .env = Env::system()});
  if (!notes) return fail(std::move(notes.error()));
  return DroppedPackage{.package = std::move(found->detail), .notes = std::move(*notes)};
}

}  // namespace outfall
