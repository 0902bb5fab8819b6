// SPDX-License-Identifier: Apache-2.0
//
// Where state is looked for, and what counts as debris.
#include "ledger/data_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/fault.h"
#include "base/scratch_folder.h"

namespace outfall::ledger {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(DataDir, StrongestAnswerWins) {
  const ScratchFolder folder;
  ASSERT_TRUE(make_directories(folder / "work/.outfall"));
  ASSERT_TRUE(make_directories(folder / "work/a/b"));
  DataDirSearch search{.asked = "/asked/./dir",
                       .outfall_data_dir = "/from/environment/",
                       .working_directory = folder / "work/a/b",
                       .xdg_state_home = "/xdg",
                       .home = "/home/me"};
  EXPECT_EQ(resolve_data_dir(search).value(), "/asked/dir");
  search.asked.clear();
  EXPECT_EQ(resolve_data_dir(search).value(), "/from/environment");
  search.outfall_data_dir.reset();
  EXPECT_EQ(resolve_data_dir(search).value(), folder / "work/.outfall");
  search.working_directory = "/proc/self";
  EXPECT_EQ(resolve_data_dir(search).value(), "/xdg/outfall");
  search.xdg_state_home = "relative";
  EXPECT_EQ(resolve_data_dir(search).value(), "/home/me/.local/state/outfall");
}

TEST(DataDir, NearestFolderWinsAndFilesDoNotCount) {
  const ScratchFolder folder;
  ASSERT_TRUE(make_directories(folder / "a/.outfall"));
  ASSERT_TRUE(make_directories(folder / "a/b/c"));
  ASSERT_TRUE(File::open(folder / "a/b/.outfall", OpenMode::create_new));
  DataDirSearch search;
  search.working_directory = folder / "a/b/c";
  EXPECT_EQ(resolve_data_dir(search).value(), folder / "a/.outfall");
  ASSERT_TRUE(make_directories(folder / "a/b/c/.outfall"));
  EXPECT_EQ(resolve_data_dir(search).value(), folder / "a/b/c/.outfall");
}

TEST(DataDir, NowhereIsAUsageError) {
  DataDirSearch search;
  search.working_directory = "/proc/self";
  const Result<std::string> nowhere = resolve_data_dir(search);
  ASSERT_FALSE(nowhere);
  EXPECT_THAT(nowhere.error().message, HasSubstr("HOME is not set"));
  EXPECT_THAT(nowhere.error().hint, HasSubstr("--data-dir"));
  EXPECT_EQ(nowhere.error().blame, Blame::usage);
}

TEST(DataDir, AsksTheProcess) {
  EXPECT_EQ(run_forked([] {
              setenv("OUTFALL_DATA_DIR", "", 1);
              setenv("XDG_STATE_HOME", "/x", 1);
              unsetenv("HOME");
              if (chdir("/proc/self") != 0) return 1;
              const Result<DataDirSearch> search = DataDirSearch::from_process("");
              if (!search || search->home || search->outfall_data_dir) return 2;
              return resolve_data_dir(*search).value() == "/x/outfall" ? 0 : 3;
            }),
            0);
}

TEST(PipelinePaths, StandUnderTheDataDirectory) {
  const PipelinePaths paths = pipeline_paths("/data", "my.pipe line").value();
  EXPECT_EQ(paths.folder, "/data/pipelines/my.pipe line");
  EXPECT_EQ(paths.database, "/data/pipelines/my.pipe line/outfall.db");
  EXPECT_EQ(paths.package("1.5"), "/data/pipelines/my.pipe line/packages/1.5");
}

TEST(PipelinePaths, RefuseNamesThatAreNoFolders) {
  for (const std::string& name : {std::string(), std::string("."), std::string(".."), std::string("a/b"),
                                  std::string("a\0b", 3), std::string("a\nb"), std::string(201, 'x')}) {
    const Result<PipelinePaths> paths = pipeline_paths("/data", name);
    ASSERT_FALSE(paths) << name;
    EXPECT_EQ(paths.error().blame, Blame::usage);
  }
  EXPECT_TRUE(pipeline_paths("/data", std::string(200, 'x')));
}

TEST(Pipelines, AreListedWhenTheyHaveALedger) {
  const ScratchFolder folder;
  EXPECT_THAT(list_pipelines(folder / "missing").value(), IsEmpty());
  for (const char* name : {"b", "a", "without"}) {
    const PipelinePaths paths = pipeline_paths(folder.path(), name).value();
    ASSERT_TRUE(make_pipeline_folders(paths));
    if (std::string_view(name) != "without") {
      ASSERT_TRUE(File::open(paths.database, OpenMode::create_new));
    }
  }
  EXPECT_THAT(list_pipelines(folder.path()).value(), ElementsAre("a", "b"));
}

class Debris : public testing::Test {
 protected:
  Debris() {
    for (const char* load_id : {"1.0", "2.0", "3.0"}) {
      EXPECT_TRUE(make_directories(paths_.package(load_id)));
      EXPECT_TRUE(File::open(paths_.package(load_id) + "/events.1.arrow", OpenMode::create_new));
    }
  }

  ScratchFolder folder_;
  PipelinePaths paths_ = pipeline_paths(folder_.path(), "p").value();
};

TEST_F(Debris, IsEverythingThatTheLedgerDoesNotName) {
  ASSERT_TRUE(File::open(paths_.packages + "/stray", OpenMode::create_new));
  const std::vector<std::string> kept{"2.0"};
  EXPECT_THAT(remove_debris(paths_, kept).value(), ElementsAre("1.0", "3.0", "stray"));
  EXPECT_TRUE(file_exists(paths_.package("2.0") + "/events.1.arrow").value());
  EXPECT_FALSE(file_exists(paths_.package("1.0")).value());
  EXPECT_THAT(remove_debris(paths_, kept).value(), IsEmpty());
}

TEST_F(Debris, OfAMissingFolderIsNone) {
  EXPECT_THAT(remove_debris(pipeline_paths(folder_.path(), "q").value(), {}).value(), IsEmpty());
}

TEST_F(Debris, PackageFilesGoOnRequest) {
  EXPECT_TRUE(remove_package_files(paths_, "1.0"));
  EXPECT_FALSE(file_exists(paths_.package("1.0")).value());
  EXPECT_TRUE(file_exists(paths_.package("2.0")).value());
  const int status = run_forked([&] {
    if (!arm_fault("before_files_removed")) return 1;
    static_cast<void>(remove_package_files(paths_, "2.0"));
    return 0;
  });
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_TRUE(file_exists(paths_.package("2.0")).value());
}

}  // namespace
}  // namespace outfall::ledger
