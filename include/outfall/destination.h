// SPDX-License-Identifier: Apache-2.0
//
// Destinations before anything is sent there: which are configured, what one can do, whether it answers.
//
// A destination is named as in PipelineOptions::destination: by its address, or by the name that the configuration has
// for it (docs/configuration.md). The functions are safe for several threads at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "outfall/capabilities.h"
#include "outfall/error.h"
#include "outfall/types.h"

namespace outfall {

struct DestinationCapabilities {
  std::string address{};  ///< without secrets, as reports have it; or its name
  std::string kind{};     ///< duckdb, exec, cmd, null
  /// What a load promises about repeats.
  DeliveryMode mode = DeliveryMode::none;
  /// Characters of a table's or column's name, beyond which it is shortened; 0: any number.
  std::size_t identifier_length_max = 0;
  /// False: names that differ only in case are one, and a load that has both is refused.
  bool case_sensitive_names = true;
  /// Of a new dataset.
  NamingConvention naming = NamingConvention::snake_case;
  /// Levels of nesting that become tables and columns, where nothing else is asked for. None: any number.
  std::optional<int> max_table_nesting{};
  /// Job files that are loaded at once. None: a load is one transaction.
  std::optional<int> load_jobs_max{};
  Parallelism parallelism = Parallelism::parallel;
  /// Bytes of a job file from which on a table gets another one; 0: a table is one file.
  std::uint64_t recommended_file_size = 0;
  /// What it takes, where not everything is handed on to it as it is. Empty: all.
  std::vector<WriteDisposition> write_dispositions{};
  /// How it merges rows by their keys, and replaces them. Empty: what it is given decides that.
  std::vector<MergeStrategy> merge_strategies{};
  std::vector<ReplaceStrategy> replace_strategies{};
};

/// Nothing is opened and nobody is asked. `destination`: a name, an address, or the kind of a database alone (duckdb,
/// sqlite, postgres).
///
/// Errors:   usage: the kind or the name is not known, the address is wrong, the configuration is, or it is to do what
/// it
///           cannot.
Result<DestinationCapabilities> destination_capabilities(const std::string& destination,
                                                         const CapabilityOverrides& overrides = {});

/// One of the configuration.
struct ConfiguredDestination {
  std::string name{};
  std::string address{};  ///< empty: it is secret, or there is a problem
  std::string place{};    ///< where it was found
  std::string problem{};  ///< why it means nothing
};

/// A kind of address.
struct DestinationKind {
  std::string form{};  ///< duckdb:PATH
  std::string what{};
  DeliveryMode mode = DeliveryMode::none;
};

struct DestinationList {
  std::vector<ConfiguredDestination> configured{};  ///< by name
  std::vector<DestinationKind> kinds{};
  std::vector<std::string> folders{};  ///< that configuration is read from
};

/// Errors:   usage: a file of the configuration is not TOML; abandon: it cannot be read.
Result<DestinationList> list_destinations();

struct DestinationFinding {
  std::string address{};             ///< without secrets, or its name
  std::vector<std::string> facts{};  ///< sentences
};

/// Opens it as a load would, and sends nothing: a program is started and ended, a database file is opened if it is
/// there. `waiting` is told about every five seconds, from any thread, of what a program or plugin keeps it waiting
/// for.
///
/// Errors:   usage: as above, or a program that is none; run, abandon or retry: what the destination answered.
Result<DestinationFinding> test_destination(const std::string& destination,
                                            const std::function<void(const LockWaiting&)>& waiting = {});

/// As one JSON document without line breaks; the fields are in docs/command-line.md. Of capabilities they are called as
/// dlt calls them.
std::string to_json(const DestinationCapabilities& capabilities);
std::string to_json(const DestinationList& list);
std::string to_json(const DestinationFinding& finding);

}  // namespace outfall
