// SPDX-License-Identifier: Apache-2.0
//
// From a word to the class behind it.
#include "engine/registry.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

#include "destinations/duckdb/duckdb_destination.h"
#include "destinations/null/null_destination.h"
#include "destinations/program/program_destination.h"
#include "engine/configured_address.h"
#include "engine/destination_settings.h"

namespace outfall::engine {
namespace {

Result<std::unique_ptr<delivery::Destination>> make_program(const DestinationSettings& settings,
                                                            const DestinationOptions& options, Env& env) {
  destinations::program::ProgramOptions program{.lanes = lane_options(settings.batches),
                                                .timeout = settings.batches.timeout,
                                                .lock_path = options.programs_lock,
                                                .called = settings.name};
  program.naming = settings.naming.value_or(program.naming);
  program.max_table_nesting = settings.max_table_nesting.value_or(program.max_table_nesting);
  return destinations::program::ProgramDestination::make(settings.address, program, env);
}

Error unknown_kind(const DestinationSettings& settings) {
  return {.message = settings.name.empty()
                         ? fmt::format("destination {}: its kind is not known", settings.address)
                         : fmt::format("destination {}: the kind of its address is not known", settings.name),
          .hint = "known are duckdb:PATH, exec:COMMAND, cmd:COMMAND and null:",
          .blame = Blame::usage};
}

Result<std::unique_ptr<delivery::Destination>> make_kind(const DestinationSettings& settings,
                                                         const DestinationOptions& options, Env& env) {
  const std::string& address = settings.address;
  if (address.starts_with("duckdb:")) {
    return destinations::duckdb::DuckDbDestination::make(address,
                                                         {.memory_limit = options.memory,
                                                          .threads = options.threads,
                                                          .lock_wait = options.lock_wait,
                                                          .called = settings.name,
                                                          .naming = settings.naming,
                                                          .max_table_nesting = settings.max_table_nesting},
                                                         env);
  }
  if (address.starts_with("cmd:") || address.starts_with("exec:")) return make_program(settings, options, env);
  if (address == "null:")
    return std::make_unique<destinations::null::NullDestination>(settings.name.empty() ? address : settings.name);
  return fail(unknown_kind(settings));
}

}  // namespace

delivery::LaneOptions lane_options(const BatchOptions& batches) {
  delivery::LaneOptions lanes;
  lanes.batch_size = batches.batch_size.value_or(lanes.batch_size);
  lanes.workers = batches.load_jobs_max.value_or(lanes.workers);
  lanes.parallelism = batches.parallelism.value_or(lanes.parallelism);
  lanes.retry.attempts_max = batches.attempts_max.value_or(lanes.retry.attempts_max);
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

Result<std::unique_ptr<delivery::Destination>> make_destination(const std::string& word,
                                                                const DestinationOptions& options, Env& env) {
  const Result<config::Settings> settings = read_settings();
  if (!settings) return fail(settings.error());
  const Result<DestinationSettings> found =
      find_destination({.word = word, .pipeline = options.pipeline, .batches = options.batches}, *settings);
  if (!found) return fail(found.error());
  auto made = make_kind(*found, options, env);
  if (made) (*made)->set_meaning(found->meaning);
  return made;
}

}  // namespace outfall::engine
