// SPDX-License-Identifier: Apache-2.0
//
// FunctionWriter: hands batches to a CustomDestination, and tells it of the load and its tables before the first rows.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "delivery/call_watch.h"
#include "delivery/load_board.h"
#include "delivery/table_changes.h"
#include "delivery/writer.h"
#include "destinations/function/guarded_call.h"
#include "outfall/custom_destination.h"
#include "schema/schema.h"

namespace outfall::destinations::function {

struct HookAnswer {
  Outcome outcome{};
  bool is_stuck = false;  ///< the call has not returned, and was left alone
};

/// What the writers of a load have told the destination. Any thread may call.
class LoadIntroduction {
 public:
  LoadIntroduction(std::string load_id, bool skips_dlt, std::optional<schema::Schema> before = {},
                   std::shared_ptr<delivery::LoadBoard> board = nullptr)
      : load_id_(std::move(load_id)),
        system_columns_(skips_dlt ? delivery::SystemColumns::left_out : delivery::SystemColumns::told),
        before_(std::move(before)),
        board_(std::move(board)) {}

  const std::string& load_id() const { return load_id_; }
  std::shared_ptr<const TableSchema> describe(const schema::Table& table);
  TableChanges changes(const schema::Table& table) const;
  /// Null: nothing is remembered, and nothing counted.
  const std::shared_ptr<delivery::LoadBoard>& board() const { return board_; }

  /// Calls `begin_load` and `begin_table` where nobody has yet, one at a time; who has to begin something waits
  /// meanwhile. What does not answer `delivered` is asked again next time. Where one is stuck nothing begins beside it.
  HookAnswer introduce(const schema::Table* table, const std::function<HookAnswer()>& begin_load,
                       const std::function<HookAnswer()>& begin_table);

 private:
  bool has_begun(const schema::Table* table) const;

  const std::string load_id_;
  const delivery::SystemColumns system_columns_;
  const std::optional<schema::Schema> before_;  ///< of the load before
  const std::shared_ptr<delivery::LoadBoard> board_;
  std::mutex calling_;            ///< one hook at a time; of stuck_
  std::optional<Outcome> stuck_;  ///< what is said of the hook that is
  mutable std::mutex mutex_;      ///< of what follows
  bool has_begun_ = false;
  std::set<std::string> tables_;
  std::mutex described_mutex_;
  std::map<std::string, std::shared_ptr<const TableSchema>> described_;
};

class FunctionWriter final : public delivery::Writer {
 public:
  FunctionWriter(std::shared_ptr<CustomDestination> destination, std::shared_ptr<LoadIntroduction> load,
                 std::optional<std::chrono::nanoseconds> timeout, std::function<void(std::string_view line)> log,
                 std::shared_ptr<delivery::CallWatch> watch = nullptr);

  Outcome write(const delivery::Batch& batch) override;
  std::optional<Outcome> resolve(const delivery::Batch& batch) override;
  Outcome tell(const delivery::Event& event) override;
  ledger::StateChanges take_state_changes() override { return std::exchange(changes_, {}); }
  bool is_stuck() const override { return calls_.is_stuck() || load_is_stuck_; }

 private:
  using Hook = Outcome (CustomDestination::*)(const LoadEvent&);
  struct Desk;
  struct Call;
  std::shared_ptr<Call> make_call(const delivery::Batch& batch);
  struct Asked {
    std::function<Outcome()> call;
    std::string_view called;   ///< in reasons
    std::string_view awaited;  ///< of a batch
  };
  Outcome make(const std::shared_ptr<Call>& call, Asked asked, const delivery::Batch& batch);
  Outcome introduce(const schema::Table* table, const std::stop_token& stop);
  Outcome call_hook(Hook hook, std::string_view name, const schema::Table* table, const std::stop_token& stop,
                    std::optional<TableChanges> changes = {});
  /// A call that returned has left something there.
  void take_from(const Desk& desk);
  static void count(const Desk& desk);

  const std::shared_ptr<CustomDestination> destination_;
  const std::shared_ptr<LoadIntroduction> load_;
  const std::optional<std::chrono::nanoseconds> timeout_;
  const std::function<void(std::string_view)> log_;
  const std::shared_ptr<delivery::CallWatch> watch_;  ///< of the load; null: nobody watches
  GuardedCalls calls_;
  ledger::StateChanges changes_;  ///< of the call that was answered last
  bool load_is_stuck_ = false;    ///< in a hook, maybe of another writer
};

}  // namespace outfall::destinations::function
