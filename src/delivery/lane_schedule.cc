// SPDX-License-Identifier: Apache-2.0
#include "delivery/lane_schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <system_error>
#include <thread>
#include <utility>

namespace outfall::delivery {
namespace {

/// Nobody is told of a shorter wait.
constexpr std::chrono::seconds long_wait{2};
constexpr std::chrono::nanoseconds tell_interval = std::chrono::seconds(1);

}  // namespace

Wait real_wait() {
  return [](std::unique_lock<std::mutex>& lock, std::condition_variable& changed, std::chrono::nanoseconds time) {
    changed.wait_for(lock, time);
  };
}

LaneSchedule::LaneSchedule(const std::vector<Lane*>& lanes, ScheduleOptions options, std::stop_token stop, Env& env)
    : options_(std::move(options)), stop_(std::move(stop)), env_(env) {
  slots_.reserve(lanes.size());
  for (Lane* lane : lanes) {
    slots_.push_back({.lane = lane});
    if (lane->standing() == Step::done) slots_.back().state = Slot::State::done;
    if (lane->standing() == Step::stopped) slots_.back().state = Slot::State::stopped;
  }
}

Status LaneSchedule::run(std::unique_ptr<Writer>& writer) {
  const auto open =
      static_cast<std::size_t>(std::ranges::count_if(slots_, [](const Slot& slot) { return !slot.is_over(); }));
  if (open == 0) return {};
  const std::size_t workers = options_.parallelism == Parallelism::sequential
                                  ? 1
                                  : std::min(static_cast<std::size_t>(std::max(options_.workers, 1)), open);
  {
    const std::stop_callback wake(stop_, [this] {
      const std::lock_guard lock(mutex_);
      changed_.notify_all();
    });
    std::vector<std::jthread> helpers;
    for (std::size_t i = 1; i < workers; ++i) {
      try {
        helpers.emplace_back([this] {
          std::unique_ptr<Writer> own;
          work(own);
        });
      } catch (const std::system_error&) {
        break;  // no more threads are to be had: those that there are do it all
      }
    }
    work(writer);
  }
  return broken_ ? Status(fail(*broken_)) : Status();
}

void LaneSchedule::work(std::unique_ptr<Writer>& writer) {
  while (Slot* slot = take()) {
    Turn turn;
    while (turn.step == Step::ready && !stop_.stop_requested()) {
      Result<Turn> next = slot->lane->advance(writer);
      if (!next) return break_off(std::move(next.error()));
      turn = *next;
    }
    if (Status paused = slot->lane->pause(); !paused) return break_off(std::move(paused.error()));
    give_back(*slot, turn);
  }
}

/// The next lane that can be worked on. Null: there is none any more.
LaneSchedule::Slot* LaneSchedule::take() {
  std::unique_lock lock(mutex_);
  std::optional<std::chrono::nanoseconds> told_at;
  while (true) {
    if (broken_ || stop_.stop_requested()) return nullptr;
    const std::chrono::nanoseconds now = env_.monotonic();
    const Slot* nearest = nullptr;  // of those that wait
    bool are_all_over = true;
    for (Slot& slot : slots_) {
      if (slot.state == Slot::State::waiting && slot.due <= now) slot.state = Slot::State::ready;
      if (slot.state == Slot::State::waiting && (nearest == nullptr || slot.due < nearest->due)) nearest = &slot;
      if (slot.state == Slot::State::ready && may_begin(slot)) {
        slot.state = Slot::State::running;
        return &slot;
      }
      are_all_over = are_all_over && slot.is_over();
    }
    if (are_all_over) return nullptr;
    if (tells(nearest) && (!told_at || now - *told_at >= tell_interval)) {
      told_at = now;
      const std::string what = fmt::format("{:.1f} s {}", std::chrono::duration<double>(nearest->due - now).count(),
                                           nearest->lane->awaited());
      lock.unlock();  // whoever is told may stop the run
      options_.waiting(what);
      lock.lock();
    } else if (nearest != nullptr) {
      const std::chrono::nanoseconds left = nearest->due - now;
      options_.wait(lock, changed_, tells(nearest) ? std::min(left, tell_interval) : left);
    } else {
      changed_.wait(lock);
    }
  }
}

/// Whether those that go before it have come to their ends. Behind one that was stopped, those of its table stop.
bool LaneSchedule::may_begin(Slot& slot) {
  if (options_.parallelism == Parallelism::parallel) return true;
  for (const Slot& before : slots_) {
    if (&before == &slot) break;
    if (before.state == Slot::State::done) continue;
    const bool is_of_table = before.lane->table() == slot.lane->table();
    if (before.state == Slot::State::stopped && is_of_table) slot.state = Slot::State::stopped;
    if (before.state == Slot::State::stopped && !is_of_table) continue;
    if (is_of_table || options_.parallelism == Parallelism::sequential) return false;
  }
  return true;
}

void LaneSchedule::give_back(Slot& slot, const Turn& turn) {
  const std::lock_guard lock(mutex_);
  switch (turn.step) {
    case Step::ready:  // the stop was requested
      slot.state = Slot::State::ready;
      break;
    case Step::waiting:
      slot.state = Slot::State::waiting;
      slot.due = env_.monotonic() + turn.wait;
      slot.is_long = turn.wait >= long_wait;
      break;
    case Step::done:
      slot.state = Slot::State::done;
      break;
    case Step::stopped:
      slot.state = Slot::State::stopped;
      break;
  }
  changed_.notify_all();
}

void LaneSchedule::break_off(Error error) {
  const std::lock_guard lock(mutex_);
  if (!broken_) broken_ = std::move(error);
  changed_.notify_all();
}

}  // namespace outfall::delivery
