// SPDX-License-Identifier: Apache-2.0
//
// Packages of functions that do not get through: what a program without the function may do about them.
#include <gmock/gmock.h>

#include "custom_loading.h"
#include "outfall/package.h"

namespace outfall::library {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Delivers the first batch, and gives up what is behind it until it is mended.
struct Account {
  std::vector<std::int64_t>& taken;
  std::vector<std::string>& aborted;
  bool is_closed = true;

  Outcome operator()(const Rows& rows, const TableSchema&) {
    if (is_closed && ids(rows).front() >= 10) return Outcome::fatal("closed");
    for (const std::int64_t id : ids(rows)) taken.push_back(id);
    return Outcome::delivered();
  }
  Outcome abort_load(const LoadEvent& event) {
    aborted.emplace_back(event.load_id);
    return Outcome::delivered();
  }
};

/// A pipeline of 25 rows, of which 15 wait for a person.
class CustomPackages : public CustomLoading {
 protected:
  void SetUp() override {
    const Report report = run_to(account(true), numbered(25));
    ASSERT_EQ(report.ending, Ending::pending) << message_of(report);
    ASSERT_EQ(report.balance.pending, 15U);
    ASSERT_EQ(report.pending_packages.size(), 1U);
    id_ = report.pending_packages.front().load_id;
  }

  std::shared_ptr<CustomDestination> account(bool is_closed, const std::string& name = "sink") {
    return std::make_shared<detail::CallableDestination<Account>>(
        CustomOptions{.name = name, .batches = {.batch_size = 10}}, Account{taken_, aborted_, is_closed});
  }

  ChangeOptions change(std::shared_ptr<CustomDestination> to = nullptr) const {
    return {.package = {.data_dir = folder_ / "state", .load_id = id_}, .custom_destination = std::move(to)};
  }

  PackageDetail detail() const {
    const Result<PackageDetail> found = find_package({.data_dir = folder_ / "state", .load_id = id_});
    EXPECT_TRUE(found) << found.error().message;
    return *found;
  }

  std::string id_;
  std::vector<std::int64_t> taken_;
  std::vector<std::string> aborted_;
};

TEST_F(CustomPackages, AreTriedAgainWithoutTheFunction) {
  const Result<ChangedPackage> changed = retry_package({.change = change()});
  ASSERT_TRUE(changed) << changed.error().message;
  EXPECT_EQ(changed->rows, 15U);
  EXPECT_EQ(pipeline(account(false)).resume().ending, Ending::delivered);
  EXPECT_EQ(taken_, counted_from(0, 25));
}

TEST_F(CustomPackages, AreSkippedWithoutTheFunction) {
  const Result<ChangedPackage> changed = skip_package({.change = change()});
  ASSERT_TRUE(changed) << changed.error().message;
  EXPECT_EQ(changed->dead_letters, 15U);
  EXPECT_EQ(letters().size(), 15U);
  EXPECT_EQ(detail().dead_letters, 15U);
  EXPECT_EQ(pipeline(account(true)).resume().ending, Ending::delivered);
  EXPECT_EQ(detail().package.state, PackageState::loaded);
  EXPECT_EQ(taken_, counted_from(0, 10));
}

TEST_F(CustomPackages, AreAbortedByTheProgramThatHasTheFunction) {
  for (const auto& another : {account(true, "another"), std::shared_ptr<CustomDestination>()}) {
    const Result<ChangedPackage> asked = abort_package(change(another));
    ASSERT_TRUE(asked) << asked.error().message;
    EXPECT_EQ(asked->package.package.state, PackageState::aborting);
    EXPECT_THAT(asked->notes, ElementsAre(HasSubstr("custom:sink is a function of another program, which aborts")));
  }
  const Result<ChangedPackage> late = retry_package({.change = change()});
  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().message, HasSubstr("was aborted"));
  EXPECT_TRUE(aborted_.empty());
  (void)pipeline(account(false)).resume();
  EXPECT_THAT(aborted_, ElementsAre(id_));
  EXPECT_EQ(detail().package.state, PackageState::aborted);
  EXPECT_EQ(taken_, counted_from(0, 10));
}

TEST_F(CustomPackages, AreAbortedAtOnceWithTheFunction) {
  const Result<ChangedPackage> changed = abort_package(change(account(true)));
  ASSERT_TRUE(changed) << changed.error().message;
  EXPECT_EQ(changed->documents, 15U);
  EXPECT_EQ(changed->package.package.state, PackageState::aborted);
  EXPECT_THAT(aborted_, ElementsAre(id_));
}

TEST_F(CustomPackages, AreDroppedWithoutTheFunction) {
  const Result<ChangedPackage> changed = drop_package(change());
  ASSERT_TRUE(changed) << changed.error().message;
  EXPECT_EQ(changed->documents, 15U);
  EXPECT_FALSE(find_package({.data_dir = folder_ / "state", .load_id = id_}));
}

TEST_F(CustomPackages, AreDroppedWhereTheProgramThatWasToAbortThemIsGone) {
  ASSERT_TRUE(abort_package(change()));
  const Result<ChangedPackage> of_program = drop_package(change(account(true)));
  ASSERT_FALSE(of_program);
  EXPECT_THAT(of_program.error().message, HasSubstr("was aborted"));
  const Result<ChangedPackage> changed = drop_package(change());
  ASSERT_TRUE(changed) << changed.error().message;
  EXPECT_FALSE(find_package({.data_dir = folder_ / "state", .load_id = id_}));
}

TEST_F(CustomPackages, AreLeftAloneByAResumeOfAllThatHasNotTheFunction) {
  for (const auto& another : {account(true, "another"), std::shared_ptr<CustomDestination>()}) {
    PipelineOptions options{.data_dir = folder_ / "state"};
    options.custom_destination = another;
    const ResumeReport all = Pipeline(options).resume();
    EXPECT_EQ(all.ending, Ending::pending);
    EXPECT_FALSE(all.error);
    EXPECT_TRUE(all.pipelines.empty());
    EXPECT_THAT(all.notes, ElementsAre(HasSubstr("p (custom:sink)")));
  }
  EXPECT_EQ(Pipeline({.name = "p", .data_dir = folder_ / "state"}).resume().ending, Ending::misuse);
}

}  // namespace
}  // namespace outfall::library
