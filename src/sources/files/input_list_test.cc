// SPDX-License-Identifier: Apache-2.0
#include "sources/files/input_list.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "base/scratch_folder.h"

namespace outfall::sources {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class InputListTest : public testing::Test {
 protected:
  void make(const std::string& name, std::string_view text = "{}\n") {
    std::filesystem::create_directories(std::filesystem::path(folder_ / name).parent_path());
    std::ofstream(folder_ / name) << text;
  }

  /// "path -> table" with paths below the folder.
  std::vector<std::string> list(std::vector<std::string> named, std::string_view table = "") {
    for (std::string& name : named) name = folder_ / name;
    const Result<std::vector<Input>> inputs = list_inputs(named, table);
    if (!inputs) return {"error: " + inputs.error().message};
    std::vector<std::string> listed;
    for (const Input& input : *inputs)
      listed.push_back(input.path.substr(folder_.path().size() + 1) + " -> " + input.table);
    return listed;
  }

  Error refused(const std::vector<std::string>& named, std::string_view table = "") {
    const Result<std::vector<Input>> inputs = list_inputs(named, table);
    EXPECT_FALSE(inputs);
    return inputs ? Error{} : inputs.error();
  }

  ScratchFolder folder_;
};

TEST_F(InputListTest, NamedFilesGoToTheTablesOfTheirStemsInOrder) {
  make("b.jsonl");
  make("a.json.gz");
  make("other/b.ndjson");
  EXPECT_THAT(list({"b.jsonl", "a.json.gz", "other/b.ndjson"}),
              ElementsAre("b.jsonl -> b", "a.json.gz -> a", "other/b.ndjson -> b"));
  EXPECT_THAT(list({"b.jsonl", "a.json.gz"}, "t"), ElementsAre("b.jsonl -> t", "a.json.gz -> t"));
}

TEST_F(InputListTest, AFolderIsOneTableSortedWithoutDotFiles) {
  for (const char* name : {"d/b.jsonl", "d/a.jsonl", "d/sub/c.jsonl", "d/.hidden", "d/.git/x", "d/a-1.jsonl",
                           "d/d.duckdb", "d/d.duckdb.wal"})
    make(name);
  EXPECT_THAT(list({"d"}), ElementsAre("d/a-1.jsonl -> d", "d/a.jsonl -> d", "d/b.jsonl -> d", "d/sub/c.jsonl -> d"));
  EXPECT_THAT(list({"d/sub/.."}, "t").size(), 4u);
}

TEST_F(InputListTest, DatabasesAndWhatBelongsToThemAreLeftOut) {
  const std::string_view database("12345678DUCK\x40\0\0\0\0\0\0\0", 20);
  make("d/o.db", database);
  make("d/o.duckdb", database);
  for (const char* name : {"d/a.jsonl", "d/o.db.wal", "d/o.db.torn-17", "d/o.db.tmp/x.jsonl", "d/o.duckdb.wal.torn-17",
                           "d/o.duckdb.outfall-new", "d/o.duckdb.tmp/x.jsonl", "d/gone.duckdb.wal"})
    make(name);
  // These belong to no database, whatever they are called.
  for (const char* name : {"d/e.duckdb/b.jsonl", "d/other.wal", "d/other.tmp/c.jsonl"}) make(name);
  const std::vector<std::string> below{"d/a.jsonl -> d", "d/e.duckdb/b.jsonl -> d", "d/other.tmp/c.jsonl -> d",
                                       "d/other.wal -> d"};
  EXPECT_EQ(list({"d"}), below);
  EXPECT_EQ(list({"d/**"}), below);
  EXPECT_THAT(list({"d/*"}), ElementsAre("d/a.jsonl -> d", "d/other.wal -> d"));
  std::filesystem::create_directory_symlink("e.duckdb", folder_ / "d/link.duckdb");
  EXPECT_THAT(list({"d/l*/*"}), ElementsAre("d/link.duckdb/b.jsonl -> d")) << "a link to a folder is no database";
  std::filesystem::remove(folder_ / "d/link.duckdb");
  EXPECT_THAT(list({"d/*/*"}), ElementsAre("d/e.duckdb/b.jsonl -> d", "d/other.tmp/c.jsonl -> d"));
  EXPECT_THAT(list({"d/o.db"}), ElementsAre("d/o.db -> o.db"));
}

TEST_F(InputListTest, AGlobIsOneTableNamedAfterItsFolder) {
  for (const char* name : {"d/b.jsonl", "d/a.jsonl", "d/n.txt", "d/.h.jsonl", "d/sub/c.jsonl", "d/sub/deep/e.jsonl"})
    make(name);
  EXPECT_THAT(list({"d/*.jsonl"}), ElementsAre("d/a.jsonl -> d", "d/b.jsonl -> d"));
  EXPECT_THAT(list({"d/[b-z]*"}), ElementsAre("d/b.jsonl -> d", "d/n.txt -> d"));
  EXPECT_THAT(list({"d/s?b/*.jsonl"}), ElementsAre("d/sub/c.jsonl -> d"));
  EXPECT_THAT(list({"d/**/*.jsonl"}),
              ElementsAre("d/a.jsonl -> d", "d/b.jsonl -> d", "d/sub/c.jsonl -> d", "d/sub/deep/e.jsonl -> d"));
  EXPECT_THAT(list({"d/sub/**"}), ElementsAre("d/sub/c.jsonl -> sub", "d/sub/deep/e.jsonl -> sub"));
  EXPECT_THAT(list({"d/*.jsonl"}, "t"), ElementsAre("d/a.jsonl -> t", "d/b.jsonl -> t"));
}

TEST_F(InputListTest, TheFilesOfAFolderMayBeTablesOfTheirOwn) {
  for (const char* name : {"d/a.jsonl", "d/b.csv.gz", "d/sub/a.json"}) make(name);
  const std::vector<std::string> named{folder_ / "d"};
  const Result<std::vector<Input>> inputs = list_inputs(named, "", FolderTables::per_file);
  ASSERT_TRUE(inputs);
  std::vector<std::string> tables;
  for (const Input& input : *inputs) tables.push_back(input.table + " of " + input.group);
  EXPECT_THAT(tables, ElementsAre("a of d", "b of d", "a of d"));
}

TEST_F(InputListTest, MarksWhatTellsOfTheLoadsOfADataset) {
  for (const char* name :
       {"d/_dlt_loads/1.jsonl", "d/_dlt_version.jsonl.gz", "d/_dlt_loads_of_mine.jsonl", "d/a.jsonl"})
    make(name);
  const auto left_out = [this](const std::string& name, std::string_view table) {
    const std::vector<std::string> named{folder_ / name, folder_ / "d/a.jsonl"};
    const Result<std::vector<Input>> inputs = list_inputs(name == "d" ? std::span(named).first(1) : named, table);
    std::vector<std::string> marked;
    for (const Input& input : *inputs) {
      if (!input.left_out_as.empty()) marked.push_back(input.left_out_as);
    }
    return marked;
  };
  EXPECT_THAT(left_out("d", ""), ElementsAre("_dlt_loads/1.jsonl", "_dlt_version.jsonl.gz"));
  EXPECT_THAT(left_out("d", "t"), ElementsAre("_dlt_loads/1.jsonl", "_dlt_version.jsonl.gz"));
  EXPECT_THAT(left_out("d/_dlt_version.jsonl.gz", ""), ElementsAre("_dlt_version.jsonl.gz"));
  EXPECT_THAT(left_out("d/_dlt_version.jsonl.gz", "t"), IsEmpty());
  EXPECT_THAT(refused({folder_ / "d/_dlt_version.jsonl.gz"}).hint, HasSubstr("--table"));
}

TEST_F(InputListTest, AFileThatLooksLikeAPatternIsThatFile) {
  make("d/x[1].jsonl");
  make("d/x1.jsonl");
  EXPECT_THAT(list({"d/x[1].jsonl"}), ElementsAre("d/x[1].jsonl -> x[1]"));
}

TEST_F(InputListTest, LinksToFilesCountLinksToFoldersDoNotLoop) {
  make("d/a.jsonl");
  std::filesystem::create_symlink("a.jsonl", folder_ / "d/link.jsonl");
  std::filesystem::create_symlink("nowhere", folder_ / "d/broken.jsonl");
  std::filesystem::create_directory_symlink(".", folder_ / "d/loop");
  EXPECT_THAT(list({"d"}), ElementsAre("d/a.jsonl -> d", "d/link.jsonl -> d"));
  EXPECT_THAT(list({"d/**/*.jsonl"}), ElementsAre("d/a.jsonl -> d", "d/link.jsonl -> d"));
}

TEST_F(InputListTest, AFolderWithoutFilesKeepsItsTable) {
  std::filesystem::create_directory(folder_ / "d");
  for (const FolderTables tables : {FolderTables::one, FolderTables::per_file}) {
    const std::vector<std::string> named{folder_ / "d"};
    const Result<std::vector<Input>> inputs = list_inputs(named, "", tables);
    ASSERT_TRUE(inputs);
    ASSERT_EQ(inputs->size(), 1u);
    EXPECT_EQ(inputs->front().table, "d");
    EXPECT_EQ(inputs->front().presence, normalize::Presence::no_files);
  }
}

TEST_F(InputListTest, WhatIsNotThereIsTheUsersToMend) {
  for (const char* name : {"/missing.jsonl", "/*.jsonl", "/missing/*.jsonl"}) {
    const Error error = refused({folder_.path() + name});
    EXPECT_EQ(error.blame, Blame::usage) << name;
    EXPECT_THAT(error.message, HasSubstr(name));
  }
  EXPECT_EQ(refused({folder_ / "missing.jsonl"}).hint, "");
  EXPECT_EQ(refused({folder_ / "d/missing.jsonl"}).hint, "there is no folder " + folder_ / "d");
  make("orders.json");
  EXPECT_EQ(refused({folder_ / "order.jsonl"}).hint, "did you mean " + folder_ / "orders.json" + "?");
}

TEST_F(InputListTest, TheSameFileTwiceIsRefused) {
  make("d/a.jsonl");
  EXPECT_THAT(refused({folder_ / "d", folder_ / "d/../d/a.jsonl"}).message, HasSubstr("is named twice"));
}

TEST_F(InputListTest, KnowsSizeAndAge) {
  make("a.jsonl", "12345");
  const std::vector<std::string> named{folder_ / "a.jsonl"};
  const Result<std::vector<Input>> inputs = list_inputs(named, "");
  ASSERT_TRUE(inputs);
  EXPECT_EQ(inputs->front().size, 5u);
  EXPECT_EQ(inputs->front().mtime_ns, stat_file(named[0])->mtime_ns);
}

TEST_F(InputListTest, StandardInputNeedsATable) {
  EXPECT_THAT(refused({"-"}).hint, HasSubstr("--table"));
  EXPECT_EQ(refused({"-"}).blame, Blame::usage);
}

TEST_F(InputListTest, StandardInputThatIsATerminalIsRefusedNotWaitedFor) {
  const int terminal = posix_openpt(O_RDWR | O_NOCTTY);
  ASSERT_GE(terminal, 0);
  ASSERT_EQ(grantpt(terminal), 0);
  ASSERT_EQ(unlockpt(terminal), 0);
  const int client = open(ptsname(terminal), O_RDWR | O_NOCTTY);
  ASSERT_GE(client, 0);
  const int kept = dup(STDIN_FILENO);
  dup2(client, STDIN_FILENO);
  const Error error = refused({"-"}, "events");
  dup2(kept, STDIN_FILENO);
  for (const int descriptor : {kept, client, terminal}) close(descriptor);
  EXPECT_THAT(error.message, HasSubstr("is a terminal"));
  EXPECT_EQ(error.blame, Blame::usage);
}

}  // namespace
}  // namespace outfall::sources
