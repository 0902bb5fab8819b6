// SPDX-License-Identifier: Apache-2.0
#include "outfall/destination_state.h"

#include <gmock/gmock.h>

#include "outfall/metrics.h"

namespace outfall {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

DestinationState with_two() {
  return DestinationState(std::make_shared<const DestinationState::Values>(
      DestinationState::Values{{"cursor", "41"}, {"token", R"("t")"}}));
}

TEST(DestinationState, ACallSeesWhatWasThereAndWhatItSets) {
  DestinationState state = with_two();
  EXPECT_EQ(state.get("cursor"), "41");
  EXPECT_EQ(state.get("other"), std::nullopt);
  EXPECT_THAT(state.changes(), IsEmpty());
  ASSERT_TRUE(state.set("cursor", " { \"at\" : 1.50 } "));
  state.erase("token");
  EXPECT_EQ(state.get("cursor"), R"({"at":1.50})");
  EXPECT_EQ(state.get("token"), std::nullopt);
  EXPECT_THAT(state.all(), UnorderedElementsAre(Pair("cursor", R"({"at":1.50})")));
  EXPECT_THAT(state.changes(), UnorderedElementsAre(Pair("cursor", std::optional<std::string>(R"({"at":1.50})")),
                                                    Pair("token", std::nullopt)));
  EXPECT_EQ(DestinationState().get("cursor"), std::nullopt);
}

TEST(DestinationState, WhatIsNoValueIsRefused) {
  DestinationState state = with_two();
  EXPECT_THAT(state.set("cursor", "{").error().message, HasSubstr("cursor is no JSON"));
  EXPECT_THAT(state.set("", "1").error().message, HasSubstr("a name is text"));
  EXPECT_THAT(state.set("\xff", "1").error().message, HasSubstr("a name is text"));
  EXPECT_FALSE(state.set(std::string(DestinationState::name_bytes_max + 1, 'n'), "1"));
  EXPECT_FALSE(state.set("cursor", "\"" + std::string(DestinationState::value_bytes_max, 'x') + "\""));
  for (std::size_t i = 2; i < DestinationState::names_max; ++i) ASSERT_TRUE(state.set("n" + std::to_string(i), "1"));
  EXPECT_THAT(state.set("one more", "1").error().message, HasSubstr("it has 1000 names"));
  EXPECT_TRUE(state.set("cursor", "2"));
  EXPECT_EQ(state.get("cursor"), "2");
}

TEST(Metrics, CountersAreSumsAndGaugesTheNewestValue) {
  Metrics metrics;
  metrics.count("calls");
  metrics.count("calls", 2);
  metrics.gauge("queue", 5);
  metrics.gauge("queue", 2.5);
  metrics.gauge("nothing", std::nan(""));
  Metrics later;
  later.count("calls", 4);
  later.gauge("queue", 1);
  metrics.add(later);
  EXPECT_THAT(metrics.counters, UnorderedElementsAre(Pair("calls", 7)));
  EXPECT_THAT(metrics.gauges, UnorderedElementsAre(Pair("queue", 1)));
  for (std::size_t i = 0; i < 2 * Metrics::names_max; ++i) metrics.count(std::to_string(i));
  EXPECT_EQ(metrics.counters.size(), Metrics::names_max);
}

}  // namespace
}  // namespace outfall
