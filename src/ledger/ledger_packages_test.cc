// SPDX-License-Identifier: Apache-2.0
//
// Packages: sealed as a whole or not at all, delivered oldest first, forgotten in order.
#include "ledger/ledger_testing.h"

namespace outfall::ledger {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

TEST_F(LedgerTest, PendingPackageComesBackWhole) {
  std::string load_id;
  {
    Ledger ledger = open();
    begin(ledger, "r1");
    load_id = seal(ledger, "r1", input("/in/a"));
  }
  Ledger ledger = open();
  const std::vector<PackageRecord> pending = ledger.pending().value();
  ASSERT_EQ(pending.size(), 1u);
  const PackageRecord expected = package("r1", load_id);
  const PackageRecord& found = pending[0];
  EXPECT_EQ(found.load_id, load_id);
  EXPECT_EQ(found.run_id, "r1");
  EXPECT_EQ(found.state, PackageState::pending);
  EXPECT_EQ(found.destination, expected.destination);
  EXPECT_EQ(found.dataset, expected.dataset);
  EXPECT_EQ(found.schema_name, expected.schema_name);
  EXPECT_EQ(found.schema_version_hash, expected.schema_version_hash);
  EXPECT_EQ(found.schema, expected.schema);
  EXPECT_EQ(found.replaced, expected.replaced);
  EXPECT_EQ(found.altered, expected.altered);
  EXPECT_EQ(found.documents, 3u);
  EXPECT_EQ(found.sealed_at, expected.sealed_at);
  EXPECT_EQ(found.loaded_at, std::nullopt);
  EXPECT_EQ(found.attempts, 0);
  ASSERT_EQ(found.jobs.size(), 2u);
  EXPECT_EQ(found.jobs[1].table, "events__tags");
  EXPECT_EQ(found.jobs[1].file, "events__tags.1.arrow");
  EXPECT_EQ(found.jobs[1].rows, 9u);
  EXPECT_EQ(found.jobs[1].bytes, 50u);
  EXPECT_EQ(found.jobs[1].hash, "5e");
}

class SealCrash : public LedgerTest, public testing::WithParamInterface<const char*> {};

TEST_P(SealCrash, LeavesAllOrNothing) {
  const std::string fault = GetParam();
  EXPECT_TRUE(dies_at(fault, [&](Ledger& ledger) {
    begin(ledger, "r1");
    seal(ledger, "r1", input("/in/a"));
  }));
  Ledger ledger = open();
  const std::size_t expected = fault == "after_seal" ? 1 : 0;
  EXPECT_EQ(ledger.pending().value().size(), expected);
  EXPECT_EQ(ledger.sealed_inputs("/in/a").value().size(), expected);
  EXPECT_EQ(ledger.stored_schema().value().has_value(), expected == 1);
  EXPECT_EQ(ledger.stored_state().value().empty(), expected == 0);
  EXPECT_EQ(ledger.packages_with_files().value().size(), expected);
  EXPECT_NE(ledger.last_load_id().value(), "") << "the id was given out, sealed or not";
}

INSTANTIATE_TEST_SUITE_P(Faults, SealCrash, testing::Values("before_seal", "in_seal", "after_seal"),
                         [](const auto& point) { return std::string(point.param); });

TEST_F(LedgerTest, FailedSealLeavesNothing) {
  Ledger ledger = open();
  begin(ledger, "r1");
  const std::string load_id = seal(ledger, "r1", input("/in/a"));
  const std::vector<InputRecord> inputs{input("/in/b")};
  const Status twice = ledger.seal(package("r1", load_id, "s9"), inputs, {.naming = "x", .document = "{}"});
  ASSERT_FALSE(twice) << "the id is taken";
  EXPECT_THAT(twice.error().message, HasSubstr("seal package " + load_id));
  EXPECT_THAT(ledger.sealed_inputs("/in/b").value(), IsEmpty());
  EXPECT_EQ(ledger.stored_schema().value()->version_hash, "hash-s1");
  const std::string next = seal(ledger, "r1", input("/in/b"));
  EXPECT_EQ(ledger.pending().value().at(1).load_id, next) << "the ledger works on";
}

TEST_F(LedgerTest, PackagesAreDeliveredOldestFirst) {
  Ledger ledger = open();
  begin(ledger, "r1");
  const std::string first = seal(ledger, "r1", input("/in/a"));
  env_.set_now_us(env_.now_us() - 5'000'000);
  const std::string second = seal(ledger, "r1", input("/in/b"));
  const auto ids = [](const Result<std::vector<PackageRecord>>& packages) {
    std::vector<std::string> found;
    for (const PackageRecord& each : packages.value()) found.push_back(each.load_id);
    return found;
  };
  EXPECT_THAT(ids(ledger.pending()), ElementsAre(first, second));
  EXPECT_THAT(ids(ledger.packages(10)), ElementsAre(second, first));
  EXPECT_THAT(ids(ledger.packages(1)), ElementsAre(second));
  ASSERT_TRUE(ledger.mark_loaded(first, 0));
  EXPECT_THAT(ids(ledger.pending()), ElementsAre(second));
}

TEST_F(LedgerTest, AttemptsAreCounted) {
  Ledger ledger = open();
  begin(ledger, "r1");
  const std::string load_id = seal(ledger, "r1", input("/in/a"));
  ASSERT_TRUE(ledger.record_attempt(load_id, "refused"));
  ASSERT_TRUE(ledger.record_attempt(load_id, "refused again"));
  EXPECT_EQ(ledger.pending().value()[0].attempts, 2);
  EXPECT_EQ(ledger.pending().value()[0].last_error, "refused again");
  const Status unknown = ledger.record_attempt("1.0", "x");
  ASSERT_FALSE(unknown);
  EXPECT_THAT(unknown.error().message, HasSubstr("no pending package 1.0"));
}

TEST_F(LedgerTest, LoadedIsMarkedOnceAndDurable) {
  std::string load_id;
  {
    Ledger ledger = open();
    begin(ledger, "r1");
    load_id = seal(ledger, "r1", input("/in/a"));
  }
  EXPECT_TRUE(
      dies_at("before_ledger_loaded", [&](Ledger& ledger) { static_cast<void>(ledger.mark_loaded(load_id, 0)); }));
  EXPECT_EQ(open().pending().value().size(), 1u);
  EXPECT_TRUE(
      dies_at("after_ledger_loaded", [&](Ledger& ledger) { static_cast<void>(ledger.mark_loaded(load_id, 0)); }));
  Ledger ledger = open();
  EXPECT_THAT(ledger.pending().value(), IsEmpty());
  const PackageRecord loaded = ledger.packages(1).value().at(0);
  EXPECT_EQ(loaded.state, PackageState::loaded);
  EXPECT_EQ(loaded.loaded_at, env_.now_us());
  EXPECT_EQ(loaded.jobs.size(), 2u);
  EXPECT_FALSE(ledger.mark_loaded(load_id, 0)) << "only a pending package can become loaded";
}

TEST_F(LedgerTest, FilesOfTheNewestLoadedPackagesAreKept) {
  Ledger ledger = open();
  begin(ledger, "r1");
  const std::string a = seal(ledger, "r1", input("/in/a"));
  const std::string b = seal(ledger, "r1", input("/in/b"));
  const std::string c = seal(ledger, "r1", input("/in/c"));
  const std::string d = seal(ledger, "r1", input("/in/d"));
  EXPECT_THAT(ledger.packages_with_files().value(), ElementsAre(a, b, c, d));
  ASSERT_TRUE(ledger.mark_loaded(a, 2));
  ASSERT_TRUE(ledger.mark_loaded(b, 2));
  EXPECT_THAT(ledger.packages_with_files().value(), ElementsAre(a, b, c, d));
  ASSERT_TRUE(ledger.mark_loaded(c, 2));
  EXPECT_THAT(ledger.packages_with_files().value(), ElementsAre(b, c, d));
  ASSERT_TRUE(ledger.mark_loaded(d, 0));
  EXPECT_THAT(ledger.packages_with_files().value(), IsEmpty());
}

TEST_F(LedgerTest, PackagesOfOneSchemaShareItsDocument) {
  {
    Ledger ledger = open();
    begin(ledger, "r1");
    seal(ledger, "r1", input("/in/a"));
    seal(ledger, "r1", input("/in/b"));
  }
  Database database = std::move(*Database::open(path_, Database::Access::read_only));
  EXPECT_EQ(database.integer("SELECT count(*) FROM schemas").value(), 1);
}

TEST_F(LedgerTest, ViewsAnswerPeople) {
  Ledger ledger = open();
  begin(ledger, "r1");
  ASSERT_TRUE(ledger.mark_loaded(seal(ledger, "r1", input("/in/a")), 0));
  seal(ledger, "r1", input("/in/b"));
  end(ledger, "r1", 4);
  Database database = std::move(*Database::open(path_, Database::Access::read_only));
  const auto lines = [&](std::string_view sql) {
    Statement statement = database.prepare(sql).value();
    return collect(statement, [](const Statement& row) { return std::string(row.text(0)); }).value();
  };
  EXPECT_THAT(lines("SELECT started || ' ' || outcome || ' ' || seconds FROM run_list"),
              ElementsAre("2023-11-14 22:13:20 work pending 1.0"));
  EXPECT_THAT(lines("SELECT state || ' ' || rows || ' ' || bytes || ' ' || job_files FROM package_list"),
              ElementsAre("pending 12 150 2", "loaded 12 150 2"));
  EXPECT_THAT(lines("SELECT path || ' ' || state FROM input_list"),
              ElementsAre("/in/b pending", "/in/a loaded, its command is not done"));
  EXPECT_THAT(lines("SELECT table_name || ' ' || rows FROM table_list LIMIT 2"),
              ElementsAre("events 3", "events__tags 9"));
}

TEST_F(LedgerTest, DroppedPackageAndItsInputsAreForgotten) {
  Ledger ledger = open();
  begin(ledger, "r1");
  const std::string loaded = seal(ledger, "r1", input("/in/a"));
  ASSERT_TRUE(ledger.mark_loaded(loaded, 0));
  end(ledger, "r1");
  begin(ledger, "r2");
  const std::string dropped = ledger.new_load_id().value();
  ASSERT_TRUE(ledger.seal(package("r2", dropped, "s2"), std::vector{input("/in/b", "h2")},
                          {.naming = "snake_case", .document = ""}));
  ASSERT_EQ(ledger.inputs_of(dropped).value().size(), 1u);
  ASSERT_TRUE(ledger.drop(dropped));

  EXPECT_THAT(ledger.pending().value(), IsEmpty());
  EXPECT_THAT(ledger.packages_with_files().value(), IsEmpty());
  EXPECT_THAT(ledger.sealed_inputs("/in/b").value(), IsEmpty());
  EXPECT_THAT(ledger.sealed_inputs_by_content(10, "h2").value(), IsEmpty());
  EXPECT_EQ(ledger.sealed_inputs("/in/a").value().size(), 1u) << "another package's input";
  EXPECT_EQ(ledger.stored_schema().value()->version_hash, "hash-s1") << "the newest package left";
}

TEST_F(LedgerTest, DroppingTheOnlyPackageLeavesNoSchema) {
  Ledger ledger = open();
  begin(ledger, "r1");
  ASSERT_TRUE(ledger.drop(seal(ledger, "r1", input("/in/a"))));
  EXPECT_EQ(ledger.stored_schema().value(), std::nullopt);
  EXPECT_EQ(ledger.stored_state().value(), "");
}

TEST_F(LedgerTest, DroppingTheNewestPackageTakesItsStateBack) {
  Ledger ledger = open();
  begin(ledger, "r1");
  const auto seal_with = [&](const std::string& state) {
    const std::string load_id = ledger.new_load_id().value();
    EXPECT_TRUE(ledger.seal(package("r1", load_id), {}, {.naming = "snake_case", .document = state}));
    return load_id;
  };
  ASSERT_TRUE(ledger.mark_loaded(seal_with("{\"at\":1}"), 0));
  const std::string second = seal_with("{\"at\":2}");
  const std::string third = seal_with("{\"at\":3}");
  ASSERT_TRUE(ledger.drop(third));
  EXPECT_EQ(ledger.stored_state().value(), "{\"at\":2}");
  const std::string fourth = seal_with("{\"at\":4}");
  ASSERT_TRUE(ledger.drop(second));
  EXPECT_EQ(ledger.stored_state().value(), "{\"at\":4}") << "the fourth has gone on from there";
  ASSERT_TRUE(ledger.mark_loaded(fourth, 0));
  EXPECT_EQ(ledger.stored_state().value(), "{\"at\":4}");
}

TEST_F(LedgerTest, AlteredColumnsAreKnownToAllPackagesBehind) {
  Ledger ledger = open();
  begin(ledger, "r1");
  const auto seal_altering = [&](std::vector<AlteredColumn> altered) {
    PackageRecord sealed = package("r1", ledger.new_load_id().value());
    sealed.altered = std::move(altered);
    EXPECT_TRUE(ledger.seal(sealed, {}, {.naming = "snake_case", .document = ""}));
    return sealed.load_id;
  };
  const auto altered_of = [&](std::size_t at) { return ledger.pending().value().at(at).altered; };
  AlteredColumn a{.column = {.table = "t", .column = "a"}};
  AlteredColumn b{.column = {.table = "t", .column = "b"}};
  seal_altering({});
  const std::string first = a.load_id = seal_altering({a});
  const std::string second = b.load_id = seal_altering({b});
  EXPECT_THAT(altered_of(0), IsEmpty());
  EXPECT_THAT(altered_of(1), ElementsAre(a));
  EXPECT_THAT(altered_of(2), ElementsAre(a, b));

  ASSERT_TRUE(ledger.mark_loaded(second, 0));
  ASSERT_TRUE(ledger.drop(first));
  seal_altering({});
  EXPECT_THAT(altered_of(0), IsEmpty());
  a.load_id = second;
  EXPECT_THAT(altered_of(1), testing::UnorderedElementsAre(a, b)) << "the schema has the types all the same";
}

TEST_F(LedgerTest, TheSchemaBeforeIsThatOfTheNewestLoadThatWasDelivered) {
  Ledger ledger = open();
  begin(ledger, "r1");
  std::vector<std::string> ids;
  for (const char* schema : {"s0", "s1", "s2", "s3"}) {
    ids.push_back(ledger.new_load_id().value());
    ASSERT_TRUE(ledger.seal(package("r1", ids.back(), schema), {}, {.naming = "snake_case", .document = ""}));
  }
  EXPECT_EQ(ledger.schema_before(ids[3]), "") << "they are pending";
  ASSERT_TRUE(ledger.mark_loaded(ids[0], 0));
  ASSERT_TRUE(ledger.mark_loaded(ids[2], 0));
  EXPECT_EQ(ledger.schema_before(ids[0]), "");
  EXPECT_EQ(ledger.schema_before(ids[1]), R"({"name":"s0"})");
  EXPECT_EQ(ledger.schema_before(ids[3]), R"({"name":"s2"})");
  ASSERT_TRUE(ledger.ask_abort(ids[1], "r1"));
  ASSERT_TRUE(ledger.end_abort(ids[1], 0));
  EXPECT_EQ(ledger.schema_before(ids[2]), R"({"name":"s0"})") << "what was given up is not known there";
}

TEST_F(LedgerTest, WhatADestinationRemembersIsRecordedWithItsLanes) {
  const std::string destination = "duckdb:/tmp/a.duckdb";
  {
    Ledger ledger = open();
    begin(ledger, "r1");
    const std::string load_id = seal(ledger, "r1", input("/in/a"));
    EXPECT_TRUE(ledger.destination_state(destination).value().empty());
    LaneUpdate first{.lane = {.position = 0, .settled = 1}, .state = {{"n", "1"}, {"gone", "true"}}};
    LaneUpdate second{.lane = {.position = 1, .settled = 1}, .state = {{"n", "2"}}};
    ASSERT_TRUE(ledger.record_lanes(load_id, "r1", std::vector{first, second}));
    first.state = {{"gone", std::nullopt}, {"never there", std::nullopt}};
    ASSERT_TRUE(ledger.record_lanes(load_id, "r1", std::vector{first}));
    EXPECT_EQ(ledger.destination_state(destination), (StateValues{{"n", "2"}}));
    EXPECT_TRUE(ledger.destination_state("another").value().empty());
    ASSERT_TRUE(ledger.drop(load_id));
  }
  EXPECT_EQ(open().destination_state(destination), (StateValues{{"n", "2"}})) << "it outlives packages";
}

TEST_F(LedgerTest, OnlyPendingPackagesAreDropped) {
  Ledger ledger = open();
  begin(ledger, "r1");
  const std::string loaded = seal(ledger, "r1", input("/in/a"));
  ASSERT_TRUE(ledger.mark_loaded(loaded, 0));
  for (const std::string& none : {loaded, std::string("1.5")}) {
    const Status dropped = ledger.drop(none);
    ASSERT_FALSE(dropped);
    EXPECT_THAT(dropped.error().message, HasSubstr("no pending package " + none));
  }
  EXPECT_EQ(ledger.sealed_inputs("/in/a").value().size(), 1u);
}

class DropCrash : public LedgerTest, public testing::WithParamInterface<const char*> {};

TEST_P(DropCrash, ForgetsAllOrNothing) {
  const std::string fault = GetParam();
  EXPECT_TRUE(dies_at(fault, [&](Ledger& ledger) {
    begin(ledger, "r1");
    static_cast<void>(ledger.drop(seal(ledger, "r1", input("/in/a"))));
  }));
  Ledger ledger = open();
  const std::size_t expected = fault == "after_package_drop" ? 0 : 1;
  EXPECT_EQ(ledger.pending().value().size(), expected);
  EXPECT_EQ(ledger.sealed_inputs("/in/a").value().size(), expected);
  EXPECT_EQ(ledger.stored_schema().value().has_value(), expected == 1);
}

INSTANTIATE_TEST_SUITE_P(Faults, DropCrash,
                         testing::Values("before_package_drop", "in_package_drop", "after_package_drop"));

}  // namespace
}  // namespace outfall::ledger
