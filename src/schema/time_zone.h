// SPDX-License-Identifier: Apache-2.0
//
// TimeZone: what a clock somewhere says, as an instant. Names are those of the system's tzdata.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "outfall/error.h"

namespace outfall::schema {

/// Immutable; any number of threads may use one.
class TimeZone {
 public:
  /// `Europe/Oslo`, `UTC`, or an offset that never changes: `+02:00`, `-0530`, `+2`.
  static Result<TimeZone> find(std::string_view name);

  /// Both in microseconds since 1970. A reading that the clock skips, because it is set forward, is taken as if it had
  /// not been set yet; one that it shows twice as the first.
  std::int64_t to_utc(std::int64_t local) const;

 private:
  struct Rules;
  explicit TimeZone(std::shared_ptr<const Rules> rules);

  std::shared_ptr<const Rules> rules_;
};

}  // namespace outfall::schema
