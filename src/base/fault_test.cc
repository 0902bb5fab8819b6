// SPDX-License-Identifier: Apache-2.0
//
// Fault points kill where they are told to, and only there.
#include "base/fault.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>

#include <set>
#include <string>

#include "base/scratch_folder.h"

namespace outfall {
namespace {

bool killed(int status) {
  return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

TEST(FaultPoints, AreListedOnceEachWithASentence) {
  std::set<std::string_view> names;
  int index = 0;
  for (const FaultInfo& point : fault_points()) {
    EXPECT_EQ(static_cast<int>(point.fault), index++);
    EXPECT_TRUE(names.insert(point.name).second) << point.name;
    EXPECT_GT(point.sentence.size(), 10u) << point.name;
  }
  EXPECT_TRUE(names.contains("in_seal"));
}

TEST(FaultPoints, KillAtTheirFirstCall) {
  EXPECT_TRUE(killed(run_forked([] {
    if (!arm_fault("in_seal")) return 1;
    fault_point(Fault::before_seal);
    fault_point(Fault::in_seal);
    return 0;
  })));
}

TEST(FaultPoints, KillAtTheNthCallOnly) {
  const auto call_in_load = [](int times) {
    return run_forked([times] {
      if (!arm_fault("in_load:3")) return 1;
      for (int i = 0; i < times; ++i) fault_point(Fault::in_load);
      return 0;
    });
  };
  EXPECT_EQ(call_in_load(2), 0);
  EXPECT_TRUE(killed(call_in_load(3)));
}

TEST(FaultPoints, DoNothingWhenDisarmed) {
  EXPECT_EQ(run_forked([] {
              if (!arm_fault("in_seal") || !arm_fault("")) return 1;
              fault_point(Fault::in_seal);
              return 0;
            }),
            0);
}

TEST(FaultPoints, ReadTheEnvironmentByThemselves) {
  EXPECT_TRUE(killed(run_forked([] {
    fault_detail::state = fault_detail::State::unread;
    setenv("OUTFALL_FAULT", "after_seal:2", 1);
    fault_point(Fault::after_seal);
    fault_point(Fault::after_seal);
    return 0;
  })));
}

TEST(FaultPoints, RefuseWhatTheyDoNotKnow) {
  for (const char* wrong : {"in_sael", "in_seal:", "in_seal:0", "in_seal:x", "in_seal:2x", ":1"}) {
    const Status armed = arm_fault(wrong);
    ASSERT_FALSE(armed) << wrong;
    EXPECT_EQ(armed.error().blame, Blame::usage);
    EXPECT_NE(armed.error().message.find("OUTFALL_FAULT"), std::string::npos);
  }
  EXPECT_EQ(run_forked([] {
              static_cast<void>(arm_fault("in_seal:x"));
              fault_point(Fault::in_seal);
              return 0;
            }),
            0);
}

}  // namespace
}  // namespace outfall
