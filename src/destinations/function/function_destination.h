// SPDX-License-Identifier: Apache-2.0
//
// FunctionDestination: hands rows to a function of the program (outfall/custom_destination.h), in batches.
//
// What it promises: at least once. A batch whose call threw, or did not return in time, is sent again under the same
// key.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "delivery/intake.h"
#include "delivery/unasked_destination.h"
#include "destinations/function/guarded_call.h"
#include "outfall/configuration.h"
#include "outfall/custom_destination.h"

namespace outfall::destinations::function {

struct FunctionOptions {
  delivery::LaneOptions lanes{};
  std::optional<std::chrono::nanoseconds> timeout{};  ///< of one call, also of open
  NamingConvention naming = NamingConvention::direct;
  std::optional<int> max_table_nesting{};
  std::uint64_t recommended_file_size = 0;
  bool raises_on_failed_jobs = true;
  ConfigurationOptions configuration{};              ///< what it is opened with
  std::function<void(std::string_view line)> log{};  ///< from any thread
};

class FunctionDestination final : public delivery::UnaskedDestination {
 public:
  FunctionDestination(std::string address, std::shared_ptr<CustomDestination> destination,
                      const FunctionOptions& options);
  FunctionDestination(const FunctionDestination&) = delete;
  FunctionDestination& operator=(const FunctionDestination&) = delete;
  ~FunctionDestination() override;

  const std::string& address() const override { return address_; }
  DeliveryMode mode() const override;
  const delivery::LaneOptions* lane_options() const override { return &options_.lanes; }
  Status check_configuration(const std::stop_token& stop) override { return open_once(stop); }
  Result<std::optional<sql::StoredDataset>> inspect(const delivery::DatasetKey& key) override;
  Result<std::optional<delivery::Intake>> intake(const delivery::LoadRequest& request) override;
  Status abort_load(const delivery::LoadKey& key, const std::stop_token& stop) override;

 private:
  const delivery::Capabilities& own_capabilities() const override { return capabilities_; }

  Status open_once(const std::stop_token& stop);

  const std::string address_;
  std::shared_ptr<CustomDestination> destination_;
  const FunctionOptions options_;
  const delivery::Capabilities capabilities_;
  bool is_open_ = false;
  GuardedCalls opening_;
  std::optional<Error> stuck_;  ///< what is said once a call of open was left alone: it may still be at work
};

/// Where a destination of the program itself is found under its name: "custom:NAME".
///
/// Errors: usage: it has none that can be one.
Result<std::string> address_of(const OwnDestination& destination);

}  // namespace outfall::destinations::function
