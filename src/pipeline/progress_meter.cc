// SPDX-License-Identifier: Apache-2.0
#include "pipeline/progress_meter.h"

#include <utility>

namespace outfall::pipeline {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::nanoseconds tell_interval = 50ms;
constexpr std::chrono::nanoseconds record_interval = 500ms;
constexpr std::chrono::nanoseconds wait_interval = 900ms;  // those who tell of a wait do so each second

}  // namespace

void ProgressMeter::begin(Progress::Stage stage, std::string load_id, const Totals& totals) {
  end_step(false);
  steps_.push_back({.name = std::string(name(stage)),
                    .load_id = load_id,
                    .started_at = Time(std::chrono::microseconds(env_.now_us()))});
  step_began_ = env_.monotonic();
  {
    const std::lock_guard lock(mutex_);
    progress_ =
        Progress{.stage = stage, .rows_total = totals.rows, .bytes_total = totals.bytes, .load_id = std::move(load_id)};
    tell();
  }
  record();
}

void ProgressMeter::update(std::uint64_t rows, std::uint64_t bytes) {
  const std::chrono::nanoseconds now = env_.monotonic();
  {
    const std::lock_guard lock(mutex_);
    progress_.rows = rows;
    progress_.bytes = bytes;
    progress_.waiting.clear();
    if (now - told_at_ >= tell_interval) tell();
  }
  if (now - recorded_at_ >= record_interval) record();
}

void ProgressMeter::wait(const std::string& what) {
  const std::lock_guard lock(mutex_);
  if (env_.monotonic() - told_at_ < wait_interval) return;
  progress_.waiting = what;
  tell();
}

void ProgressMeter::end_stage() {
  end_step(true);
  {
    const std::lock_guard lock(mutex_);
    progress_.waiting.clear();
    tell();
  }
  record();
}

std::vector<StepReport> ProgressMeter::take_steps() {
  end_step(false);
  return std::exchange(steps_, {});
}

void ProgressMeter::end_step(bool is_finished) {
  if (!step_began_) return;
  StepReport& step = steps_.back();
  step.elapsed = env_.monotonic() - *step_began_;
  step.rows = progress_.rows;
  step.bytes = progress_.bytes;
  step.is_finished = is_finished;
  step_began_.reset();
}

void ProgressMeter::tell() {
  told_at_ = env_.monotonic();
  if (listener_) listener_(progress_);
}

void ProgressMeter::record() {
  recorded_at_ = env_.monotonic();
  if (ledger_ == nullptr) return;
  // Only for people who look from elsewhere: a failure here must not stop the load.
  (void)ledger_->write_progress({.run_id = run_id_,
                                 .stage = std::string(name(progress_.stage)),
                                 .rows = progress_.rows,
                                 .rows_total = progress_.rows_total.value_or(0),
                                 .bytes = progress_.bytes,
                                 .bytes_total = progress_.bytes_total.value_or(0),
                                 .updated_at = env_.now_us()});
}

}  // namespace outfall::pipeline
