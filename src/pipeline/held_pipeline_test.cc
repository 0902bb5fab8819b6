// SPDX-License-Identifier: Apache-2.0
//
// Who has the lock of a pipeline keeps a run out, and who looks at its shared state does not.
#include "pipeline/held_pipeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "ledger/ledger_testing.h"
#include "shared_state/memory_store_for_tests.h"

namespace outfall::pipeline {
namespace {

/// Somebody's locks, until the time was asked for more often than one who is refused at once asks.
class LettingGo final : public Env {
 public:
  std::int64_t now_us() override { return env_.now_us(); }
  std::chrono::nanoseconds monotonic() override {
    if (++asked_ > 3) locks.clear();
    return env_.monotonic();
  }
  void random(std::span<std::byte> bytes) override { env_.random(bytes); }

  std::vector<ledger::PipelineLock> locks;

 private:
  FixedEnv env_;
  int asked_ = 0;
};

class HeldPipelineTest : public ledger::LedgerTest {
 protected:
  HeldPipelineTest() { EXPECT_TRUE(ledger::make_pipeline_folders(paths_)); }

  ledger::PipelineLock lock(const std::string& path) {
    return ledger::PipelineLock::take(env_, {.path = path, .pipeline = "p"}).value();
  }

  HoldRequest request() {
    return {.key = "p",
            .data_dir = folder_ / "state",
            .binding = {.name = "p", .destination = "null:", .dataset = "d"},
            .run_id = "r1",
            .command = "run",
            .shared = {.store = store_}};
  }

  const std::shared_ptr<shared_state::MemoryStore> store_ = std::make_shared<shared_state::MemoryStore>();
  const ledger::PipelinePaths paths_ = ledger::pipeline_paths(folder_ / "state", "p").value();
};

TEST_F(HeldPipelineTest, ALookIsWaitedForWhileItPutsWhatItFetchedInItsPlace) {
  LettingGo env;
  env.locks.push_back(lock(paths_.looks));
  env.locks.push_back(lock(paths_.lock));
  const Result<HeldPipeline> held = hold(request(), env);
  EXPECT_TRUE(held) << held.error().message;
}

TEST_F(HeldPipelineTest, ARunIsNot) {
  const ledger::PipelineLock run = lock(paths_.lock);
  const Result<HeldPipeline> held = hold(request(), env_);
  ASSERT_FALSE(held);
  EXPECT_EQ(held.error().blame, Blame::busy);
}

}  // namespace
}  // namespace outfall::pipeline
