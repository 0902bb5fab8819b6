// SPDX-License-Identifier: Apache-2.0
//
// CapabilityOverrides: what a destination can do, where less of it is wanted. The names are dlt's, and those of the
// section [destination.NAME.capabilities] (docs/configuration.md).
//
//   outfall::Pipeline pipeline({.destination = "postgres://db/shop", .capabilities = {.max_identifier_length = 40}});
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "outfall/types.h"

namespace outfall {

/// What is not said stays as the destination has it. Nothing can be said that it cannot do: names longer than it takes,
/// a strategy that it does not have.
struct CapabilityOverrides {
  /// Characters of a table's or column's name, at least 6: a longer one is shortened, with a tag of the whole in it.
  std::optional<std::size_t> max_identifier_length{};
  std::optional<NamingConvention> naming_convention{};  ///< of a new dataset
  std::optional<int> max_table_nesting{};
  /// Bytes of a job file from which on a table gets another one; 0: a table is one file.
  std::optional<std::uint64_t> recommended_file_size{};
  std::optional<std::vector<MergeStrategy>> supported_merge_strategies{};
  std::optional<std::vector<ReplaceStrategy>> supported_replace_strategies{};
};

}  // namespace outfall
