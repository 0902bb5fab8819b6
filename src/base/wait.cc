// SPDX-License-Identifier: Apache-2.0
//
// Waits on a condition that nothing but the stop token changes.
#include "base/wait.h"

#include <condition_variable>
#include <mutex>

namespace outfall {

bool wait_unless_stopped(std::chrono::nanoseconds time, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any woken;
  std::unique_lock lock(mutex);
  woken.wait_for(lock, stop, time, [] { return false; });
  return !stop.stop_requested();
}

}  // namespace outfall
