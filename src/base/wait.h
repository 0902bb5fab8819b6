// SPDX-License-Identifier: Apache-2.0
//
// A wait that ends early when somebody asks to stop.
#pragma once

#include <chrono>
#include <stop_token>

namespace outfall {

/// True: the time has passed. False: asked to stop, before or meanwhile.
bool wait_unless_stopped(std::chrono::nanoseconds time, const std::stop_token& stop);

}  // namespace outfall
