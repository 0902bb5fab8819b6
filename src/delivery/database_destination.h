// SPDX-License-Identifier: Apache-2.0
//
// DatabaseDestination: what all databases have in common as destinations. A kind of database says how sessions are
// opened and what is special about its commits; looking, loading and querying are the same for all.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/env.h"
#include "delivery/destination.h"
#include "sql/connection.h"
#include "sql/system_tables.h"

namespace outfall::delivery {

/// What a session is for.
enum class SessionUse {
  load,
  look_before_load,  ///< questions, where it must also show that a load could follow
  only_look,
};

class DatabaseDestination : public Destination {
 public:
  const std::string& address() const override { return address_; }
  DeliveryMode mode() const override { return DeliveryMode::transactional; }
  Status check_dataset(const std::string& dataset) const override;

  /// Whether a load would find a database, or could make one.
  Status check_configuration(const std::stop_token& stop) override;
  /// None: packages are taken as a whole. Whoever may stop the load is known from here on.
  Result<std::optional<Intake>> intake(const LoadRequest& request) override;
  Status check_condition(const std::string& condition) override;
  Status open() override;
  void close() override;

  /// Questions keep their session for the next one, until close or a load.
  Result<std::optional<sql::StoredDataset>> inspect(const DatasetKey& key) override;
  Result<std::vector<std::string>> stored_schemas(const std::string& dataset, Inspection inspection) override;
  Result<std::vector<schema::ColumnThere>> columns(const std::string& dataset, Inspection inspection) override;
  Result<std::uint64_t> count_rows(const std::string& dataset, const std::string& table) override;
  Result<bool> has_load(const std::string& dataset, const std::string& load_id) override;
  Result<std::uint64_t> committed_parts(const std::string& dataset, const std::string& load_id) override;
  Result<std::vector<std::string>> recorded_loads(const std::string& dataset, std::string_view schema_name,
                                                  Inspection inspection) override;
  Result<LoadSummary> load(const LoadRequest& request) override;
  Result<std::vector<std::string>> datasets(const std::stop_token& stop) override;
  Result<std::unique_ptr<sql::TextCursor>> query(const QueryRequest& request) override;
  Status query_rows(const QueryRequest& request, ArrowArrayStream* out) override;
  Result<std::unique_ptr<sql::Connection>> open_session(const QueryRequest& request) override;
  std::vector<std::string> take_notes() override;

 protected:
  /// Whether those who use the destination want no more of it.
  const std::stop_token& stop() const { return stop_; }
  Result<sql::Connection*> session_to_look(Inspection inspection);
  DatabaseDestination(std::string address, Capabilities capabilities, Env& env);

  const sql::Dialect& dialect() const { return *capabilities_.dialect; }
  /// One more sentence for a person.
  void note(std::string sentence) { notes_.push_back(std::move(sentence)); }

 private:
  const Capabilities& own_capabilities() const override { return capabilities_; }

  /// Whether there is a database at all. One that is not there holds nothing, and the first load makes it.
  virtual Result<bool> exists() = 0;
  /// A session with the database, which a load makes where it is not there.
  virtual Result<std::unique_ptr<sql::Connection>> connect(SessionUse use) = 0;
  /// A session for a person's statement, which looks names without their schema up in the dataset that is asked for.
  ///
  /// Errors: there is no such dataset.
  virtual Result<std::unique_ptr<sql::Connection>> connect_to_query(const QueryRequest& request) = 0;
  /// Whether a load could go into a database that is there, as far as that is known without one.
  virtual Status check_usable() { return {}; }
  /// Whether a database that is not there could be made.
  virtual Status check_makable() { return {}; }
  /// Told of a dataset that the next load makes, before there is anything to load. No session: the database is yet to
  /// be made, too.
  ///
  /// Errors: usage: it could not be made.
  virtual Status expect_new([[maybe_unused]] sql::Connection* session, [[maybe_unused]] const std::string& dataset) {
    return {};
  }
  /// A load was found, or has just been committed by this object: makes sure that it outlives a power cut.
  virtual Status keep([[maybe_unused]] const sql::Dataset& dataset, [[maybe_unused]] const std::string& load_id) {
    return {};
  }

  Result<std::unique_ptr<sql::Connection>> session_for(const QueryRequest& request);
  Result<sql::Connection*> session_for_loads();
  /// None where there is no database.
  Result<std::optional<sql::Dataset>> look_into(const std::string& dataset, Inspection inspection);

  std::string address_;
  Capabilities capabilities_;
  Env& env_;
  std::stop_token stop_;
  std::vector<std::string> notes_;
  std::unique_ptr<sql::Connection> connection_;  ///< null: not open, or not to be trusted after a failure
  std::unique_ptr<sql::Connection> looking_;     ///< for questions before a load
  Inspection looking_as_ = Inspection::only_look;
};

}  // namespace outfall::delivery
