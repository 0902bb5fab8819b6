// SPDX-License-Identifier: Apache-2.0
#include "engine/target.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include "base/fault.h"
#include "base/hash.h"
#include "base/utf8.h"
#include "engine/batch_settings.h"
#include "engine/configured_address.h"
#include "engine/pipeline_names.h"
#include "engine/registry.h"
#include "engine/shared_state.h"
#include "ledger/data_dir.h"
#include "pipeline/letter_source.h"
#include "pipeline/run.h"
#include "schema/naming.h"
#include "sql/dialect.h"

namespace outfall::engine {
namespace {

constexpr std::string_view several_tables_name = "outfall";

std::string default_dataset(const std::string& pipeline) {
  return schema::Naming(NamingConvention::snake_case).normalize_table_identifier(pipeline + "_dataset");
}

/// What tells a pipeline that was not named from others: the tables, or the folder whose files are tables.
std::set<std::string_view> groups(const normalize::DocumentSource& source) {
  std::set<std::string_view> found;
  for (const normalize::SourceInput& input : source.inputs())
    found.insert(input.group.empty() ? input.table : input.group);
  return found;
}

/// Where a pipeline that was not named goes by default: after its table, or after the program where there are several.
std::string name_from_tables(const normalize::DocumentSource& source) {
  const schema::Naming naming(NamingConvention::snake_case);
  std::set<std::string> tables;
  for (const std::string_view group : groups(source)) tables.insert(naming.normalize_table_identifier(group));
  return tables.size() == 1 ? *tables.begin() : std::string(several_tables_name);
}

/// What a pipeline of several tables that was not named is called at its destination: another set of tables in the same
/// dataset is another pipeline there, with a schema and a state of its own. One of before keeps its name.
Result<std::string> name_of_several(const Target& target) {
  const auto known = remembered_binding(target.data_dir, target.key);
  if (!known) return fail(known.error());
  return *known ? (*known)->name : target.key;
}

/// The folder of a pipeline that was not named: its name and a hash of all that it loads into.
std::string key_from_target(const Target& target, const normalize::DocumentSource& source) {
  ContentHash hash;
  for (const std::string_view group : groups(source)) hash.update(std::string(group) + '\n');
  hash.update(target.address + '\n' + target.dataset);
  return target.name + "-" + hash.hex().substr(0, key_hash_digits);
}

LockWait lock_wait(const PipelineOptions& options, const RunOptions& run) {
  return {.longest = options.lock_wait, .stop = run.stop, .begins = options.waiting};
}

std::function<void(std::string_view)> one_at_a_time(std::function<void(std::string_view)> call) {
  if (!call) return nullptr;
  return [call = std::move(call), mutex = std::make_shared<std::mutex>()](std::string_view line) {
    const std::lock_guard lock(*mutex);
    call(valid_utf8(line));
  };
}

DestinationOptions destination_options(const PipelineOptions& options, const RunOptions& run,
                                       const std::string& pipeline) {
  return {.memory = database_memory(run.memory),
          .threads = run.workers,
          .lock_wait = lock_wait(options, run),
          .batches = run.batches,
          .given = Given::for_it,
          .pipeline = pipeline,
          .custom = options.custom_destination,
          .capabilities = options.capabilities,
          .log = one_at_a_time(run.log)};
}

/// Empty: where the pipeline went before, else the usual place.
Result<std::string> address_asked_for(const PipelineOptions& options, const RunOptions& run) {
  if (options.custom_destination == nullptr) return run.destination.empty() ? options.destination : run.destination;
  if (options.destination.empty() && run.destination.empty()) return custom_address(*options.custom_destination);
  return fail(Error{.message = "a pipeline with a custom destination was given another one",
                    .hint = "leave PipelineOptions::destination and RunOptions::destination empty",
                    .blame = Blame::usage});
}

/// One that was not named is bound under the name of its table, or under its key where it has several.
bool was_named(const std::string& key, const std::string& name) {
  return name == key && !(is_keyed_by_target(key) && key.starts_with(std::string(several_tables_name) + "-"));
}

/// Other pipelines that were not named and load into the same dataset. One that was named is apart from others on
/// purpose. A single table with the dataset that goes with it is met by pipelines of a table that is called like it,
/// and by those of several tables; others need not be opened, which takes a millisecond each.
std::vector<std::string> find_neighbours(const TargetRun& run, const delivery::Destination& destination) {
  std::vector<std::string> found;
  const Target& target = run.target;
  if (run.source == nullptr || was_named(target.key, target.name)) return found;
  const bool is_usual = run.options.dataset.empty() && groups(*run.source).size() < 2;
  const sql::Dialect* dialect = destination.capabilities().dialect;
  const Result<std::vector<std::string>> keys = ledger::list_pipelines(target.data_dir);
  for (const std::string& key : keys ? *keys : std::vector<std::string>()) {
    const bool may_meet =
        !is_usual || key.starts_with(target.name + "-") || key.starts_with(std::string(several_tables_name) + "-");
    if (key == target.key || !is_keyed_by_target(key) || !may_meet) continue;
    const auto known = remembered_binding(target.data_dir, key);
    if (!known || !*known || (*known)->destination != target.address || was_named(key, (*known)->name)) continue;
    const std::string& dataset = (*known)->dataset;
    const bool is_same =
        dialect == nullptr ? dataset == target.dataset : sql::is_same_name(*dialect, dataset, target.dataset);
    if (is_same) found.push_back(key);
  }
  return found;
}

/// Of a run in dev mode: the pipeline and the dataset with the moment behind their names; a later one, where these are
/// there.
Result<Target> of_its_own(Target target, const delivery::Destination& destination) {
  auto second = std::chrono::floor<std::chrono::seconds>(Time(std::chrono::microseconds(Env::system().now_us())));
  while (true) {
    const std::string suffix =
        fmt::format("_{:%Y%m%d%H%M%S}", fmt::gmtime(std::chrono::system_clock::to_time_t(second)));
    const std::string key = target.name + suffix;
    const auto known = remembered_binding(target.data_dir, key);
    if (!known) return fail(known.error());
    if (*known) {
      second += std::chrono::seconds(1);
      continue;
    }
    target.key = key;
    target.dataset += suffix;
    if (Status named = destination.check_dataset(target.dataset); !named) return fail(std::move(named.error()));
    return target;
  }
}

}  // namespace

std::string usual_dataset(const delivery::Destination& destination, const std::string& pipeline) {
  const std::string& usual = destination.capabilities().usual_dataset;
  return usual.empty() ? default_dataset(pipeline) : usual;
}

Result<std::string> complete_address(const std::string& address, const std::string& pipeline) {
  if (!address.empty() && address != "duckdb") return address;
  const Result<config::Settings> settings = read_settings();
  if (!settings) return fail(settings.error());
  const auto configured = find_configured(*settings, "duckdb");
  if (!configured) return fail(configured.error());
  return *configured ? "duckdb" : fmt::format("duckdb:{}.duckdb", pipeline);
}

Result<Target> find_target(const PipelineOptions& options, const RunOptions& run,
                           const normalize::DocumentSource& source) {
  Target target{.name = options.name};
  Result<std::string> data_dir = find_data_dir(options.data_dir);
  if (!data_dir) return fail(std::move(data_dir.error()));
  target.data_dir = std::move(*data_dir);
  const Result<pipeline::SharedState> shared = find_shared_state(options.state);
  if (!shared) return fail(shared.error());
  // One that was not named has neighbours that may know its inputs. Whatever is wrong with itself ends its run.
  if (const auto unreadable = refresh_pipelines(*shared, target.data_dir, target.name); !unreadable)
    return fail(unreadable.error());

  for (const normalize::SourceInput& input : source.inputs()) {
    if (is_valid_utf8(input.table)) continue;
    return fail(Error{.message = fmt::format("the table of {} would have a name that is not UTF-8", input.called()),
                      .hint = "name the table with --table",
                      .blame = Blame::usage});
  }
  std::optional<ledger::Binding> binding;
  if (target.name.empty()) {
    target.name = name_from_tables(source);
  } else {
    target.key = target.name;
    auto known = remembered_binding(target.data_dir, target.key);
    if (!known) return fail(std::move(known.error()));
    binding = std::move(*known);
    if (binding) target.name = binding->name;  // the folder of one that was not named may be given as well
  }
  const Result<std::string> given = address_asked_for(options, run);
  if (!given) return fail(given.error());
  const std::string asked = given->empty() && binding ? binding->destination : *given;
  const Result<std::string> word = complete_address(asked, target.name);
  if (!word) return fail(word.error());
  const auto destination = make_destination(*word, destination_options(options, run, target.name), Env::system());
  if (!destination) return fail(destination.error());
  target.address = (*destination)->address();
  target.word = *word;
  target.dataset = !options.dataset.empty() ? options.dataset
                   : binding                ? binding->dataset
                                            : usual_dataset(**destination, target.name);
  if (options.dev_mode) return of_its_own(std::move(target), **destination);
  if (Status named = (*destination)->check_dataset(target.dataset); !named) return fail(std::move(named.error()));
  if (!target.key.empty()) return target;
  target.key = key_from_target(target, source);
  if (target.name != several_tables_name) return target;
  Result<std::string> name = name_of_several(target);
  if (!name) return fail(std::move(name.error()));
  target.name = std::move(*name);
  return target;
}

namespace {

/// A pipeline that was not named goes by its name as well, unless that is the name of another one.
std::string called(const Target& target) {
  if (target.key == target.name) return target.name;
  const auto keys = ledger::list_pipelines(target.data_dir);
  const bool is_taken = keys && std::ranges::find(*keys, target.name) != keys->end();
  return is_taken ? target.key : target.name;
}

}  // namespace

Report run_target(const TargetRun& run) {
  const Target& target = run.target;
  if (Status known = check_fault_of_environment(); !known) return failed_report(run.options, std::move(known.error()));
  Result<pipeline::SharedState> shared = find_shared_state(run.options.state);
  if (!shared) return failed_report(run.options, std::move(shared.error()));
  shared->interval = run.options.state_interval;
  DestinationOptions of_destination = destination_options(run.options, run.run, target.name);
  of_destination.given = run.given;
  if (!run.batches_before.empty()) {
    Result<BatchOptions> before = parse_batches(run.batches_before);
    if (!before) return failed_report(run.options, std::move(before.error()));
    of_destination.batches_before = std::move(*before);
  }
  BatchOptions batches = run.run.batches;
  fill_in(batches, of_destination.batches_before);
  if (const auto paths = ledger::pipeline_paths(target.data_dir, target.key))
    of_destination.programs_lock = paths->programs;
  auto destination =
      make_destination(target.word.empty() ? target.address : target.word, of_destination, Env::system());
  if (!destination) return failed_report(run.options, std::move(destination.error()));
  return pipeline::run(
      {.name = target.name,
       .key = target.key,
       .called = called(target),
       .dataset = target.dataset,
       .data_dir = target.data_dir,
       .lock_wait = lock_wait(run.options, run.run),
       .command = run.command,
       .options = run.run,
       .destination = **destination,
       .source = run.source,
       .replay = run.replay,
       .env = Env::system(),
       .neighbours = run.replay != nullptr ? std::vector<std::string>() : find_neighbours(run, **destination),
       .shared = std::move(*shared),
       .note = target.note,
       // What a replay is given is for it alone.
       .batches = run.replay != nullptr ? std::nullopt : std::optional(to_text(batches))});
}

Report failed_report(const PipelineOptions& options, Error error) {
  Report report;
  report.pipeline = options.name;
  report.called = options.name;
  report.destination = without_secrets(options.destination);
  report.ending = ending_of(error);
  report.error = std::move(error);
  return report;
}

}  // namespace outfall::engine
