// SPDX-License-Identifier: Apache-2.0
//
// What every store promises, and what a folder does beside that.
#include "shared_state/object_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <memory>
#include <thread>

#include "base/env.h"
#include "base/scratch_folder.h"
#include "shared_state/directory_store.h"
#include "shared_state/memory_store_for_tests.h"

namespace outfall::shared_state {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

std::unique_ptr<ObjectStore> open_directory(const ScratchFolder& folder) {
  return DirectoryStore::open(folder.path(), Env::system()).value();
}

std::unique_ptr<ObjectStore> open_memory(const ScratchFolder&) {
  return std::make_unique<MemoryStore>();
}

class EveryStore : public testing::TestWithParam<std::unique_ptr<ObjectStore> (*)(const ScratchFolder&)> {
 protected:
  std::string file(const std::string& text) const {
    std::ofstream(files_ / "file") << text;
    return files_ / "file";
  }

  ScratchFolder folder_;
  ScratchFolder files_;
  std::unique_ptr<ObjectStore> store_ = GetParam()(folder_);
};

TEST_P(EveryStore, KeepsTheFirstObjectOfAName) {
  EXPECT_TRUE(store_->put_if_absent({"p", "a"}, "first").value());
  EXPECT_FALSE(store_->put_if_absent({"p", "a"}, "second").value());
  EXPECT_FALSE(store_->put_file_if_absent({"p", "a"}, file("third")).value());
  EXPECT_EQ(store_->read({"p", "a"}).value(), "first");
}

TEST_P(EveryStore, GivesFilesBackAsTheyWere) {
  const std::string text = std::string(3'000'000, 'x') + "end";
  EXPECT_TRUE(store_->put_file_if_absent({"p", "big"}, file(text)).value());
  EXPECT_TRUE(store_->read_file({"p", "big"}, files_ / "back").value());
  EXPECT_TRUE(store_->read_file({"p", "big"}, files_ / "back").value()) << "in the place of what is there";
  EXPECT_EQ(read_file(files_ / "back").value(), text);
  EXPECT_FALSE(store_->read_file({"p", "other"}, files_ / "back").value());
}

TEST_P(EveryStore, ListsWhatIsThere) {
  EXPECT_THAT(store_->list("p").value(), IsEmpty());
  EXPECT_THAT(store_->folders().value(), IsEmpty());
  for (const char* name : {"a", "b"}) EXPECT_TRUE(store_->put_if_absent({"p", name}, name).value());
  EXPECT_TRUE(store_->put_if_absent({"q", "c"}, "").value());
  EXPECT_THAT(store_->list("p").value(), UnorderedElementsAre("a", "b"));
  EXPECT_THAT(store_->folders().value(), UnorderedElementsAre("p", "q"));
  EXPECT_TRUE(store_->remove({"p", "a"}));
  EXPECT_TRUE(store_->remove({"p", "a"})) << "it is gone already";
  EXPECT_THAT(store_->list("p").value(), UnorderedElementsAre("b"));
  EXPECT_EQ(store_->read({"p", "a"}).value(), std::nullopt);
}

TEST_P(EveryStore, LetsOneOfManyWin) {
  constexpr int runners = 8;
  constexpr int rounds = 50;
  std::atomic<int> wins = 0;
  std::vector<std::jthread> threads;
  for (int runner = 0; runner < runners; ++runner) {
    threads.emplace_back([&] {
      for (int round = 0; round < rounds; ++round) {
        wins += store_->put_if_absent({"p", std::to_string(round)}, "mine").value() ? 1 : 0;
      }
    });
  }
  threads.clear();
  EXPECT_EQ(wins, rounds);
}

INSTANTIATE_TEST_SUITE_P(Stores, EveryStore, testing::Values(open_directory, open_memory));

TEST(DirectoryStore, IsNotMade) {
  const ScratchFolder folder;
  const auto store = DirectoryStore::open(folder / "nowhere", Env::system());
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error().blame, Blame::usage);
  EXPECT_THAT(store.error().message, HasSubstr("No such file"));
  EXPECT_THAT(store.error().hint, HasSubstr("mount it"));
  std::ofstream(folder / "file") << "x";
  EXPECT_THAT(DirectoryStore::open(folder / "file", Env::system()).error().message, HasSubstr("no folder"));
}

TEST(DirectoryStore, SaysWhatMayNotBeWritten) {
  const ScratchFolder folder;
  EXPECT_EQ(chmod(folder.path().c_str(), 0555), 0);
  const int status = run_forked([&] {
    if (!become_unprivileged()) return 1;
    const Result<bool> put = open_directory(folder)->put_if_absent({"p", "a"}, "x");
    return !put && put.error().message.ends_with("Permission denied") && !put.error().hint.empty() ? 0 : 2;
  });
  EXPECT_EQ(status, 0);
}

TEST(DirectoryStore, ShowsNoObjectThatIsNotWhole) {
  const ScratchFolder folder;
  const auto store = open_directory(folder);
  EXPECT_TRUE(store->put_if_absent({"p", "a"}, "x").value());
  std::ofstream(folder / "p/.unfinished/left") << "half";
  EXPECT_THAT(store->list("p").value(), UnorderedElementsAre("a"));
  EXPECT_TRUE(store->remove_unfinished("p"));
  EXPECT_FALSE(file_exists(folder / "p/.unfinished/left").value());
  EXPECT_TRUE(store->put_if_absent({"p", "b"}, "x").value());
}

TEST(DirectoryStore, LeavesNothingBehindWhatItPut) {
  const ScratchFolder folder;
  const auto store = open_directory(folder);
  EXPECT_TRUE(store->put_if_absent({"p", "a"}, "x").value());
  EXPECT_FALSE(store->put_if_absent({"p", "a"}, "y").value());
  EXPECT_THAT(list_directory(folder / "p/.unfinished").value(), IsEmpty());
}

}  // namespace
}  // namespace outfall::shared_state
