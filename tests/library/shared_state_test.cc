// SPDX-License-Identifier: Apache-2.0
//
// A program that shares state with others: what one has sealed another one delivers, from an empty disk.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "base/file.h"
#include "base/scratch_folder.h"
#include "outfall/dead_letter.h"
#include "outfall/package.h"
#include "outfall/pipeline.h"
#include "outfall/status.h"

namespace outfall {
namespace {

using testing::HasSubstr;
using testing::SizeIs;

class SharedStateTest : public testing::Test {
 protected:
  SharedStateTest() {
    EXPECT_TRUE(make_directories(folder_ / "shared"));
    std::ofstream(folder_ / "users.jsonl") << "{\"id\":1}\n{\"id\":2}\n";
  }

  PipelineOptions on(const std::string& disk) const {
    return {.name = "p",
            .destination = "duckdb:" + (folder_ / "t.duckdb"),
            .data_dir = folder_ / disk,
            .state = "dir:" + (folder_ / "shared")};
  }

  ScratchFolder folder_;
};

TEST_F(SharedStateTest, IsWhereAnotherRunnerGoesOn) {
  const Report sealed = Pipeline(on("a")).run({.inputs = {folder_ / "users.jsonl"}, .seal_only = true});
  EXPECT_EQ(sealed.ending, Ending::pending);
  ASSERT_TRUE(sealed.state);
  EXPECT_EQ(sealed.state->address, "dir:" + (folder_ / "shared"));
  EXPECT_TRUE(sealed.state->is_complete);
  EXPECT_GE(sealed.state->pushes, 2U);

  const std::string state = on("").state;
  const DataDirStatus seen = status({.data_dir = folder_ / "b", .state = state}).value();
  ASSERT_THAT(seen.pipelines, SizeIs(1));
  EXPECT_EQ(seen.pipelines[0].pending_documents, 2U);
  const std::string load_id = seen.pipelines[0].packages.at(0).load_id;
  EXPECT_EQ(find_package({.data_dir = folder_ / "c", .state = state, .load_id = load_id}).value().pipeline, "p");
  EXPECT_EQ(count_dead_letters({.data_dir = folder_ / "d", .state = state}).value(), 0U);
  EXPECT_EQ(run_status(folder_ / "e", sealed.run_id, state).value().ending, 4);

  const ResumeReport resumed = Pipeline(on("f")).resume();
  EXPECT_EQ(resumed.ending, Ending::delivered);
  ASSERT_THAT(resumed.pipelines, SizeIs(1));
  EXPECT_EQ(resumed.pipelines[0].balance.delivered, 2U);
  EXPECT_THAT(resumed.pipelines[0].state->guarantee, HasSubstr("exactly once"));
  EXPECT_EQ(parse_report(to_json(resumed.pipelines[0])).value().state->pushes, resumed.pipelines[0].state->pushes);
}

TEST_F(SharedStateTest, HoldsOneRunnerAtATime) {
  Report beside;
  RunOptions options{.inputs = {folder_ / "users.jsonl"}};
  options.ending = [&](Report&) { beside = Pipeline(on("b")).run({.inputs = {folder_ / "users.jsonl"}}); };
  EXPECT_EQ(Pipeline(on("a")).run(options).ending, Ending::delivered);
  EXPECT_EQ(beside.ending, Ending::busy);
  EXPECT_THAT(beside.error->message, HasSubstr("pipeline 'p' in the shared state"));
}

TEST_F(SharedStateTest, IsNotMadeWhereItIsMissing) {
  PipelineOptions nowhere = on("a");
  nowhere.state += "/nowhere";
  const Report report = Pipeline(nowhere).run({.inputs = {folder_ / "users.jsonl"}});
  EXPECT_EQ(report.ending, Ending::misuse);
  EXPECT_THAT(report.error->hint, HasSubstr("mount it"));
}

}  // namespace
}  // namespace outfall
