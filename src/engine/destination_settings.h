// SPDX-License-Identifier: Apache-2.0
//
// What the configuration says of the destination of a run.
#pragma once

#include <optional>
#include <string>

#include "config/settings.h"
#include "outfall/error.h"
#include "outfall/pipeline.h"
#include "outfall/types.h"

namespace outfall::engine {

struct DestinationWords {
  std::string word;               ///< an address, or a name
  std::string pipeline{};         ///< settings below its name come first; empty: there are none
  BatchOptions batches{};         ///< what was given wins
  BatchOptions batches_before{};  ///< what an earlier run was given goes before the configuration
};

struct DestinationSettings {
  std::string name;     ///< empty: it goes by its address
  std::string address;  ///< with its kind in front
  std::string meaning;  ///< of the name, as ledger::Binding has it
  BatchOptions batches;
  std::optional<NamingConvention> naming;  ///< of a new dataset
  std::optional<int> max_table_nesting;
  CapabilityOverrides capabilities{};
  std::optional<ReplaceStrategy> replace_strategy{};
  std::optional<std::string> staging_layout{};  ///< delivery::Destination::staging_dataset
  /// Of a program that has a name: what else stands in its section. Secret is also an address that is, of any kind.
  config::Section own{};
  std::string hidden_in{};  ///< where the address stands, which is secret; empty: it is not
};

/// Errors: usage: no destination has the name (says which are configured); a setting is wrong, or not known.
Result<DestinationSettings> find_destination(const DestinationWords& words, const config::Settings& settings);

}  // namespace outfall::engine
