// SPDX-License-Identifier: Apache-2.0
//
// A load in two steps, and where it may be said where it goes.
#include <gmock/gmock.h>

#include <filesystem>

#include "loading.h"

namespace outfall::library {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

class Stages : public Loading {
 protected:
  Report seal(std::vector<std::string> given, PipelineOptions options) {
    return Pipeline(std::move(options))
        .run({.from_memory = {{.table = "t", .documents = documents(std::move(given))}}, .seal_only = true});
  }
};

TEST_F(Stages, WhatIsSealedIsLoadedLater) {
  for (const char* document : {R"({"id": 1})", R"({"id": 2, "more": true})"}) {
    const Report sealed = seal({document}, to_database());
    EXPECT_EQ(sealed.ending, Ending::pending) << message_of(sealed);
    EXPECT_FALSE(sealed.error);
    EXPECT_EQ(sealed.inputs.at(0).fate, InputFate::pending);
    EXPECT_EQ(sealed.balance.delivered, 0u);
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "db.duckdb"));
  const ResumeReport loaded = Pipeline(to_database()).resume();
  EXPECT_EQ(loaded.ending, Ending::delivered);
  ASSERT_EQ(loaded.pipelines.size(), 1u);
  EXPECT_EQ(loaded.pipelines[0].balance.delivered, 2u);
  EXPECT_THAT(look("select id || ' ' || coalesce(more, false) from t order by id"), ElementsAre("1 false", "2 true"));
}

TEST_F(Stages, ALaterRunLoadsWhatWaits) {
  (void)seal({R"({"id": 1})"}, to_database());
  const Report run = Pipeline(to_database())
                         .run({.from_memory = {{.table = "t", .documents = documents(std::vector{R"({"id": 2})"})}}});
  EXPECT_EQ(run.ending, Ending::delivered) << message_of(run);
  EXPECT_EQ(run.balance.delivered, 2u);
  EXPECT_THAT(look("select id from t"), ElementsAre("1", "2"));
}

TEST_F(Stages, NoMoreIsSealedThanMayWait) {
  (void)seal({R"({"id": 1})"}, to_database());
  const Report refused = Pipeline(to_database())
                             .run({.from_memory = {{.table = "t", .documents = documents(std::vector{R"({"id": 2})"})}},
                                   .seal_only = true,
                                   .max_pending_packages = 1});
  EXPECT_EQ(refused.ending, Ending::pending);
  EXPECT_THAT(message_of(refused), HasSubstr("1 package waits for"));
  EXPECT_EQ(refused.balance.in, 1u);
}

TEST_F(Stages, ALoaderSealsOnlyToo) {
  Loader loader(to_database(), {.table = "t", .seal_only = true});
  ASSERT_TRUE(loader.append(R"({"id": 1})"));
  EXPECT_EQ(loader.seal().ending, Ending::pending);
  EXPECT_EQ(Pipeline(to_database()).resume().ending, Ending::delivered);
  EXPECT_THAT(look("select id from t"), ElementsAre("1"));
}

TEST_F(Stages, TheDestinationMayBeGivenToTheRun) {
  PipelineOptions options = to_database();
  options.destination.clear();
  const auto run = [&](std::string destination) {
    return Pipeline(options).run({.from_memory = {{.table = "t", .documents = documents(std::vector{R"({"id": 1})"})}},
                                  .destination = std::move(destination),
                                  .seal_only = true});
  };
  EXPECT_EQ(run(address()).destination, address());
  EXPECT_EQ(run("").destination, address());  // remembered
  EXPECT_EQ(run("null:").ending, Ending::misuse);

  const ResumeReport other = Pipeline(options).resume({.destination = "null:"});
  EXPECT_EQ(other.ending, Ending::misuse);
  EXPECT_THAT(message_of(other.pipelines.at(0)), HasSubstr("is for duckdb:"));
  EXPECT_EQ(Pipeline(options).resume({.destination = address()}).ending, Ending::delivered);
  EXPECT_THAT(look("select id from t"), ElementsAre("1", "1"));
  EXPECT_EQ(Pipeline(options).resume({.destination = "null:"}).ending, Ending::delivered);  // nothing is pending
  EXPECT_EQ(Pipeline(options).resume({.destination = "nowhere:x"}).ending, Ending::misuse);
}

TEST_F(Stages, CapabilitiesAreKnownBeforeARun) {
  const auto duckdb = destination_capabilities(address());
  ASSERT_TRUE(duckdb);
  EXPECT_EQ(duckdb->address, address());
  EXPECT_EQ(duckdb->mode, DeliveryMode::transactional);
  EXPECT_FALSE(duckdb->case_sensitive_names);
  EXPECT_EQ(destination_capabilities("null:")->mode, DeliveryMode::none);
  EXPECT_THAT(destination_capabilities("elsewhere:x").error().message, HasSubstr("elsewhere"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "db.duckdb"));
}

}  // namespace
}  // namespace outfall::library
