// SPDX-License-Identifier: Apache-2.0
//
// Attempts, questions and waits, against a destination that takes packages as a whole and answers as it is told.
#include "delivery/deliver.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <functional>

namespace outfall::delivery {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

struct Answer {
  std::optional<Error> error;
  bool arrives = true;  ///< whether the rows are there afterwards, whatever the answer
};

class FakeDestination final : public Destination {
 public:
  const std::string& address() const override { return address_; }
  DeliveryMode mode() const override { return DeliveryMode::transactional; }
  const Capabilities& own_capabilities() const override { return capabilities_; }
  Status check_dataset(const std::string&) const override { return {}; }
  Status open() override { return {}; }
  Result<std::optional<sql::StoredDataset>> inspect(const DatasetKey&) override { return std::nullopt; }
  Result<std::vector<std::string>> stored_schemas(const std::string&, Inspection) override { return fail("not here"); }
  Result<std::vector<schema::ColumnThere>> columns(const std::string&, Inspection) override { return fail("not here"); }
  Result<std::uint64_t> count_rows(const std::string&, const std::string&) override { return 0; }
  Result<bool> has_load(const std::string&, const std::string&) override {
    if (loads > 0 && when_asked_again) return when_asked_again();
    return there;
  }
  Result<std::vector<std::string>> recorded_loads(const std::string&, std::string_view, Inspection) override {
    return fail("not here");
  }
  Result<LoadSummary> load(const LoadRequest& request) override {
    ++loads;
    checks.push_back(request.check);
    Answer answer = answers.empty() ? Answer{} : answers.front();
    if (!answers.empty()) answers.pop_front();
    if (answer.arrives) there = true;
    if (answer.error) return fail(*answer.error);
    return LoadSummary{.rows = 7};
  }
  Result<std::unique_ptr<sql::TextCursor>> query(const QueryRequest&) override { return fail("not here"); }
  Status query_rows(const QueryRequest&, ArrowArrayStream*) override { return fail("not here"); }

  std::deque<Answer> answers;
  std::function<Result<bool>()> when_asked_again;  ///< instead of `there`, once something was loaded
  bool there = false;
  int loads = 0;
  std::vector<package::JobCheck> checks;

 private:
  std::string address_ = "fake:";
  Capabilities capabilities_;
};

Error error(Remedy remedy) {
  return {.message = "connection lost", .hint = "", .remedy = remedy};
}

class Deliver : public testing::Test {
 protected:
  Deliver() {
    package.load_id = "1700000000.5";
    package.dataset = "d";
    package.jobs = {{.table = "t", .file = "t.1", .rows = 3}, {.table = "t", .file = "t.2", .rows = 4}};
  }
  Result<LoadSummary> run() {
    destination.set_retry(policy);
    DeliverOptions options{.wait = {}, .env = env, .attempt_failed = {}};
    options.wait = [this](std::unique_lock<std::mutex>& lock, std::condition_variable&, std::chrono::nanoseconds wait) {
      lock.unlock();
      waits.push_back(wait);
      if (during_waits) during_waits();
      env.advance(std::chrono::ceil<std::chrono::microseconds>(wait));
      lock.lock();
    };
    options.attempt_failed = [this](const Error&) { ++failures; };
    return deliver(destination,
                   {.package = package,
                    .schema = schema,
                    .folder = "",
                    .check = package::JobCheck::size,
                    .progress = {},
                    .stop = stop.get_token()},
                   options);
  }

  FakeDestination destination;
  ledger::PackageRecord package;
  schema::Schema schema = schema::Schema::make("s", NamingConvention::snake_case);
  FixedEnv env;
  RetryPolicy policy;
  std::stop_source stop;
  std::vector<std::chrono::nanoseconds> waits;
  std::function<void()> during_waits;
  int failures = 0;
};

TEST_F(Deliver, LoadsOnce) {
  auto done = run();
  ASSERT_TRUE(done);
  EXPECT_EQ(done->rows, 7u);
  EXPECT_FALSE(done->found_loaded);
  EXPECT_EQ(destination.loads, 1);
}

TEST_F(Deliver, LoadsNothingThatIsThereAlready) {
  destination.there = true;
  auto done = run();
  ASSERT_TRUE(done);
  EXPECT_TRUE(done->found_loaded);
  EXPECT_EQ(done->rows, 7u);
  EXPECT_EQ(destination.loads, 0);
}

TEST_F(Deliver, AsksWhenTheAnswerToCommitWasLost) {
  destination.answers = {{.error = error(Remedy::resolve), .arrives = true}};
  auto done = run();
  ASSERT_TRUE(done);
  EXPECT_TRUE(done->found_loaded);
  EXPECT_EQ(destination.loads, 1);
}

TEST_F(Deliver, TriesAgainWhenNothingHadArrived) {
  destination.answers = {{.error = error(Remedy::resolve), .arrives = false}};
  ASSERT_TRUE(run());
  EXPECT_EQ(destination.loads, 2);
  EXPECT_EQ(failures, 1);
}

TEST_F(Deliver, ChecksEveryByteWhenItReadsThemAgain) {
  destination.answers = {{.error = error(Remedy::retry), .arrives = false}};
  ASSERT_TRUE(run());
  EXPECT_THAT(destination.checks, testing::ElementsAre(package::JobCheck::size, package::JobCheck::bytes));
}

TEST_F(Deliver, DoesNotBelieveASuccessThatLeftNothing) {
  destination.answers = {{.error = std::nullopt, .arrives = false}};
  ASSERT_TRUE(run());
  EXPECT_EQ(destination.loads, 2);
}

TEST_F(Deliver, GivesUpAtOnceWhereTryingCannotHelp) {
  destination.answers = {{.error = error(Remedy::abandon), .arrives = false}};
  auto done = run();
  ASSERT_FALSE(done);
  EXPECT_EQ(destination.loads, 1);
  EXPECT_EQ(failures, 1);
  EXPECT_THAT(waits, SizeIs(0));
}

TEST_F(Deliver, GivesUpAfterTheLastAttempt) {
  for (int i = 0; i < 10; ++i) destination.answers.push_back({.error = error(Remedy::retry), .arrives = false});
  auto done = run();
  ASSERT_FALSE(done);
  EXPECT_EQ(destination.loads, 5);
  EXPECT_THAT(done.error().message, HasSubstr("failed 5 times"));
  ASSERT_THAT(waits, SizeIs(4));
  for (std::size_t i = 0; i < waits.size(); ++i) EXPECT_LE(waits[i], policy.wait_first * (1 << i));
}

TEST_F(Deliver, GivesUpWhenItTookTooLong) {
  policy.elapsed_max = std::chrono::milliseconds(0);
  destination.answers = {{.error = error(Remedy::retry), .arrives = false}};
  EXPECT_FALSE(run());
  EXPECT_EQ(destination.loads, 1);
}

TEST_F(Deliver, StopsWhenAsked) {
  stop.request_stop();
  auto done = run();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().blame, Blame::interrupted);
  EXPECT_THAT(done.error().message, HasSubstr("before the destination was asked"));
  EXPECT_EQ(destination.loads, 0);
}

TEST_F(Deliver, StoppedBetweenTwoAttemptsKnowsThatNothingIsThere) {
  destination.answers = {{.error = error(Remedy::retry), .arrives = false}};
  during_waits = [this] { stop.request_stop(); };
  auto done = run();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().blame, Blame::interrupted);
  EXPECT_THAT(done.error().message, HasSubstr("nothing of it is at the destination"));
}

TEST_F(Deliver, StoppedBehindALostAnswerDoesNotSayThatNothingIsThere) {
  destination.answers = {{.error = error(Remedy::resolve), .arrives = true}};
  destination.when_asked_again = [this]() -> Result<bool> {
    stop.request_stop();
    return fail("cancelled");
  };
  auto done = run();
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().blame, Blame::interrupted);
  EXPECT_THAT(done.error().message, Not(HasSubstr("nothing")));
  EXPECT_THAT(done.error().message, HasSubstr("not known"));
}

TEST_F(Deliver, StoppedInTheWaitBehindALostAnswerDoesNotKnowEither) {
  destination.answers = {{.error = error(Remedy::resolve), .arrives = false}};
  destination.when_asked_again = []() -> Result<bool> { return fail(error(Remedy::retry)); };
  during_waits = [this] { stop.request_stop(); };
  auto done = run();
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("not known"));
}

TEST_F(Deliver, StoppedInTheWaitBehindALostAnswerKnowsWhatItWasToldSince) {
  destination.answers = {{.error = error(Remedy::resolve), .arrives = false}};
  during_waits = [this] { stop.request_stop(); };
  auto done = run();
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("nothing of it is at the destination"));
}

TEST(Retry, WaitsNeverExceedTheirLimit) {
  FixedEnv env;
  Retry retry({.attempts_max = 100}, env);
  for (int i = 0; i < 98; ++i) {
    auto wait = retry.next_wait();
    ASSERT_TRUE(wait);
    EXPECT_GE(wait->count(), 0);
    EXPECT_LE(*wait, std::chrono::seconds(30));
  }
}

}  // namespace
}  // namespace outfall::delivery
