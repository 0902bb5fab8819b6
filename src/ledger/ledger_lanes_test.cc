// SPDX-License-Identifier: Apache-2.0
//
// Marks of lanes: what is recorded of them, alone and together, is what is read.
#include "ledger/ledger_testing.h"

namespace outfall::ledger {
namespace {

using testing::ElementsAre;

class LanesTest : public LedgerTest {
 protected:
  Status record(Ledger& ledger, const std::vector<LaneRecord>& lanes) {
    std::vector<LaneUpdate> updates;
    for (const LaneRecord& lane : lanes) updates.push_back({.lane = lane});
    return ledger.record_lanes(load_id_, "r1", updates);
  }

  Ledger open_with_package() {
    Ledger ledger = open();
    begin(ledger, "r1");
    load_id_ = seal(ledger, "r1", input("/data/events.jsonl"));
    return ledger;
  }

  std::string load_id_;
};

TEST_F(LanesTest, TheLastMarkOfEachLaneCounts) {
  Ledger ledger = open_with_package();
  LaneRecord first{.position = 0, .sent_to = 1, .cut = 1};
  LaneRecord second{.position = 1, .sent_to = 4, .cut_first = 0, .cut = 2};
  ASSERT_TRUE(record(ledger, {first}));
  EXPECT_THAT(ledger.lanes(load_id_).value(), ElementsAre(first));
  first = {.position = 0,
           .settled = 1,
           .rejected = 1,
           .sent_to = 3,
           .cut_first = 1,
           .cut = 2,
           .part_to = 2,
           .attempts = 5,
           .unknown = 4,
           .last_error = "not now"};
  ASSERT_TRUE(record(ledger, {first})) << "alone, in the same state";
  ASSERT_TRUE(record(ledger, {second}));
  EXPECT_THAT(ledger.lanes(load_id_).value(), ElementsAre(first, second));
  first.settled = 2;
  second.settled = 2;
  ASSERT_TRUE(record(ledger, {first, second})) << "together";
  EXPECT_THAT(ledger.lanes(load_id_).value(), ElementsAre(first, second));
  first.state = LaneState::failed;
  ASSERT_TRUE(record(ledger, {first})) << "in another state";
  EXPECT_THAT(ledger.lanes(load_id_).value(), ElementsAre(first, second));
}

TEST_F(LanesTest, WhoWasTakenOverMarksNothing) {
  Ledger older = open_with_package();
  LaneRecord lane{.position = 0, .sent_to = 1, .cut = 1};
  ASSERT_TRUE(record(older, {lane}));
  const Ledger newer = open();
  LaneRecord later = lane;
  later.settled = 1;
  const Status refused = record(older, {later});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("another process took over"));
  EXPECT_THAT(older.lanes(load_id_).value(), ElementsAre(lane));
}

}  // namespace
}  // namespace outfall::ledger
