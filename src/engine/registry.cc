// SPDX-License-Identifier: Apache-2.0
//
// From the first word of an address to the class behind it.
#include "engine/registry.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <limits>

#include "destinations/duckdb/duckdb_destination.h"
#include "destinations/null/null_destination.h"
#include "destinations/program/program_destination.h"

namespace outfall::engine {
namespace {

destinations::program::ProgramOptions program_options(const DestinationOptions& options) {
  const BatchOptions& batches = options.batches;
  return {.lanes = {.batch_size = batches.batch_size,
                    .workers = batches.load_jobs_max,
                    .parallelism = batches.parallelism,
                    .retry = {.attempts_max = batches.attempts_max},
                    .rows = {.nulls = batches.nulls, .ints_as_strings = batches.ints_as_strings}},
          .timeout = batches.timeout,
          .lock_path = options.programs_lock};
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

Result<std::unique_ptr<delivery::Destination>> make_destination(const std::string& address,
                                                                const DestinationOptions& options, Env& env) {
  if (address.starts_with("duckdb:")) {
    return destinations::duckdb::DuckDbDestination::make(
        address, {.memory_limit = options.memory, .threads = options.threads, .lock_wait = options.lock_wait}, env);
  }
  if (address.starts_with("cmd:") || address.starts_with("exec:")) {
    return destinations::program::ProgramDestination::make(address, program_options(options), env);
  }
  if (address == "null:") return std::make_unique<destinations::null::NullDestination>();
  const bool is_path = address.find(':') == std::string::npos && address.find_first_of("./") != std::string::npos;
  return fail(Error{.message = fmt::format("destination {}: its kind is not known", address),
                    .hint = is_path ? fmt::format("a DuckDB file takes its kind in front: --to duckdb:{}", address)
                                    : "known are duckdb:PATH, exec:COMMAND, cmd:COMMAND and null:",
                    .blame = Blame::usage});
}

}  // namespace outfall::engine
