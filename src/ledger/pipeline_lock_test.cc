// SPDX-License-Identifier: Apache-2.0
//
// One holder at a time, over processes and inside one, until it dies.
#include "ledger/pipeline_lock.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <optional>
#include <thread>

#include "base/process.h"
#include "base/scratch_folder.h"

namespace outfall::ledger {
namespace {

using testing::HasSubstr;

class PipelineLockTest : public testing::Test {
 protected:
  LockRequest request(std::chrono::milliseconds wait = {}, std::stop_token stop = {}) const {
    return {.path = path_, .pipeline = "github", .wait = {.longest = wait, .stop = std::move(stop)}};
  }

  /// A child that holds the lock until it is killed.
  pid_t start_holder() {
    int ready[2];
    EXPECT_EQ(pipe(ready), 0);
    const pid_t child = fork();
    if (child == 0) {
      const Result<PipelineLock> lock = PipelineLock::take(Env::system(), request());
      const char answer = lock ? 'y' : 'n';
      static_cast<void>(!write(ready[1], &answer, 1));
      while (true) pause();
    }
    char answer = 0;
    EXPECT_EQ(read(ready[0], &answer, 1), 1);
    EXPECT_EQ(answer, 'y');
    ::close(ready[0]);
    ::close(ready[1]);
    return child;
  }

  static void end_holder(pid_t child) {
    kill(child, SIGKILL);
    waitpid(child, nullptr, 0);
  }

  ScratchFolder folder_;
  std::string path_ = folder_ / "lock";
};

TEST_F(PipelineLockTest, AnotherProcessIsNamedAndItsDeathFrees) {
  const pid_t child = start_holder();
  const Result<PipelineLock> refused = PipelineLock::take(Env::system(), request());
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().blame, Blame::busy);
  EXPECT_EQ(refused.error().remedy, Remedy::retry);
  EXPECT_THAT(refused.error().message, HasSubstr("pipeline 'github' is held by process " + std::to_string(child) +
                                                 " on " + this_process().host));
  EXPECT_THAT(refused.error().hint, HasSubstr("--lock-wait"));
  const std::optional<LockHolder> holder = PipelineLock::holder(path_).value();
  ASSERT_TRUE(holder);
  EXPECT_EQ(holder->pid, child);
  EXPECT_EQ(holder->boot_id, this_process().boot_id);
  EXPECT_GT(holder->started_at, 0);

  end_holder(child);
  EXPECT_FALSE(PipelineLock::holder(path_).value()) << "the text is stale, the kernel knows";
  EXPECT_TRUE(PipelineLock::take(Env::system(), request()));
}

TEST_F(PipelineLockTest, TwoObjectsOfOneProcessExcludeEachOther) {
  {
    const Result<PipelineLock> first = PipelineLock::take(Env::system(), request());
    ASSERT_TRUE(first);
    EXPECT_FALSE(PipelineLock::take(Env::system(), request())) << "equal pids decide nothing";
    EXPECT_TRUE(PipelineLock::holder(path_).value()) << "looking does not release it";
    EXPECT_FALSE(PipelineLock::take(Env::system(), request()));
  }
  EXPECT_TRUE(PipelineLock::take(Env::system(), request()));
}

/// Lets go of a lock when it is asked for the time again, after a first try.
class LettingGo final : public Env {
 public:
  explicit LettingGo(std::optional<PipelineLock>& held) : held_(held) {}
  std::int64_t now_us() override { return 0; }
  std::chrono::nanoseconds monotonic() override {
    if (++asked_ > 3) held_.reset();
    return {};
  }
  void random(std::span<std::byte>) override {}

 private:
  std::optional<PipelineLock>& held_;
  int asked_ = 0;
};

TEST_F(PipelineLockTest, WaitsForAHolderThatIsDying) {
  // It has ended, and its parent has not looked yet: the process is there, without memory.
  const pid_t child = fork();
  if (child == 0) _exit(0);
  siginfo_t ended{};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT), 0);
  EXPECT_TRUE(is_ending(child));
  EXPECT_FALSE(is_ending(getpid()));
  std::optional<PipelineLock> held = std::move(*PipelineLock::take(Env::system(), request()));
  const ProcessIdentity process = this_process();
  std::ofstream(path_) << fmt::format("host {}\nboot {}\npid {}\n", process.host, process.boot_id, child);
  LettingGo env(held);
  EXPECT_TRUE(PipelineLock::take(env, request())) << "without being asked to wait";

  held = std::move(*PipelineLock::take(Env::system(), request()));
  std::ofstream(path_) << fmt::format("host {}\nboot another\npid {}\n", process.host, child);
  LettingGo other(held);
  EXPECT_FALSE(PipelineLock::take(other, request())) << "its number means another process here";
  waitpid(child, nullptr, 0);
}

TEST_F(PipelineLockTest, WaitsForTheHolderToEnd) {
  const pid_t child = start_holder();
  std::jthread ending([child] { end_holder(child); });
  EXPECT_TRUE(PipelineLock::take(Env::system(), request(std::chrono::minutes(1))));
}

TEST_F(PipelineLockTest, WaitHasAnEnd) {
  const Result<PipelineLock> holder = PipelineLock::take(Env::system(), request());
  const Result<PipelineLock> late = PipelineLock::take(Env::system(), request(std::chrono::milliseconds(1)));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().blame, Blame::busy);
}

TEST_F(PipelineLockTest, StopEndsTheWait) {
  const Result<PipelineLock> holder = PipelineLock::take(Env::system(), request());
  std::stop_source source;
  std::jthread stopping([&source] { source.request_stop(); });
  const Result<PipelineLock> stopped =
      PipelineLock::take(Env::system(), request(std::chrono::minutes(1), source.get_token()));
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().blame, Blame::interrupted);
}

TEST_F(PipelineLockTest, ToldOnceForWhatItWaits) {
  const Result<PipelineLock> holder = PipelineLock::take(Env::system(), request());
  std::vector<std::string> told;
  LockRequest waiting = request(std::chrono::milliseconds(300));
  waiting.wait.begins = [&told](const LockWaiting& for_what) { told.push_back(for_what.sentence); };
  EXPECT_FALSE(PipelineLock::take(Env::system(), waiting));
  EXPECT_THAT(told, testing::ElementsAre(HasSubstr("pipeline 'github' is held by process")));
}

TEST_F(PipelineLockTest, ShorterTextReplacesALongerOne) {
  Result<File> file = File::open(path_, OpenMode::create_new);
  ASSERT_TRUE(file->write("host " + std::string(300, 'h') + "\npid 1\npid 2 and more that is not ours"));
  const Result<PipelineLock> lock = PipelineLock::take(Env::system(), request());
  EXPECT_EQ(PipelineLock::holder(path_).value()->host, this_process().host);
  EXPECT_THAT(read_file(path_).value(), testing::Not(HasSubstr("hhhh")));
}

TEST_F(PipelineLockTest, RemovedFileIsNotALock) {
  Result<PipelineLock> first = PipelineLock::take(Env::system(), request());
  ASSERT_TRUE(remove_file(path_));
  EXPECT_FALSE(PipelineLock::holder(path_).value());
  EXPECT_TRUE(PipelineLock::take(Env::system(), request())) << "a new file is a new lock";
}

TEST_F(PipelineLockTest, MissingFolderIsAnError) {
  const Result<PipelineLock> lock = PipelineLock::take(Env::system(), {.path = "/no/such/lock", .pipeline = "p"});
  ASSERT_FALSE(lock);
  EXPECT_THAT(lock.error().message, HasSubstr("take the pipeline's lock: cannot create /no/such/lock"));
}

}  // namespace
}  // namespace outfall::ledger
