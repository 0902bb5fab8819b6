// SPDX-License-Identifier: Apache-2.0
//
// Rows that a program gives to a run: documents from a function or a range, rows in columns from an ArrowArrayStream.
#include "outfall/memory_input.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <ranges>
#include <stdexcept>

#include "arrow_rows.h"
#include "loading.h"

namespace outfall::library {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class MemoryInputs : public Loading {};

std::vector<std::string> users(int count) {
  std::vector<std::string> made;
  for (int i = 1; i <= count; ++i) made.push_back(fmt::format(R"({{"id": {}, "tags": ["a", "b"]}})", i));
  return made;
}

TEST_F(MemoryInputs, ARangeOfDocumentsFillsATable) {
  const std::vector<std::string> given = users(1000);
  const Report report =
      Pipeline(to_database()).run({.from_memory = {{.table = "users", .documents = documents(given)}}, .chunk = 5000});
  ASSERT_EQ(report.ending, Ending::delivered) << message_of(report);
  EXPECT_EQ(report.balance.delivered, 1000u);
  ASSERT_EQ(report.inputs.size(), 1u);
  EXPECT_EQ(report.inputs[0].path, "memory:users");
  EXPECT_EQ(report.inputs[0].documents, 1000u);
  EXPECT_THAT(look("select count(*) || ' ' || sum(id) from users"), ElementsAre("1000 500500"));
  EXPECT_THAT(look("select count(*) from users__tags"), ElementsAre("2000"));
  EXPECT_THAT(look("select count(distinct _dlt_id) from users"), ElementsAre("1000"));
}

TEST_F(MemoryInputs, RangesOfAnyKind) {
  const auto made = std::views::iota(1, 4) | std::views::transform([](int i) { return fmt::format("{}", i); });
  const Report report = Pipeline(to_database())
                            .run({.from_memory = {{.table = "a", .documents = documents(made)},
                                                  {.table = "b", .documents = documents(users(2))},
                                                  {.table = "a", .documents = documents(std::vector{"7"})}}});
  ASSERT_EQ(report.ending, Ending::delivered) << message_of(report);
  EXPECT_THAT(look("select value from a"), ElementsAre("1", "2", "3", "7"));
  EXPECT_THAT(look("select id from b"), ElementsAre("1", "2"));
}

TEST_F(MemoryInputs, ABadDocumentIsNamedByItsNumber) {
  std::vector<std::string> given = users(1000);
  given[5] = "{\"a\":\n\n1}\n";
  given[811] = "{\"a\":\n\n\"ä\", x}";
  const Report report =
      Pipeline(to_database()).run({.from_memory = {{.table = "users", .documents = documents(given)}}});
  EXPECT_EQ(report.ending, Ending::failed);
  EXPECT_THAT(message_of(report), HasSubstr("memory:users, document 812, column 13: this is not JSON"));
  EXPECT_THAT(report.notes, testing::Contains(HasSubstr("what the program gave must be given again")));
}

TEST_F(MemoryInputs, BadDocumentsAreRejectedByTheirNumbers) {
  std::vector<std::string> given = users(10);
  given[3] = "";
  given[6] = "{\"a\":\n\n x}";
  const Report report = Pipeline(to_database())
                            .run({.from_memory = {{.table = "users", .documents = documents(given)}},
                                  .on_reject = OnReject::dead_letter});
  EXPECT_EQ(report.ending, Ending::rejected) << message_of(report);
  ASSERT_EQ(report.rejects.size(), 2u);
  EXPECT_EQ(report.rejects[0].line, 4u);
  EXPECT_EQ(report.rejects[1].line, 7u);
  EXPECT_THAT(look("select id from users"), ElementsAre("1", "2", "3", "5", "6", "8", "9", "10"));
}

TEST_F(MemoryInputs, AFunctionThatFailsFailsTheRun) {
  int calls = 0;
  const auto first_then = [&calls](auto rest) {
    calls = 0;
    return [&calls, rest]() -> Result<std::optional<std::string_view>> {
      if (++calls == 1) return R"({"id": 1})";
      return rest();
    };
  };
  const auto run = [&](NextDocument given) {
    return message_of(Pipeline(to_database()).run({.from_memory = {{.table = "t", .documents = std::move(given)}}}));
  };
  using Answer = Result<std::optional<std::string_view>>;
  EXPECT_EQ(run(first_then([]() -> Answer { return fail("the cursor is gone"); })),
            "read memory:t behind document 1: the cursor is gone");
  EXPECT_THAT(run(first_then([]() -> Answer { throw std::runtime_error("no network"); })),
              HasSubstr("threw: no network"));
  EXPECT_THAT(run(first_then([]() -> Answer { throw 7; })), HasSubstr("threw"));
  EXPECT_EQ(Pipeline(to_database()).run({.from_memory = {{.table = "t", .documents = documents(users(1))}}}).balance.in,
            1u);
}

TEST_F(MemoryInputs, DocumentsCanBeReadOnce) {
  const MemoryInput once{.table = "t", .documents = documents(users(3))};
  EXPECT_EQ(Pipeline(to_database()).run({.from_memory = {once}}).ending, Ending::delivered);
  EXPECT_THAT(message_of(Pipeline(to_database()).run({.from_memory = {once}})), HasSubstr("read already"));
}

TEST_F(MemoryInputs, TypesThatNeedAnotherReadingAreAnError) {
  const std::vector<std::string> mixed{R"({"v":1})", R"({"v":1.5})"};
  const MemoryInput once{.table = "t", .documents = documents(mixed)};
  const Report report = Pipeline(to_database()).run({.from_memory = {once}, .type_conflicts = TypeConflicts::widen});
  EXPECT_EQ(report.ending, Ending::failed);
  EXPECT_THAT(message_of(report), HasSubstr("v of t is bigint, and 1.5 does not fit it"));
  EXPECT_THAT(report.error->hint, HasSubstr("RunOptions::columns"));
}

TEST_F(MemoryInputs, AnArrowStreamKeepsItsTypes) {
  ArrowArrayStream stream = numbers_stream({{1, 2, 3}, {4, 5}});
  const Report report = Pipeline(to_database()).run({.from_memory = {{.table = "numbers", .rows = &stream}}});
  ASSERT_EQ(report.ending, Ending::delivered) << message_of(report);
  EXPECT_EQ(stream.release, nullptr);
  EXPECT_THAT(look("select n from numbers"), ElementsAre("1", "2", "3", "4", "5"));
  EXPECT_THAT(look("select typeof(n) from numbers limit 1"), ElementsAre("BIGINT"));
  const Report again = Pipeline(to_database()).run({.from_memory = {{.table = "numbers", .rows = &stream}}});
  EXPECT_THAT(message_of(again), HasSubstr("read already"));
}

TEST_F(MemoryInputs, AStreamIsReleasedWhateverBecomesOfTheRun) {
  ArrowArrayStream misused = numbers_stream({{1}});
  const Report report = Pipeline(to_database()).run({.from_memory = {{.table = "", .rows = &misused}}});
  EXPECT_EQ(report.ending, Ending::misuse);
  EXPECT_EQ(misused.release, nullptr);
  ArrowArrayStream unread = numbers_stream({{1}});
  (void)Pipeline({.destination = "elsewhere:"}).run({.from_memory = {{.table = "t", .rows = &unread}}});
  EXPECT_EQ(unread.release, nullptr);
}

TEST_F(MemoryInputs, OptionsThatMakeNoSense) {
  const auto complaint = [&](const RunOptions& options) {
    const Report report = Pipeline(to_database()).run(options);
    EXPECT_EQ(report.ending, Ending::misuse);
    return message_of(report);
  };
  ArrowArrayStream stream = numbers_stream({{1}});
  EXPECT_THAT(complaint({.from_memory = {{.table = "t"}}}), HasSubstr("neither documents nor rows"));
  EXPECT_THAT(complaint({.from_memory = {{.table = "t", .documents = documents(users(1)), .rows = &stream}}}),
              HasSubstr("both documents and rows"));
  EXPECT_THAT(complaint({.inputs = {"x.jsonl"}, .from_memory = {{.table = "t", .documents = documents(users(1))}}}),
              HasSubstr("inputs from memory and files"));
  EXPECT_THAT(complaint({.from_memory = {{.table = "t", .documents = documents(users(1)), .run_key = "a\nb"}}}),
              HasSubstr("control characters"));
  EXPECT_THAT(complaint({.from_memory = {{.table = "t", .documents = documents(users(1)), .run_key = "k"},
                                         {.table = "u", .documents = documents(users(1)), .run_key = "k"}}}),
              HasSubstr("two inputs have the run_key k"));
}

/// The same values, told apart or not however they were cut.
TEST_F(MemoryInputs, ARunKeyRecognizesTheSameRows) {
  const auto skips = [&](MemoryInput input) {
    input.table = "t";
    input.run_key = input.rows != nullptr ? "columns" : "documents";
    const Report report =
        Pipeline(to_database()).run({.from_memory = {std::move(input)}, .chunk = 20, .skip_loaded = true});
    if (report.error) return std::string("error: ") + report.error->message;
    return std::string(name(report.inputs[0].fate));
  };
  EXPECT_EQ(skips({.documents = documents(users(5))}), "loaded");
  EXPECT_EQ(skips({.documents = documents(users(5))}), "skipped");
  EXPECT_THAT(skips({.documents = documents(users(6))}), HasSubstr("memory:t has other content than the run key"));
  ArrowArrayStream streams[] = {numbers_stream({{1, 2}, {3}}), numbers_stream({{1}, {2, 3}}),
                                numbers_stream({{1, 2, 4}})};
  EXPECT_EQ(skips({.rows = &streams[0]}), "loaded");
  EXPECT_EQ(skips({.rows = &streams[1]}), "skipped");
  EXPECT_THAT(skips({.rows = &streams[2]}), HasSubstr("has other content than the run key"));
}

}  // namespace
}  // namespace outfall::library
