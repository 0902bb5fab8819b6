// SPDX-License-Identifier: Apache-2.0
//
// Destinations of the configuration: which there are, and what their names mean.
//
//   [destination.events_sink]
//   address = "exec:python3 notify.py"
//
// or as dlt writes it: `destination_type` with `duckdb`, `dlt.destinations.duckdb` or an address, and `credentials`.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/settings.h"
#include "outfall/error.h"

namespace outfall::engine {

/// The settings for this process: its environment, and the files from its working directory upwards.
Result<config::Settings> read_settings();

struct ConfiguredAddress {
  std::string address;  ///< with its kind in front; a path of a file is absolute
  config::Place place;  ///< where it was found
  config::Secrecy secrecy = config::Secrecy::open;
};

/// What a name means. None: there is no such destination.
///
/// Errors: usage: it means nothing that is known.
Result<std::optional<ConfiguredAddress>> find_configured(const config::Settings& settings, const std::string& name);

/// Names of all that are configured, also of those that mean nothing that is known, in byte order.
std::vector<std::string> configured_names(const config::Settings& settings);

/// An address as it may be shown: without passwords.
std::string without_secrets(const std::string& address);

}  // namespace outfall::engine
