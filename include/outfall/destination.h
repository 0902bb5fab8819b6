// SPDX-License-Identifier: Apache-2.0
//
// What a destination can do, known before anything is sent there.
#pragma once

#include <cstddef>
#include <string>

#include "outfall/error.h"
#include "outfall/types.h"

namespace outfall {

struct DestinationCapabilities {
  std::string address{};  ///< without secrets, as reports have it
  /// What a load promises about repeats.
  DeliveryMode mode = DeliveryMode::none;
  /// Characters of a table's or column's name, beyond which it is shortened; 0: any number.
  std::size_t identifier_length_max = 0;
  /// False: names that differ only in case are one, and a load that has both is refused.
  bool case_sensitive_names = true;
};

/// `address`: as PipelineOptions::destination. Nothing is opened and nobody is asked.
///
/// Errors:   usage: the kind is not known, or the address is wrong.
Result<DestinationCapabilities> destination_capabilities(const std::string& address);

}  // namespace outfall
