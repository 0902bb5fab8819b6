// SPDX-License-Identifier: Apache-2.0
//
// Finds packages in the pipelines of a data directory, and changes what is to become of them.
#include "outfall/package.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <iterator>
#include <limits>
#include <optional>
#include <utility>

#include "engine/package_status.h"
#include "engine/pipeline_names.h"
#include "engine/registry.h"
#include "ledger/data_dir.h"
#include "ledger/ledger.h"
#include "pipeline/abort.h"
#include "pipeline/drop.h"
#include "pipeline/failed_jobs.h"
#include "pipeline/held_command.h"

namespace outfall {
namespace {

struct Found {
  std::string key;  ///< of the pipeline
  std::string data_dir;
  ledger::Binding binding;
  pipeline::SharedState shared;
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
    const auto letters =
        ledger->count_letters({.load_id = package.load_id, .status = std::string(ledger::letter_status::open)});
    if (!letters) return fail(letters.error());
    one.detail.dead_letters = *letters;
    for (const ledger::InputRecord& input : *inputs) one.detail.inputs.push_back(input_of(input));
  }
  return {};
}

Result<Found> find_one(const PackageOptions& options) {
  const Result<engine::PipelinesFound> pipelines =
      engine::find_readable_pipelines({.data_dir = options.data_dir, .state = options.state}, "");
  if (!pipelines) return fail(pipelines.error());
  if (options.load_id.empty()) return fail(usage("no package was named", "outfall package list shows their load ids"));
  std::vector<Found> found;
  std::optional<Error> unreadable;
  if (!pipelines->unreadable.empty()) unreadable = pipelines->unreadable.front().error;
  for (const std::string& key : pipelines->keys) {
    if (Status looked = look_in(pipelines->data_dir, key, options.load_id, found); !looked) unreadable = looked.error();
  }
  const auto exact =
      std::ranges::find(found, options.load_id, [](const Found& one) { return one.detail.package.load_id; });
  for (Found& one : found) one.shared = pipelines->shared;
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

/// What a change of a package has to do with.
struct Changing {
  pipeline::HeldPipeline& held;
  const ledger::Binding& binding;
  const std::string& run_id;
  const PackageStatus& package;        ///< as it was before the pipeline was held
  delivery::Destination* destination;  ///< null: another program has it
  ChangedPackage& changed;
};

/// Null: it is a function of another program. What stands in the ledger is changed without it.
Result<std::unique_ptr<delivery::Destination>> destination_of(const Found& found, const ChangeOptions& options,
                                                              engine::DestinationOptions wanted) {
  const std::string& address = found.detail.package.destination;
  if (engine::is_function_of_another(address, options.custom_destination.get()))
    return std::unique_ptr<delivery::Destination>();
  wanted.custom = options.custom_destination;
  wanted.pipeline = found.binding.name;
  return engine::make_destination(address, wanted, Env::system());
}

/// Holds the pipeline of the package and does what `act` does.
Result<ChangedPackage> change(const ChangeOptions& options, std::string_view verb,
                              const std::function<Status(Changing&)>& act) {
  Result<Found> found = find_one(options.package);
  if (!found) return fail(std::move(found.error()));
  const std::string load_id = found->detail.package.load_id;
  const Result<ledger::PipelinePaths> paths = ledger::pipeline_paths(found->data_dir, found->key);
  if (!paths) return fail(paths.error());
  const LockWait lock_wait{.longest = options.lock_wait, .stop = options.stop, .begins = options.waiting};
  const auto destination = destination_of(*found, options, {.lock_wait = lock_wait, .programs_lock = paths->programs});
  if (!destination) return fail(destination.error());
  ledger::Binding binding = found->binding;
  // Who is asked what it has must be who was meant; nobody else need be.
  if (*destination != nullptr && (*destination)->records_loads()) binding.meaning = (*destination)->meaning();
  ChangedPackage changed;
  Result<std::vector<std::string>> notes = pipeline::run_held_command(
      {.key = found->key,
       .data_dir = found->data_dir,
       .binding = binding,
       .lock_wait = lock_wait,
       .command = fmt::format("package {} {}", verb, load_id),
       .shared = found->shared,
       .env = Env::system()},
      [&](pipeline::HeldPipeline& held, const std::string& run_id, std::vector<std::string>& told) {
        changed.notes = std::move(told);
        Changing changing{held, found->binding, run_id, found->detail.package, destination->get(), changed};
        Status done = act(changing);
        told = changed.notes;
        return done;
      });
  if (!notes) return fail(std::move(notes.error()));
  changed.notes = std::move(*notes);
  changed.package = std::move(found->detail);
  // One that was dropped is told as it was.
  Result<Found> now =
      find_one({.data_dir = options.package.data_dir, .state = options.package.state, .load_id = load_id});
  if (now) changed.package = std::move(now->detail);
  return changed;
}

}  // namespace

Result<PackageDetail> find_package(const PackageOptions& options) {
  Result<Found> found = find_one(options);
  if (!found) return fail(std::move(found.error()));
  return std::move(found->detail);
}

Result<ChangedPackage> retry_package(const RetryOptions& options) {
  return change(options.change, "retry", [&](Changing& changing) -> Status {
    const auto retried = pipeline::retry_failed(
        changing.held.ledger, {.load_id = changing.package.load_id, .table = options.table, .force = options.force});
    if (!retried) return fail(retried.error());
    changing.changed.jobs = retried->jobs;
    changing.changed.rows = retried->rows;
    std::ranges::copy(retried->notes, std::back_inserter(changing.changed.notes));
    return {};
  });
}

Result<ChangedPackage> skip_package(const SkipOptions& options) {
  if (options.on_reject == OnReject::fail) {
    return fail(usage("rows that are skipped are rejected, and on_reject fail does not let one go",
                      "keep them as dead letters, or drop them"));
  }
  return change(options.change, "skip", [&](Changing& changing) -> Status {
    const delivery::Destination* destination = changing.destination;
    const auto skipped = pipeline::skip_failed(
        changing.held,
        {.pipeline = changing.binding.name,
         .run_id = changing.run_id,
         .load_id = changing.package.load_id,
         .table = options.table,
         .on_reject = options.on_reject,
         .name_length_max = destination == nullptr ? std::nullopt : destination->capabilities().name_length_max(),
         .env = Env::system()});
    if (!skipped) return fail(skipped.error());
    changing.changed.jobs = skipped->jobs;
    changing.changed.rows = skipped->rows;
    changing.changed.dead_letters = skipped->letters;
    return {};
  });
}

Result<ChangedPackage> abort_package(const ChangeOptions& options) {
  return change(options, "abort", [&](Changing& changing) {
    changing.changed.documents = changing.package.pending;
    for (const TableStatus& table : changing.package.tables) changing.changed.rows += table.pending;
    return pipeline::abort_package(changing.held, changing.run_id, changing.package.load_id, changing.destination,
                                   options.stop, changing.changed.notes);
  });
}

Result<ChangedPackage> drop_package(const ChangeOptions& options) {
  return change(options, "drop", [](Changing& changing) {
    changing.changed.documents = changing.package.pending;
    return pipeline::drop_package(changing.held, changing.package.load_id, changing.destination,
                                  changing.changed.notes);
  });
}

}  // namespace outfall
