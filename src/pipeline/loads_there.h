// SPDX-License-Identifier: Apache-2.0
//
// LoadsThere: which of the loads that the ledger calls loaded the destination still has. A database can be deleted, or
// put back as it was yesterday; what it has lost counts as not loaded.
#pragma once

#include <optional>
#include <string>
#include <unordered_set>

#include "delivery/destination.h"
#include "outfall/error.h"

namespace outfall::pipeline {

class LoadsThere {
 public:
  /// Asks the destination when the first answer is wanted, once for all.
  LoadsThere(delivery::Destination& destination, std::string dataset, delivery::Inspection inspection)
      : destination_(&destination), dataset_(std::move(dataset)), inspection_(inspection) {}

  /// For a destination that cannot be asked now: the ledger's word counts.
  static LoadsThere as_the_ledger_says() { return {}; }

  /// Errors: the destination cannot be read.
  Result<bool> has(const std::string& load_id);

  /// Which destination has lost it; for messages.
  std::string address() const { return destination_ == nullptr ? std::string() : destination_->address(); }

 private:
  LoadsThere() = default;

  delivery::Destination* destination_ = nullptr;
  std::string dataset_;
  delivery::Inspection inspection_ = delivery::Inspection::before_a_load;
  std::optional<std::unordered_set<std::string>> found_;
};

}  // namespace outfall::pipeline
