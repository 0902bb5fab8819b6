// SPDX-License-Identifier: Apache-2.0
//
// DestinationState: what a destination remembers in a pipeline, as JSON values by name: a cursor, a token for the next
// call. It is kept in the pipeline's state store and there for the next run.
//
//   const auto sent = context.state().get("sent");  // "41"
//   context.state().set("sent", std::to_string(42));
//
// What a call sets is durable in the same moment as that its batch is delivered, and is forgotten where it is not.
// Calls that run at the same time do not see what the others set; the one whose batch is recorded last wins.
//
// One thread at a time uses an object.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "outfall/error.h"

namespace outfall {

class DestinationState {
 public:
  static constexpr std::size_t name_bytes_max = 200;
  static constexpr std::size_t value_bytes_max = std::size_t{64} << 10;
  static constexpr std::size_t names_max = 1000;

  using Values = std::map<std::string, std::string, std::less<>>;                  ///< JSON by name
  using Changes = std::map<std::string, std::optional<std::string>, std::less<>>;  ///< none: it is gone

  /// As it was before the call; null: nothing is known.
  explicit DestinationState(std::shared_ptr<const Values> before = nullptr) : before_(std::move(before)) {}

  /// What was set last, by this call or before it. None: nobody has.
  std::optional<std::string> get(std::string_view name) const;
  Values all() const;

  /// Errors: usage: it is no JSON, or larger than it may be; there are too many names, or this one is empty or too
  /// long.
  Status set(std::string_view name, std::string_view json);
  void erase(std::string_view name);

  /// What this call has set.
  const Changes& changes() const { return changes_; }

 private:
  std::shared_ptr<const Values> before_;
  Changes changes_;
};

}  // namespace outfall
