// SPDX-License-Identifier: Apache-2.0
//
// From the first word of an address to the class behind it.
#include "engine/registry.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <climits>
#include <limits>

#include "destinations/duckdb/duckdb_destination.h"
#include "destinations/function/function_destination.h"
#include "destinations/function/plugin.h"
#include "destinations/null/null_destination.h"
#include "destinations/program/program_destination.h"

namespace outfall::engine {
namespace {

/// Batches from so many rows on are not made durable one by one.
constexpr std::uint64_t grouped_from_rows = 1000;

delivery::MarkPolicy mark_policy(const BatchOptions& batches) {
  if (batches.progress) {
    return *batches.progress == BatchProgress::grouped ? delivery::MarkPolicy::grouped : delivery::MarkPolicy::strict;
  }
  return batches.batch_size >= grouped_from_rows ? delivery::MarkPolicy::grouped : delivery::MarkPolicy::strict;
}

delivery::LaneOptions lane_options(const BatchOptions& batches) {
  delivery::LaneOptions lanes{.batch_size = batches.batch_size,
                              .workers = std::min(batches.load_jobs_max, batches.in_flight_max.value_or(INT_MAX)),
                              .parallelism = batches.parallelism,
                              .retry = {.attempts_max = batches.attempts_max},
                              .batch_bytes = batches.batch_bytes.value_or(0),
                              .marks = mark_policy(batches),
                              .rows = {.nulls = batches.nulls, .ints_as_strings = batches.ints_as_strings}};
  if (batches.rate_limit) {
    const std::chrono::duration<double> interval(1 / *batches.rate_limit);
    lanes.rate = std::make_shared<delivery::RateLimit>(std::chrono::duration_cast<std::chrono::nanoseconds>(interval));
  }
  return lanes;
}

Result<std::unique_ptr<delivery::Destination>> make_function(const std::string& address,
                                                             const std::shared_ptr<CustomDestination>& custom,
                                                             const DestinationOptions& options, Env& env) {
  delivery::LaneOptions lanes = lane_options(custom->options().batches);
  lanes.skips_dlt = custom->options().skip_dlt_columns_and_tables;
  return destinations::function::FunctionDestination::make(address, custom, {.lanes = lanes, .log = options.log}, env);
}

Result<std::unique_ptr<delivery::Destination>> make_custom(const std::string& address,
                                                           const DestinationOptions& options, Env& env) {
  if (options.custom != nullptr) {
    const Result<std::string> own = custom_address(*options.custom);
    if (!own) return fail(own.error());
    if (*own == address) return make_function(address, options.custom, options, env);
  }
  return fail(
      Error{.message = fmt::format("destination {}: it is a function of a program, and not of this one", address),
            .hint = "let the program that has it run or resume the pipeline",
            .blame = Blame::usage});
}

Result<std::unique_ptr<delivery::Destination>> make_plugin(const std::string& address,
                                                           const DestinationOptions& options, Env& env) {
  const auto plugin = destinations::function::load_plugin(address, options.batches);
  if (!plugin) return fail(plugin.error());
  return make_function("plugin:" + (*plugin)->options().name, *plugin, options, env);
}

}  // namespace

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

Result<std::string> custom_address(const CustomDestination& custom) {
  return destinations::function::address_of(custom);
}

Result<std::unique_ptr<delivery::Destination>> make_destination(const std::string& address,
                                                                const DestinationOptions& options, Env& env) {
  if (address.starts_with("duckdb:")) {
    return destinations::duckdb::DuckDbDestination::make(
        address, {.memory_limit = options.memory, .threads = options.threads, .lock_wait = options.lock_wait}, env);
  }
  if (address.starts_with("cmd:") || address.starts_with("exec:")) {
    return destinations::program::ProgramDestination::make(address,
                                                           {.lanes = lane_options(options.batches),
                                                            .timeout = options.batches.timeout,
                                                            .deduplicates = options.batches.deduplicates,
                                                            .lock_path = options.programs_lock,
                                                            .log = options.log},
                                                           env);
  }
  if (address.starts_with("plugin:")) return make_plugin(address, options, env);
  if (address.starts_with("custom:")) return make_custom(address, options, env);
  if (address == "null:") return std::make_unique<destinations::null::NullDestination>();
  const bool is_path = address.find(':') == std::string::npos && address.find_first_of("./") != std::string::npos;
  return fail(Error{.message = fmt::format("destination {}: its kind is not known", address),
                    .hint = is_path ? fmt::format("a DuckDB file takes its kind in front: --to duckdb:{}", address)
                                    : "known are duckdb:PATH, exec:COMMAND, cmd:COMMAND, plugin:PATH#NAME and null:",
                    .blame = Blame::usage});
}

}  // namespace outfall::engine
