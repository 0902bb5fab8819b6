// SPDX-License-Identifier: Apache-2.0
//
// DatasetAdapter: a DatasetDestination of the program or of a plugin (outfall/dataset_destination.h) as a destination
// that takes packages as a whole.
//
// It promises what the DatasetDestination does, and asks has_load before each attempt and behind it. The tables that a
// database has beside the data (`_dlt_loads`, `_dlt_version`, `_dlt_pipeline_state`) are calls here: complete_load,
// migrate, and the state that complete_load is given.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/destination.h"
#include "outfall/configuration.h"
#include "outfall/dataset_destination.h"

namespace outfall::destinations::dataset {

class DatasetAdapter final : public delivery::Destination {
 public:
  /// `configuration`: what it is opened with.
  ///
  /// Errors: usage: what it says of itself cannot be.
  static Result<std::unique_ptr<delivery::Destination>> make(std::string address,
                                                             std::shared_ptr<DatasetDestination> dataset,
                                                             ConfigurationOptions configuration);

  const std::string& address() const override { return address_; }
  DeliveryMode mode() const override { return dataset_->options().mode; }
  bool records_loads() const override { return true; }
  Status check_dataset(const std::string&) const override { return {}; }
  Status check_configuration(const std::stop_token& stop) override;
  Result<std::optional<delivery::Intake>> intake(const delivery::LoadRequest& request) override;
  Status open() override;
  void close() override;

  Result<std::optional<sql::StoredDataset>> inspect(const delivery::DatasetKey& key) override;
  Result<std::vector<std::string>> stored_schemas(const std::string& dataset, delivery::Inspection inspection) override;
  /// None: what tables have is known from the schema that it stores.
  Result<std::vector<schema::ColumnThere>> columns(const std::string& dataset,
                                                   delivery::Inspection inspection) override;
  Result<std::uint64_t> count_rows(const std::string& dataset, const std::string& table) override;
  Result<bool> has_load(const std::string& dataset, const std::string& load_id) override;
  Result<std::vector<std::string>> recorded_loads(const std::string& dataset, std::string_view schema_name,
                                                  delivery::Inspection inspection) override;
  Result<delivery::LoadSummary> load(const delivery::LoadRequest& request) override;
  Status abort_load(const delivery::LoadKey& key, const std::stop_token& stop) override;
  Result<std::unique_ptr<sql::TextCursor>> query(const delivery::QueryRequest& request) override;
  Status query_rows(const delivery::QueryRequest& request, ArrowArrayStream* out) override;

 private:
  DatasetAdapter(std::string address, std::shared_ptr<DatasetDestination> dataset, ConfigurationOptions configuration);
  const delivery::Capabilities& own_capabilities() const override { return capabilities_; }

  std::unexpected<Error> answers_no_queries() const;

  const std::string address_;
  const std::shared_ptr<DatasetDestination> dataset_;
  const ConfigurationOptions configuration_;
  const delivery::Capabilities capabilities_;
  bool is_open_ = false;
};

}  // namespace outfall::destinations::dataset
