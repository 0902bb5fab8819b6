// SPDX-License-Identifier: Apache-2.0
#include "base/program.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <thread>

#include "base/scratch_folder.h"

namespace outfall {
namespace {

using Answer = LiveProgram::Answer;

class Programs : public testing::Test {
 protected:
  ScratchFolder folder_;
  std::unique_ptr<ProgramGuard> guard_ =
      std::move(*ProgramGuard::make(folder_.path() + "/lock", std::chrono::seconds(10), {}));
};

TEST_F(Programs, AnAnswerThatCameInTimeCountsHoweverLongWeWereBusy) {
  const std::string said = folder_.path() + "/said";
  // More than is read at once.
  Result<LiveProgram> program =
      LiveProgram::start(*guard_, "read line; printf '%050000d\\n' 1; echo > " + said + "; read line");
  ASSERT_TRUE(program) << program.error().message;
  constexpr std::chrono::seconds timeout{1};
  const auto busy = [&] {
    while (::access(said.c_str(), F_OK) != 0) std::this_thread::yield();
    const auto deadline = std::chrono::steady_clock::now() + timeout;
    std::this_thread::sleep_until(deadline);
  };
  const Answer answer = program->ask("go\n", timeout, {}, busy);
  EXPECT_EQ(answer.kind, Answer::Kind::line);
  EXPECT_EQ(answer.line.size(), 50'000U);
}

TEST_F(Programs, AnAnswerThatDoesNotComeIsNotWaitedFor) {
  Result<LiveProgram> program = LiveProgram::start(*guard_, "read line; read line");
  ASSERT_TRUE(program) << program.error().message;
  EXPECT_EQ(program->ask("go\n", std::chrono::milliseconds(50), {}).kind, Answer::Kind::timed_out);
}

}  // namespace
}  // namespace outfall
