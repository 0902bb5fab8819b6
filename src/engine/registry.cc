// SPDX-License-Identifier: Apache-2.0
//
// From the first word of an address to the class behind it.
#include "engine/registry.h"

#include <fmt/format.h>

#include "destinations/duckdb/duckdb_destination.h"
#include "destinations/null/null_destination.h"

namespace outfall::engine {

Result<std::unique_ptr<delivery::Destination>> make_destination(const std::string& address,
                                                                const DestinationOptions& options, Env& env) {
  if (address.starts_with("duckdb:")) {
    return destinations::duckdb::DuckDbDestination::make(
        address, {.memory_limit = options.memory, .threads = options.threads}, env);
  }
  if (address == "null:") return std::make_unique<destinations::null::NullDestination>();
  return fail(Error{.message = fmt::format("destination {}: its kind is not known", address),
                    .hint = "known are duckdb:PATH and null:",
                    .blame = Blame::usage});
}

}  // namespace outfall::engine
