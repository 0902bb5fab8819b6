// SPDX-License-Identifier: Apache-2.0
//
// ProgramDestination: hands rows to a program, in batches. `cmd:COMMAND` starts one process a batch,
// `exec:COMMAND` one a worker, which is kept alive.
//
// What it promises: at least once. A batch whose process was killed, or whose answer was lost, is sent again under the
// same key.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "delivery/intake.h"
#include "delivery/unasked_destination.h"
#include "destinations/program/command_writer.h"

namespace outfall::destinations::program {

struct ProgramOptions {
  delivery::LaneOptions lanes{};
  std::optional<std::chrono::nanoseconds> timeout{};  ///< of one batch
  std::set<int> reject_codes{65};                     ///< exit codes of a command; as sysexits.h calls it: EX_DATAERR
  std::set<int> retry_codes{75};                      ///< EX_TEMPFAIL
  std::uint64_t recommended_file_size = 0;
  bool raises_on_failed_jobs = true;
  bool deduplicates = false;                         ///< of a command; others say so themselves
  std::string lock_path{};                           ///< of the lock that the programs hold; made if missing
  std::function<void(std::string_view line)> log{};  ///< from any thread
  std::string called{};                              ///< instead of its address; empty: nothing
  Json own = Json::object();                         ///< values of the configuration that are the program's own
  std::vector<std::string> secrets{};                ///< texts of those that are secret, as conceal() takes them
  NamingConvention naming = NamingConvention::direct;
  int max_table_nesting = 0;
};

class ProgramDestination final : public delivery::UnaskedDestination {
 public:
  /// Errors: usage: there is no command.
  static Result<std::unique_ptr<ProgramDestination>> make(const std::string& address, const ProgramOptions& options);

  const std::string& address() const override { return address_; }
  DeliveryMode mode() const override {
    return knows_what_it_has_ ? DeliveryMode::idempotency_key : DeliveryMode::at_least_once;
  }
  bool is_mode_known() const override { return kind_ == Kind::one_a_batch || has_said_; }
  /// Errors: usage: it cannot be started.
  Result<DeliveryMode> find_mode(const std::stop_token& stop) override;
  /// Errors: usage: it is to get files, and does not say that it takes any; it is told of batches alone, and is to
  /// replace a table.
  Status check_asked(WriteDisposition disposition, const std::stop_token& stop) override;
  const delivery::LaneOptions* lane_options() const override { return &lanes_; }
  /// The same for a look as before a load: the program is started, but for one a batch, and told nothing but hello.
  Status check_configuration(const std::stop_token& stop) override;
  /// Before a load it sees whether the program can be started, and is one.
  ///
  /// Errors: usage: it cannot, or it is not.
  Result<std::optional<sql::StoredDataset>> inspect(const delivery::DatasetKey& key) override;
  Result<std::optional<delivery::Intake>> intake(const delivery::LoadRequest& request) override;
  /// One process a batch is told nothing but batches.
  Status abort_load(const delivery::LoadKey& key, const std::stop_token& stop) override;

 private:
  const delivery::Capabilities& own_capabilities() const override { return capabilities_; }

  enum class Kind { one_a_batch, kept_alive };
  Result<ProgramGuard*> guard(const std::stop_token& stop);
  Status look_once(const std::stop_token& stop);
  Status look_with(ProgramGuard& guard, const std::stop_token& stop);
  Status look_for_program(ProgramGuard& guard, const std::stop_token& stop);
  ProgramDestination(const std::string& address, Kind kind, std::string command, std::vector<std::string> variables,
                     const ProgramOptions& options);

  const std::string address_;
  const bool is_named_;  ///< its command may be secret
  const Kind kind_;
  const CommandOptions command_;
  const delivery::LaneOptions lanes_;
  const delivery::Capabilities capabilities_;
  const std::string lock_path_;
  std::unique_ptr<ProgramGuard> guard_;
  std::atomic<int> worker_ = 0;  ///< of the load, the next one to be started
  bool has_looked_ = false;
  std::atomic<bool> knows_what_it_has_;  ///< so that what comes again has no effect
  std::atomic<bool> has_said_ = false;   ///< whether it does
};

}  // namespace outfall::destinations::program
