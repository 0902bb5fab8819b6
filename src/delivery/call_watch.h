// SPDX-License-Identifier: Apache-2.0
//
// CallWatch: says of calls to a destination that last what is waited for. One thread for all of a run, which is started
// with the first call and ends with the object.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace outfall::delivery {

class CallWatch {
 public:
  /// Told what a long wait is for: "for the answer to begin_load, 65 s so far". From another thread.
  using Tell = std::function<void(const std::string& what)>;

  struct Pace {
    std::chrono::nanoseconds first = std::chrono::seconds(5);  ///< nobody is told of a shorter call
    std::chrono::nanoseconds every = std::chrono::seconds(1);
  };

  /// Null: nobody wants to know.
  explicit CallWatch(Tell tell) : CallWatch(std::move(tell), Pace()) {}
  CallWatch(Tell tell, Pace pace) : tell_(std::move(tell)), pace_(pace) {}
  CallWatch(const CallWatch&) = delete;
  CallWatch& operator=(const CallWatch&) = delete;

  /// A call that is out while the object lives. Any thread may have one.
  class Call {
   public:
    /// `awaited` says what for, "the answer to begin_load"; asked from another thread. `watch` outlives the object;
    /// null: nobody watches.
    Call(CallWatch* watch, std::function<std::string()> awaited);
    ~Call();
    Call(const Call&) = delete;
    Call& operator=(const Call&) = delete;

   private:
    friend class CallWatch;

    CallWatch* const watch_;
    const std::function<std::string()> awaited_;
    const std::chrono::steady_clock::time_point began_;
  };

 private:
  void begin(Call& call);
  void end(Call& call);
  void watch(const std::stop_token& over);
  std::string lasting();

  const Tell tell_;
  const Pace pace_;
  std::mutex mutex_;
  std::condition_variable_any over_;
  std::vector<Call*> calls_;
  std::jthread thread_;
};

}  // namespace outfall::delivery
