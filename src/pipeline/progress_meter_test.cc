// SPDX-License-Identifier: Apache-2.0
#include "pipeline/progress_meter.h"

#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>
#include <thread>

namespace outfall::pipeline {
namespace {

using namespace std::chrono_literals;

/// Rows go on in one thread, and another one tells of a wait.
TEST(ProgressMeters, TellOneThingAtATime) {
  FixedEnv env;
  std::atomic<int> inside = 0;
  std::atomic<bool> overlap = false;
  std::binary_semaphore entered{0};
  std::string waiting;
  ProgressMeter meter(
      env,
      [&](const Progress& progress) {
        overlap = overlap || inside.fetch_add(1) > 0;
        waiting = progress.waiting;
        if (progress.rows == 1 && waiting.empty()) {
          entered.release();
          std::this_thread::sleep_for(50ms);
        }
        --inside;
      },
      "run");
  meter.begin(Progress::Stage::load, "1.5", {.rows = 2});
  env.advance(1s);
  {
    const std::jthread goes_on([&] { meter.update(1, 0); });
    entered.acquire();
    env.advance(1s);
    meter.wait("2.0 s to send batch 1 of users again");
  }
  EXPECT_FALSE(overlap);
  EXPECT_EQ(waiting, "2.0 s to send batch 1 of users again");
}

}  // namespace
}  // namespace outfall::pipeline
