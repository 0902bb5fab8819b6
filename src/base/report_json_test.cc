// SPDX-License-Identifier: Apache-2.0
//
// The words of reports, which state stores and scripts keep.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>

#include "outfall/pipeline.h"
#include "outfall/report.h"

namespace outfall {
namespace {

using testing::HasSubstr;

TEST(ReportWords, AreThoseOfThePages) {
  const std::map<Progress::Stage, std::string> stages{
      {Progress::Stage::extract, "extract"}, {Progress::Stage::seal, "seal"}, {Progress::Stage::load, "load"}};
  for (const auto& [stage, word] : stages) EXPECT_EQ(name(stage), word);
  const std::map<Ending, std::string> endings{{Ending::delivered, "delivered"},     {Ending::failed, "failed"},
                                              {Ending::misuse, "misuse"},           {Ending::rejected, "rejected"},
                                              {Ending::pending, "pending"},         {Ending::busy, "busy"},
                                              {Ending::interrupted, "interrupted"}, {Ending::terminated, "terminated"}};
  for (const auto& [ending, word] : endings) EXPECT_EQ(name(ending), word);
  const std::map<InputFate, std::string> fates{{InputFate::loaded, "loaded"},
                                               {InputFate::finished, "finished"},
                                               {InputFate::pending, "pending"},
                                               {InputFate::changed, "changed"},
                                               {InputFate::skipped, "skipped"}};
  for (const auto& [fate, word] : fates) EXPECT_EQ(name(fate), word);
}

TEST(ReportJson, SaysWhatIsPendingAndHowItIsDelivered) {
  Report report;
  report.pipeline = "shop";
  report.error = Error{.message = "load package 1.5: the disk is full", .hint = ""};
  EXPECT_THAT(to_json(report), HasSubstr(R"("hint":"")"));
  report.balance.pending = 1;
  report.pending_packages.push_back({.load_id = "1.5", .resumed = true, .rows = 2});
  EXPECT_THAT(to_json(report), HasSubstr(R"("hint":"outfall resume shop delivers what is pending")"));
  EXPECT_THAT(to_json(report), HasSubstr(R"("pending_packages":[{"load_id":"1.5","resumed":true,"rows":2}])"));
}

}  // namespace
}  // namespace outfall
