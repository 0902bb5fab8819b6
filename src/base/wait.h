// SPDX-License-Identifier: Apache-2.0
//
// A wait that ends early when somebody asks to stop.
#pragma once

#include <chrono>
#include <functional>
#include <stop_token>

#include "outfall/types.h"

namespace outfall {

/// How a caller waits for what another process holds.
struct LockWait {
  std::chrono::milliseconds longest{0};  ///< 0: not at all
  std::stop_token stop{};                ///< ends the wait
  std::function<void(const LockWaiting&)> begins{};
};

/// True: the time has passed. False: asked to stop, before or meanwhile.
bool wait_unless_stopped(std::chrono::nanoseconds time, const std::stop_token& stop);

}  // namespace outfall
