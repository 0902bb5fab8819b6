// SPDX-License-Identifier: Apache-2.0
//
// ProgressMeter: passes on where a run stands, often enough to watch and seldom enough to cost nothing.
#pragma once

#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/env.h"
#include "ledger/ledger.h"
#include "outfall/pipeline.h"

namespace outfall::pipeline {

class ProgressMeter {
 public:
  ProgressMeter(Env& env, std::function<void(const Progress&)> listener, std::string run_id)
      : env_(env), listener_(std::move(listener)), run_id_(std::move(run_id)) {}

  const std::string& run_id() const { return run_id_; }
  /// What waits is told to nobody else.
  bool is_heard() const { return listener_ != nullptr; }

  /// Also shows progress to other processes, through the ledger.
  void attach(ledger::Ledger* ledger) { ledger_ = ledger; }

  /// What all of it will be, as far as that is known.
  struct Totals {
    std::optional<std::uint64_t> rows{};
    std::optional<std::uint64_t> bytes{};
  };
  void begin(Progress::Stage stage, std::string load_id, const Totals& totals);

  /// Rows go on. One call at a time, from the thread that has the ledger just then: with several workers now this one,
  /// now that one.
  void update(std::uint64_t rows, std::uint64_t bytes);
  /// They do not. Told, to this process alone, unless something else was a moment ago. Any thread may call.
  void wait(const std::string& what);
  void end_stage();

  /// What was begun so far, each with its time; one that was not ended until now.
  std::vector<StepReport> take_steps();

 private:
  void tell();
  void record();
  void end_step(bool is_finished);

  Env& env_;
  std::function<void(const Progress&)> listener_;
  std::string run_id_;
  ledger::Ledger* ledger_ = nullptr;
  std::mutex mutex_;  ///< of what the listener is told, and when
  Progress progress_;
  std::vector<StepReport> steps_;
  std::optional<std::chrono::nanoseconds> step_began_;  ///< of the last step, while it goes on
  std::chrono::nanoseconds told_at_{0};
  std::chrono::nanoseconds recorded_at_{0};
};

}  // namespace outfall::pipeline
