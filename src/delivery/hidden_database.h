// SPDX-License-Identifier: Apache-2.0
//
// HiddenDatabase: a destination whose path nobody is told. What it says has the destination's name in its place.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/wait.h"
#include "delivery/destination.h"

namespace outfall::delivery {

/// Puts a name in the place of the path of a database file.
class HiddenPath {
 public:
  /// `place`: where the address stands, which errors tell in the path's stead.
  HiddenPath(const std::string& path, const std::string& name, std::string place);

  std::string text(std::string said) const;
  /// The same of what is said while something is waited for.
  LockWait wait(LockWait said) const;
  Error error(Error said) const;

  template <class Answer>
  Answer answer(Answer said) const {
    if (!said) said.error() = error(std::move(said.error()));
    return said;
  }

 private:
  std::vector<std::pair<std::string, std::string>> instead_;  ///< of what is said, the longest first
  std::string place_;
};

class HiddenDatabase final : public Destination {
 public:
  HiddenDatabase(HiddenPath hidden, std::unique_ptr<Destination> inner)
      : hidden_(std::move(hidden)), inner_(std::move(inner)) {}

  const std::string& address() const override { return inner_->address(); }
  DeliveryMode mode() const override { return inner_->mode(); }
  Status check_dataset(const std::string& dataset) const override { return inner_->check_dataset(dataset); }
  Status check_configuration(const std::stop_token& stop) override {
    return hidden_.answer(inner_->check_configuration(stop));
  }
  Status open() override { return hidden_.answer(inner_->open()); }
  void close() override { inner_->close(); }
  void warm_up() override { inner_->warm_up(); }
  void expect_interrupted_load() override { inner_->expect_interrupted_load(); }

  Result<std::optional<sql::StoredDataset>> inspect(const DatasetKey& key) override {
    return hidden_.answer(inner_->inspect(key));
  }
  Result<std::vector<std::string>> stored_schemas(const std::string& dataset, Inspection inspection) override {
    return hidden_.answer(inner_->stored_schemas(dataset, inspection));
  }
  Result<std::vector<schema::ColumnThere>> columns(const std::string& dataset, Inspection inspection) override {
    return hidden_.answer(inner_->columns(dataset, inspection));
  }
  Result<std::uint64_t> count_rows(const std::string& dataset, const std::string& table) override {
    return hidden_.answer(inner_->count_rows(dataset, table));
  }
  Result<bool> has_load(const std::string& dataset, const std::string& load_id) override {
    return hidden_.answer(inner_->has_load(dataset, load_id));
  }
  Result<std::vector<std::string>> recorded_loads(const std::string& dataset, std::string_view schema_name,
                                                  Inspection inspection) override {
    return hidden_.answer(inner_->recorded_loads(dataset, schema_name, inspection));
  }
  Result<LoadSummary> load(const LoadRequest& request) override { return hidden_.answer(inner_->load(request)); }
  Result<std::vector<std::string>> datasets(const std::stop_token& stop) override {
    return hidden_.answer(inner_->datasets(stop));
  }
  /// What fails while the rows of an answer are read is told as the database has it.
  Result<std::unique_ptr<sql::TextCursor>> query(const QueryRequest& request) override {
    return hidden_.answer(inner_->query(request));
  }
  Status query_rows(const QueryRequest& request, ArrowArrayStream* out) override {
    return hidden_.answer(inner_->query_rows(request, out));
  }
  Status check_condition(const std::string& condition) override {
    return hidden_.answer(inner_->check_condition(condition));
  }
  Result<std::unique_ptr<sql::Connection>> open_session(const QueryRequest& request) override {
    return hidden_.answer(inner_->open_session(request));
  }
  std::vector<std::string> take_notes() override;

 private:
  const Capabilities& own_capabilities() const override { return inner_->capabilities(); }

  const HiddenPath hidden_;
  const std::unique_ptr<Destination> inner_;
};

}  // namespace outfall::delivery
