// SPDX-License-Identifier: Apache-2.0
//
// NullDestination: reads every row and forgets it. For measuring everything but a destination.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "delivery/destination.h"

namespace outfall::destinations::null {

class NullDestination final : public delivery::Destination {
 public:
  const std::string& address() const override { return address_; }
  DeliveryMode mode() const override { return DeliveryMode::none; }
  const delivery::Capabilities& capabilities() const override { return capabilities_; }
  Status check_dataset(const std::string&) const override { return {}; }
  Status open() override { return {}; }
  Result<std::optional<sql::StoredDataset>> inspect(const delivery::DatasetKey&) override { return std::nullopt; }
  Result<std::vector<std::string>> stored_schemas(const std::string&, delivery::Inspection) override {
    return std::vector<std::string>();
  }
  Result<std::vector<schema::ColumnThere>> columns(const std::string&, delivery::Inspection) override {
    return std::vector<schema::ColumnThere>();
  }
  Result<std::uint64_t> count_rows(const std::string&, const std::string&) override { return 0; }
  Result<bool> has_load(const std::string&, const std::string&) override { return false; }
  Result<std::vector<std::string>> recorded_loads(const std::string&, std::string_view, delivery::Inspection) override {
    return std::vector<std::string>();
  }
  Result<delivery::LoadSummary> load(const delivery::LoadRequest& request) override;
  Result<std::unique_ptr<sql::TextCursor>> query(const delivery::QueryRequest& request) override;
  Status query_rows(const delivery::QueryRequest& request, ArrowArrayStream* out) override;

 private:
  const std::string address_ = "null:";
  const delivery::Capabilities capabilities_;
};

}  // namespace outfall::destinations::null
