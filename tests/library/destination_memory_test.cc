// SPDX-License-Identifier: Apache-2.0
//
// What functions know beside their rows: what changed since the load before, what they remember, what they count; and
// what a dry run tells of them.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>
#include <stdexcept>

#include "custom_loading.h"

namespace outfall::library {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class DestinationMemory : public CustomLoading {};

TEST_F(DestinationMemory, ATableBeginsWithWhatChangedSinceTheLoadBefore) {
  struct Changes {
    void operator()(const Rows&, const TableSchema&) {
      if (*fails) throw std::runtime_error("closed");
    }
    void begin_table(const LoadEvent& event) {
      std::string text = event.changes->is_new ? "new" : "";
      for (const std::string& column : event.changes->new_columns) text += "+" + column;
      for (const RetypedColumn& column : event.changes->retyped_columns)
        text += fmt::format(" {}: {} -> {}", column.name, column.from, column.to);
      said->push_back(text);
    }
    void end_table(const LoadEvent& event) { EXPECT_EQ(event.changes, nullptr); }
    std::vector<std::string>* said;
    const bool* fails;
  };
  std::vector<std::string> said;
  bool fails = false;
  const auto load = [&](const char* row) {
    said.clear();
    std::ofstream(folder_ / "rows.jsonl") << row;
    const BatchOptions batches{.parallelism = Parallelism::sequential, .attempts_max = 1};
    return pipeline(custom_destination({.name = "sink", .batches = batches, .max_table_nesting = {}},
                                       Changes{&said, &fails}))
        .run({.inputs = {folder_ / "rows.jsonl"}, .table = "users", .type_conflicts = TypeConflicts::widen})
        .ending;
  };
  EXPECT_EQ(load(R"({"id":1})"), Ending::delivered);
  EXPECT_THAT(said, ElementsAre("new"));
  EXPECT_EQ(load(R"({"id":2})"), Ending::delivered);
  EXPECT_THAT(said, ElementsAre(""));
  fails = true;
  EXPECT_EQ(load(R"({"id":3,"name":"n"})"), Ending::pending);
  EXPECT_THAT(said, ElementsAre("+name"));
  fails = false;
  EXPECT_EQ(load(R"({"id":4.5,"list":[{"x":1}]})"), Ending::delivered);
  EXPECT_THAT(said, ElementsAre("+name", " id: bigint -> double", "new"))
      << "what is delivered late counts for what comes behind it";
}

TEST_F(DestinationMemory, StateGoesWithTheBatchThatSetIt) {
  for (const BatchProgress progress : {BatchProgress::strict, BatchProgress::grouped}) {
    std::vector<std::string> seen;
    const auto count = [&](const Rows& rows, const TableSchema&, const CallContext& context) {
      const std::string before = context.state().get("rows").value_or("none");
      seen.push_back(before);
      const std::uint64_t known = before == "none" ? 0 : std::stoull(before);
      EXPECT_TRUE(context.state().set("rows", std::to_string(known + rows.size())));
      EXPECT_EQ(context.state().get("rows"), std::to_string(known + rows.size())) << "a call sees what it sets";
      if (seen.size() == 2) return Outcome::retry("busy");
      if (seen.size() == 4) throw std::runtime_error("closed");
      return Outcome::delivered();
    };
    const CustomOptions options{.name = std::string("sink_") + (progress == BatchProgress::strict ? "s" : "g"),
                                .batches = {.batch_size = 3, .progress = progress}};
    const auto load = [&] {
      seen.clear();
      return Pipeline({.name = options.name,
                       .custom_destination = custom_destination(options, count),
                       .data_dir = folder_ / "state"})
          .run({.from_memory = {{.table = "users", .documents = documents(numbered(7))}}});
    };
    EXPECT_EQ(load().ending, Ending::delivered);
    EXPECT_THAT(seen, ElementsAre("none", "3", "3", "6", "6"));
    EXPECT_EQ(load().ending, Ending::delivered);
    EXPECT_EQ(seen.front(), "7") << "another run knows it";
    const auto info = pipeline_info({.data_dir = folder_ / "state", .pipeline = options.name});
    ASSERT_TRUE(info);
    EXPECT_THAT(info->destination_state, ElementsAre(Pair("rows", "14")));
    EXPECT_THAT(to_json(*info), HasSubstr(R"("destination_state":{"rows":14})"));
  }
}

TEST_F(DestinationMemory, StateGoesWithAVerdictThatStopsTheRun) {
  int calls = 0;
  const auto reject_first = [&](const Rows&, const TableSchema&, const CallContext& context) {
    EXPECT_TRUE(context.state().set("calls", std::to_string(++calls)));
    return std::vector<RejectedRow>{{.row = 0, .reason = "no"}};
  };
  EXPECT_EQ(run({}, reject_first, numbered(3), {.on_reject = OnReject::fail}).ending, Ending::pending);
  const auto remembered = [&] {
    return pipeline_info({.data_dir = folder_ / "state", .pipeline = "p"})->destination_state;
  };
  EXPECT_THAT(remembered(), ElementsAre(Pair("calls", "1")))
      << "two of its rows are delivered, and it is not asked again";
  const auto never = [](const Rows&, const TableSchema&) { ADD_FAILURE() << "it was asked again"; };
  const auto again = custom_destination({.name = "sink"}, never);
  EXPECT_EQ(pipeline(again).resume({.on_reject = OnReject::dead_letter}).ending, Ending::rejected);
  EXPECT_THAT(remembered(), ElementsAre(Pair("calls", "1")));
}

TEST_F(DestinationMemory, MetricsAreAddedUpAndThePipelinesStateIsRead) {
  struct Counting {
    void operator()(const Rows& rows, const TableSchema&, const CallContext& context) {
      context.metrics().count("rows", rows.size());
      context.metrics().gauge("first", static_cast<double>(context.first_row));
      EXPECT_THAT(std::string(context.pipeline_state()), HasSubstr(R"("pipeline_name":"p")"));
      if (context.first_row == 10 && context.attempt == 1) throw std::runtime_error("closed");
    }
    void begin_load(const LoadEvent& event) {
      event.metrics().count("loads");
      EXPECT_EQ(event.state().get("nothing"), std::nullopt);
    }
  };
  const Report report = run({}, Counting{}, numbered(25));
  EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
  EXPECT_THAT(report.metrics.counters, ElementsAre(Pair("loads", 1U), Pair("rows", 35U)))
      << "what a call counts counts, also of one that failed";
  EXPECT_THAT(report.metrics.gauges, ElementsAre(Pair("first", 20)));
}

TEST_F(DestinationMemory, ADryRunTellsTheFirstCallAndMakesNone) {
  const auto called = [](const Rows&, const TableSchema&) { ADD_FAILURE() << "it was called"; };
  const std::vector<std::string> rows = {R"({"id":1,"deep":{"x":[1.50]}})", R"({"id":2})"};
  const Report report = run({}, called, rows, {.dry_run = true});
  EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
  ASSERT_TRUE(report.first_call);
  EXPECT_EQ(report.first_call->table, "users");
  EXPECT_EQ(report.first_call->rows, 2U);
  EXPECT_THAT(report.first_call->json, ElementsAre(R"({"id":1,"deep":{"x":[1.50]}})", R"({"id":2})"));
}

}  // namespace
}  // namespace outfall::library
