// SPDX-License-Identifier: Apache-2.0
//
// NullDestination: reads every row and forgets it. For measuring everything but a destination.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "delivery/unasked_destination.h"

namespace outfall::destinations::null {

class NullDestination final : public delivery::UnaskedDestination {
 public:
  explicit NullDestination(std::string address = "null:")
      : UnaskedDestination("null: keeps nothing that could be queried"), address_(std::move(address)) {}

  const std::string& address() const override { return address_; }
  DeliveryMode mode() const override { return DeliveryMode::none; }
  Result<delivery::LoadSummary> load(const delivery::LoadRequest& request) override;

 private:
  const delivery::Capabilities& own_capabilities() const override { return capabilities_; }

  const std::string address_;
  const delivery::Capabilities capabilities_;
};

}  // namespace outfall::destinations::null
