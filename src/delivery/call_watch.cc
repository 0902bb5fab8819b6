// SPDX-License-Identifier: Apache-2.0
#include "delivery/call_watch.h"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

namespace outfall::delivery {

CallWatch::Call::Call(CallWatch* watch, std::function<std::string()> awaited)
    : watch_(watch == nullptr || !watch->tell_ ? nullptr : watch),
      awaited_(std::move(awaited)),
      began_(watch_ == nullptr ? std::chrono::steady_clock::time_point() : std::chrono::steady_clock::now()) {
  if (watch_ != nullptr) watch_->begin(*this);
}

CallWatch::Call::~Call() {
  if (watch_ != nullptr) watch_->end(*this);
}

void CallWatch::begin(Call& call) {
  const std::lock_guard lock(mutex_);
  calls_.push_back(&call);
  if (thread_.joinable()) return;
  try {
    thread_ = std::jthread([this](const std::stop_token& over) { watch(over); });
  } catch (const std::system_error&) {
    return;  // no more threads are to be had: nobody is told, unless there is one for the next call
  }
}

void CallWatch::end(Call& call) {
  const std::lock_guard lock(mutex_);
  *std::ranges::find(calls_, &call) = calls_.back();
  calls_.pop_back();
}

void CallWatch::watch(const std::stop_token& over) {
  const std::chrono::nanoseconds tick = std::min<std::chrono::nanoseconds>(pace_.every, std::chrono::seconds(1));
  auto due = std::chrono::steady_clock::now();
  std::unique_lock lock(mutex_);
  while (!over.stop_requested()) {
    over_.wait_for(lock, over, tick, [] { return false; });
    const auto now = std::chrono::steady_clock::now();
    const std::string what = over.stop_requested() || now < due ? "" : lasting();
    if (what.empty()) continue;
    due = now + pace_.every - tick / 2;  // the tick that comes next to it
    lock.unlock();                       // whoever is told may stop the run
    tell_(what);
    lock.lock();
  }
}

/// What has lasted longest. Empty: nothing lasts.
std::string CallWatch::lasting() {
  const auto oldest = std::ranges::min_element(calls_, {}, &Call::began_);
  if (oldest == calls_.end()) return "";
  const auto so_far = std::chrono::steady_clock::now() - (*oldest)->began_;
  if (so_far < pace_.first) return "";
  return fmt::format("for {}, {} s so far", (*oldest)->awaited_(),
                     std::chrono::floor<std::chrono::seconds>(so_far).count());
}

}  // namespace outfall::delivery
