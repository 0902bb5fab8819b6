// SPDX-License-Identifier: Apache-2.0
#include "delivery/call_watch.h"

#include <gmock/gmock.h>

#include <atomic>
#include <semaphore>

namespace outfall::delivery {
namespace {

using testing::Each;
using testing::StartsWith;

constexpr CallWatch::Pace quick{.first = std::chrono::milliseconds(1), .every = std::chrono::milliseconds(1)};

class CallWatches : public testing::Test {
 protected:
  CallWatch::Tell tell_ = [this](const std::string& what) {
    {
      const std::lock_guard lock(mutex_);
      told_.push_back(what);
    }
    times_.release();
  };
  std::mutex mutex_;
  std::vector<std::string> told_;
  std::counting_semaphore<> times_{0};
};

TEST_F(CallWatches, ACallThatLastsIsToldOverAndOver) {
  CallWatch watch(tell_, quick);
  const CallWatch::Call call(&watch, [] { return "the answer to begin_load"; });
  for (int i = 0; i < 3; ++i) times_.acquire();
  const std::lock_guard lock(mutex_);
  EXPECT_THAT(told_, Each(StartsWith("for the answer to begin_load, ")));
}

TEST_F(CallWatches, TheOldestIsTold) {
  CallWatch watch(tell_, quick);
  {
    const CallWatch::Call first(&watch, [] { return "the first"; });
    const CallWatch::Call second(&watch, [] { return "the second"; });
    for (int i = 0; i < 3; ++i) times_.acquire();
    const std::lock_guard lock(mutex_);
    EXPECT_THAT(told_, Each(StartsWith("for the first, ")));
  }
  // What was told of those may still be on its way.
  const CallWatch::Call third(&watch, [] { return "the third"; });
  for (int i = 0; i < 1000; ++i) {
    times_.acquire();
    const std::lock_guard lock(mutex_);
    if (told_.back().starts_with("for the third, ")) return;
  }
  FAIL() << "nobody was told of the third";
}

TEST_F(CallWatches, NobodyIsToldOfAShortOne) {
  std::atomic<int> asked = 0;
  {
    CallWatch watch([&](const std::string&) { ++asked; }, {.first = std::chrono::hours(1), .every = quick.every});
    const CallWatch::Call call(&watch, [] { return "the answer"; });
    // Another watch of the same pace has told of its own call often by now.
    CallWatch clock(tell_, quick);
    const CallWatch::Call longer(&clock, [] { return "the other answer"; });
    for (int i = 0; i < 20; ++i) times_.acquire();
  }
  EXPECT_EQ(asked, 0);
}

TEST_F(CallWatches, NobodyNeedsToWatch) {
  std::atomic<int> asked = 0;
  const auto ask = [&asked] {
    ++asked;
    return "the answer";
  };
  {
    const CallWatch::Call unwatched(nullptr, ask);
    CallWatch deaf(nullptr, quick);
    const CallWatch::Call call(&deaf, ask);
    // Whoever listened to that would have been told often by now.
    CallWatch clock(tell_, quick);
    const CallWatch::Call other(&clock, [] { return "the other answer"; });
    for (int i = 0; i < 20; ++i) times_.acquire();
  }
  EXPECT_EQ(asked, 0);
}

}  // namespace
}  // namespace outfall::delivery
