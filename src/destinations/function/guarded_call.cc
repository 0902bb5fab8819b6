// SPDX-License-Identifier: Apache-2.0
#include "destinations/function/guarded_call.h"

#include <fmt/format.h>

#include <condition_variable>
#include <exception>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace outfall::destinations::function {
namespace {

Outcome call_and_catch(const std::function<Outcome()>& call, std::string_view what) {
  try {
    return call();
  } catch (const std::exception& thrown) {
    return Outcome::unknown(fmt::format("{} threw: {}", what, thrown.what()));
  } catch (...) {
    return Outcome::unknown(fmt::format("{} threw something that is no std::exception", what));
  }
}

}  // namespace

struct GuardedCalls::Shared {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::function<Outcome()> call;  ///< to be made
  std::optional<Outcome> answer;
  bool is_over = false;  ///< nobody asks any more

  void serve() {
    std::unique_lock lock(mutex);
    while (true) {
      changed.wait(lock, [this] { return call || is_over; });
      if (!call) return;
      std::function<Outcome()> taken = std::exchange(call, nullptr);
      lock.unlock();
      Outcome outcome = taken();
      taken = nullptr;  // what it owns goes before anybody is told
      lock.lock();
      if (is_over) return;
      answer = std::move(outcome);
      changed.notify_all();
    }
  }
};

GuardedCalls::~GuardedCalls() {
  if (thread_ == nullptr) return;
  const std::lock_guard lock(thread_->mutex);
  thread_->is_over = true;
  thread_->changed.notify_all();
}

Outcome GuardedCalls::call(std::function<Outcome()> call, std::string_view what, const std::stop_token& stop) {
  if (!timeout_) return call_and_catch(call, what);
  std::optional<Outcome> outcome =
      call_in_time([call = std::move(call), what = std::string(what)] { return call_and_catch(call, what); }, stop);
  if (outcome) return std::move(*outcome);
  is_stuck_ = true;
  if (stop.stop_requested())
    return Outcome::unknown(fmt::format("{} had not returned when the run was stopped, and was left alone", what));
  const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(*timeout_);
  return Outcome::unknown(
      fmt::format("{} has not returned within {} ms and was left alone", what, milliseconds.count()));
}

/// Nothing: it has not returned in time.
std::optional<Outcome> GuardedCalls::call_in_time(std::function<Outcome()> call, const std::stop_token& stop) {
  if (thread_ == nullptr) {
    thread_ = std::make_shared<Shared>();
    try {
      std::thread([shared = thread_] { shared->serve(); }).detach();
    } catch (const std::system_error& problem) {
      thread_ = nullptr;
      return Outcome::retry(fmt::format("no thread can be started: {}", problem.what()));
    }
  }
  std::unique_lock lock(thread_->mutex);
  thread_->call = std::move(call);
  thread_->changed.notify_all();
  const bool has_answered =
      thread_->changed.wait_for(lock, stop, *timeout_, [this] { return thread_->answer.has_value(); });
  if (has_answered) return std::exchange(thread_->answer, std::nullopt);
  thread_->is_over = true;
  lock.unlock();
  thread_ = nullptr;
  return std::nullopt;
}

}  // namespace outfall::destinations::function
