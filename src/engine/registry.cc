// SPDX-License-Identifier: Apache-2.0
//
// From a word to the class behind it.
#include "engine/registry.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <climits>
#include <limits>

#include "base/edit_distance.h"
#include "delivery/database_file.h"
#include "delivery/hidden_database.h"
#include "destinations/dataset/dataset_adapter.h"
#include "destinations/duckdb/duckdb_destination.h"
#include "destinations/function/function_destination.h"
#include "destinations/function/plugin.h"
#include "destinations/null/null_destination.h"
#include "destinations/postgres/address.h"
#include "destinations/postgres/postgres_destination.h"
#include "destinations/program/program_destination.h"
#include "destinations/sqlite/sqlite_destination.h"
#include "engine/batch_settings.h"
#include "engine/capabilities.h"
#include "engine/configured_address.h"
#include "engine/destination_settings.h"

namespace outfall::engine {
namespace {

Result<std::unique_ptr<delivery::Destination>> make_program(const DestinationSettings& settings,
                                                            const DestinationOptions& options) {
  const BatchOptions& batches = settings.batches;
  destinations::program::ProgramOptions program{.lanes = lane_options(batches),
                                                .timeout = batches.timeout,
                                                .recommended_file_size = batches.recommended_file_size.value_or(0),
                                                .raises_on_failed_jobs = batches.raise_on_failed_jobs.value_or(true),
                                                .deduplicates = batches.deduplicates.value_or(false),
                                                .lock_path = options.programs_lock,
                                                .log = options.log,
                                                .called = settings.name,
                                                .own = settings.own.values,
                                                .secrets = settings.own.secrets};
  // What is said of a code takes the place of what it means by itself.
  if (batches.reject_on) {
    program.reject_codes = {batches.reject_on->begin(), batches.reject_on->end()};
    for (const int code : program.reject_codes) program.retry_codes.erase(code);
  }
  if (batches.retry_on) {
    program.retry_codes = {batches.retry_on->begin(), batches.retry_on->end()};
    for (const int code : program.retry_codes) program.reject_codes.erase(code);
  }
  program.naming = settings.naming.value_or(program.naming);
  program.max_table_nesting = settings.max_table_nesting.value_or(program.max_table_nesting);
  return destinations::program::ProgramDestination::make(settings.address, program);
}

/// `called`: its section of the configuration.
Result<std::unique_ptr<delivery::Destination>> make_function(const DestinationSettings& settings,
                                                             const std::string& called,
                                                             std::shared_ptr<CustomDestination> custom,
                                                             const DestinationOptions& options) {
  delivery::LaneOptions lanes = lane_options(settings.batches);
  const CustomOptions& own = custom->options();
  if (lanes.batch_size == 0 && !own.takes_files) {
    return fail(Error{.message = fmt::format("destination {} does not say that it takes files, and with a batch size "
                                             "of 0 it would be given nothing else",
                                             settings.name.empty() ? settings.address : settings.name),
                      .hint = "have it read the file and say so (takes_files), or give --batch-size a number of rows",
                      .blame = Blame::usage});
  }
  lanes.skips_dlt = own.skip_dlt_columns_and_tables;
  if (lanes.batch_size != 0) lanes.format = LoaderFileFormat::jsonl;  // it is given rows, not bytes
  return std::make_unique<destinations::function::FunctionDestination>(
      settings.name.empty() ? settings.address : settings.name, std::move(custom),
      destinations::function::FunctionOptions{
          .lanes = lanes,
          .timeout = settings.batches.timeout,
          .naming = settings.naming.value_or(own.naming_convention),
          .max_table_nesting = settings.max_table_nesting ? settings.max_table_nesting : own.max_table_nesting,
          .recommended_file_size = settings.batches.recommended_file_size.value_or(0),
          .raises_on_failed_jobs = settings.batches.raise_on_failed_jobs.value_or(true),
          .configuration = {.name = called, .pipeline = options.pipeline, .given = own.given},
          .log = options.log});
}

/// One that takes whole loads. `called` as above.
Result<std::unique_ptr<delivery::Destination>> make_dataset(const DestinationSettings& settings,
                                                            const std::string& called,
                                                            std::shared_ptr<DatasetDestination> dataset,
                                                            const DestinationOptions& options) {
  const std::string& address = settings.name.empty() ? settings.address : settings.name;
  const ConfigurationOptions configuration{
      .name = called, .pipeline = options.pipeline, .given = dataset->options().given};
  return destinations::dataset::DatasetAdapter::make(address, std::move(dataset), configuration);
}

/// In either way, whichever it is.
Result<std::unique_ptr<delivery::Destination>> make_own(const DestinationSettings& settings, const std::string& called,
                                                        const std::shared_ptr<OwnDestination>& own,
                                                        const DestinationOptions& options) {
  if (DatasetDestination* dataset = own->in_loads())
    return make_dataset(settings, called, std::shared_ptr<DatasetDestination>(own, dataset), options);
  return make_function(settings, called, std::shared_ptr<CustomDestination>(own, own->in_batches()), options);
}

Result<std::unique_ptr<delivery::Destination>> make_custom(const DestinationSettings& settings,
                                                           const DestinationOptions& options) {
  if (!is_function_of_another(settings.address, options.custom.get()))
    return make_own(settings, options.custom->own_name(), options.custom, options);
  if (options.custom != nullptr) {
    const Result<std::string> own = custom_address(*options.custom);
    if (!own) return fail(own.error());
  }
  return fail(Error{
      .message = fmt::format("destination {}: it is a function of a program, and not of this one", settings.address),
      .hint = "let the program that has it run or resume the pipeline (Pipeline::resume), or replay its dead letters "
              "(replay_dead_letters)",
      .blame = Blame::usage});
}

Result<std::unique_ptr<delivery::Destination>> make_plugin(const DestinationSettings& settings,
                                                           const DestinationOptions& options,
                                                           delivery::CallWatch* watch) {
  const std::string called = settings.own.secrets.empty() ? "" : settings.name;
  const auto plugin = destinations::function::load_plugin(settings.address, called, watch);
  if (!plugin) return fail(plugin.error());
  DestinationSettings absolute = settings;
  absolute.address = "plugin:" + (*plugin)->own_name();
  return make_own(absolute, settings.name, *plugin, options);
}

/// The kind of address that was probably meant, with its colon. Empty: none of them.
std::string_view near_kind(std::string_view address) {
  constexpr std::array<std::string_view, 7> kinds{
      "duckdb:", "sqlite:", "postgres:", "exec:", "cmd:", "plugin:", "null:"};
  constexpr std::size_t kind_bytes_max = 16;
  const std::string_view kind = address.substr(0, address.find(':') + 1);
  if (kind.size() > kind_bytes_max) return {};
  const auto distance = [kind](std::string_view known) { return edit_distance(kind, known); };
  const std::string_view near = std::ranges::min(kinds, {}, distance);
  return distance(near) <= kind.size() / 4 ? near : std::string_view();
}

Error unknown_kind(const DestinationSettings& settings) {
  const std::string_view near = near_kind(settings.address);
  return {.message = settings.name.empty()
                         ? fmt::format("destination {}: its kind is not known", settings.address)
                         : fmt::format("destination {}: the kind of its address is not known", settings.name),
          .hint = fmt::format("{}known are duckdb:PATH, sqlite:PATH, postgres://HOST/DATABASE, exec:COMMAND, "
                              "cmd:COMMAND, plugin:PATH#NAME and null:",
                              near.empty() ? "" : fmt::format("did you mean {}? ", near)),
          .blame = Blame::usage};
}

/// What nobody is to be told of a database file.
Result<delivery::HiddenPath> hidden_path(const DestinationSettings& settings, const delivery::FileKind& kind) {
  const Result<std::string> path = delivery::path_of(settings.address, kind);
  if (!path) return fail(path.error());
  return delivery::HiddenPath(*path, settings.name, settings.hidden_in);
}

Result<std::unique_ptr<delivery::Destination>> hidden(delivery::HiddenPath path,
                                                      Result<std::unique_ptr<delivery::Destination>> made) {
  if (!made) return fail(path.error(std::move(made.error())));
  return std::make_unique<delivery::HiddenDatabase>(std::move(path), std::move(*made));
}

Result<std::unique_ptr<delivery::Destination>> make_sqlite(const DestinationSettings& settings, Env& env) {
  const destinations::sqlite::Options sqlite{
      .called = settings.name, .naming = settings.naming, .max_table_nesting = settings.max_table_nesting};
  auto made = destinations::sqlite::SqliteDestination::make(settings.address, sqlite, env);
  if (settings.hidden_in.empty()) return made;
  Result<delivery::HiddenPath> path = hidden_path(settings, delivery::sqlite_file);
  if (!path) return fail(std::move(path.error()));
  return hidden(std::move(*path), std::move(made));
}

Result<std::unique_ptr<delivery::Destination>> make_postgres(const DestinationSettings& settings, Env& env) {
  return destinations::postgres::PostgresDestination::make(
      settings.address,
      {.called = settings.name, .naming = settings.naming, .max_table_nesting = settings.max_table_nesting}, env);
}

Result<std::unique_ptr<delivery::Destination>> make_duckdb(const DestinationSettings& settings,
                                                           const DestinationOptions& options, Env& env) {
  destinations::duckdb::Options duckdb{.memory_limit = options.memory,
                                       .threads = options.threads,
                                       .lock_wait = options.lock_wait,
                                       .called = settings.name,
                                       .naming = settings.naming,
                                       .max_table_nesting = settings.max_table_nesting};
  if (settings.hidden_in.empty()) return destinations::duckdb::DuckDbDestination::make(settings.address, duckdb, env);
  Result<delivery::HiddenPath> path = hidden_path(settings, delivery::duckdb_file);
  if (!path) return fail(std::move(path.error()));
  duckdb.lock_wait = path->wait(std::move(duckdb.lock_wait));
  return hidden(std::move(*path), destinations::duckdb::DuckDbDestination::make(settings.address, duckdb, env));
}

Result<std::unique_ptr<delivery::Destination>> make_kind(const DestinationSettings& settings,
                                                         const DestinationOptions& options, delivery::CallWatch* watch,
                                                         Env& env) {
  const std::string& address = settings.address;
  if (address.starts_with("duckdb:")) return make_duckdb(settings, options, env);
  if (destinations::postgres::is_address(address)) return make_postgres(settings, env);
  if (address.starts_with("sqlite:")) return make_sqlite(settings, env);
  if (address.starts_with("cmd:") || address.starts_with("exec:")) return make_program(settings, options);
  if (address.starts_with("plugin:")) return make_plugin(settings, options, watch);
  if (address.starts_with("custom:")) return make_custom(settings, options);
  if (address == "null:")
    return std::make_unique<destinations::null::NullDestination>(settings.name.empty() ? address : settings.name);
  return fail(unknown_kind(settings));
}

}  // namespace

namespace {

/// Batches from so many rows on are not made durable one by one.
constexpr std::uint64_t grouped_from_rows = 1000;

/// What a run says goes before what a function says of itself.
BatchOptions batches_of(const DestinationOptions& options) {
  CustomDestination* function = options.custom == nullptr ? nullptr : options.custom->in_batches();
  return function == nullptr ? options.batches : function->options().batches;
}

delivery::RetryPolicy retry_policy(const BatchOptions& batches) {
  delivery::RetryPolicy retry;
  const int attempts_max = batches.attempts_max.value_or(retry.attempts_max);
  retry.attempts_max = attempts_max == 0 ? INT_MAX : attempts_max;
  return retry;
}

/// Says every now and then that calls to a destination last, where nobody shows progress. Null: nobody wants to know.
std::shared_ptr<delivery::CallWatch> watch_of(const LockWait& wait, const std::string& address) {
  if (!wait.begins) return nullptr;
  constexpr delivery::CallWatch::Pace pace{.every = std::chrono::seconds(5)};
  return std::make_shared<delivery::CallWatch>(
      [tell = wait.begins, address](const std::string& what) {
        tell({.what = LockWaiting::For::destination, .sentence = fmt::format("{}: {}", address, what)});
      },
      pace);
}

}  // namespace

delivery::LaneOptions lane_options(const BatchOptions& batches) {
  delivery::LaneOptions lanes{.retry = retry_policy(batches)};
  lanes.batch_size = batches.batch_size.value_or(lanes.batch_size);
  lanes.workers = std::min(batches.load_jobs_max.value_or(lanes.workers), batches.in_flight_max.value_or(INT_MAX));
  lanes.parallelism = batches.parallelism.value_or(lanes.parallelism);
  lanes.format = batches.loader_file_format.value_or(lanes.format);
  lanes.batch_bytes = batches.batch_bytes.value_or(lanes.batch_bytes);
  const bool is_grouped = batches.progress ? *batches.progress == BatchProgress::grouped
                                           : lanes.batch_size == 0 || lanes.batch_size >= grouped_from_rows;
  lanes.marks = is_grouped ? delivery::MarkPolicy::grouped : delivery::MarkPolicy::strict;
  lanes.rows = {.nulls = batches.nulls.value_or(RowNulls::omit),
                .ints_as_strings = batches.ints_as_strings.value_or(false)};
  if (batches.rate_limit) {
    const std::chrono::duration<double> interval(1 / *batches.rate_limit);
    lanes.rate = std::make_shared<delivery::RateLimit>(std::chrono::duration_cast<std::chrono::nanoseconds>(interval));
  }
  return lanes;
}

std::size_t database_memory(std::size_t rows_in_flight) {
  constexpr std::size_t times = 8;
  constexpr std::size_t least = std::size_t{256} << 20;  // so much was enough for a transaction of 1.7 GB
  const auto pages = sysconf(_SC_PHYS_PAGES);
  const auto page_bytes = sysconf(_SC_PAGESIZE);
  const std::size_t half = pages > 0 && page_bytes > 0
                               ? static_cast<std::size_t>(pages) * static_cast<std::size_t>(page_bytes) / 2
                               : std::numeric_limits<std::size_t>::max();
  const std::size_t wanted = rows_in_flight > half / times ? half : rows_in_flight * times;
  return std::max(wanted, least);
}

Result<std::string> custom_address(const OwnDestination& custom) {
  return destinations::function::address_of(custom);
}

bool is_function_of_another(const std::string& address, const OwnDestination* custom) {
  if (!address.starts_with("custom:")) return false;
  if (custom == nullptr) return true;
  const Result<std::string> own = custom_address(*custom);
  return !own || *own != address;
}

Result<std::unique_ptr<delivery::Destination>> make_destination(const std::string& word,
                                                                const DestinationOptions& options, Env& env) {
  const Result<config::Settings> settings = read_settings();
  if (!settings) return fail(settings.error());
  const Result<DestinationSettings> found = find_destination({.word = word,
                                                              .pipeline = options.pipeline,
                                                              .batches = batches_of(options),
                                                              .batches_before = options.batches_before},
                                                             *settings);
  if (!found) return fail(found.error());
  if (options.given == Given::for_it && options.custom == nullptr) {
    const std::string& called = found->name.empty() ? found->address : found->name;
    if (Status given = check_given(options.batches, found->address, called); !given)
      return fail(std::move(given.error()));
  }
  const auto watch = watch_of(options.lock_wait, found->name.empty() ? found->address : found->name);
  auto made = make_kind(*found, options, watch.get(), env);
  if (!made) return made;
  (*made)->set_meaning(found->meaning);
  (*made)->set_retry(retry_policy(found->batches));
  (*made)->set_watch(watch);
  if (found->replace_strategy) (*made)->set_replace_strategy(*found->replace_strategy);
  if (found->staging_layout) (*made)->set_staging_layout(*found->staging_layout);
  if (Status able = override_capabilities(**made, filled(options.capabilities, found->capabilities)); !able)
    return fail(std::move(able.error()));
  return made;
}

}  // namespace outfall::engine
