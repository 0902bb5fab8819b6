// SPDX-License-Identifier: Apache-2.0
//
// Functions as destinations: what they get, and what they are told before, between and behind.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <sstream>
#include <thread>

#include "custom_loading.h"

namespace outfall::library {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

class CustomDestinations : public CustomLoading {};

TEST_F(CustomDestinations, ABatchIsTenRowsInTheirOrder) {
  std::vector<std::vector<std::int64_t>> batches;
  const Report report = run(
      {},
      [&](const Rows& rows, const TableSchema& table) {
        EXPECT_EQ(table.name, "users");
        batches.push_back(ids(rows));
      },
      numbered(25));
  EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
  EXPECT_EQ(report.balance.delivered, 25U);
  EXPECT_EQ(report.mode, DeliveryMode::at_least_once);
  EXPECT_EQ(report.destination, "custom:sink");
  ASSERT_EQ(batches.size(), 3U);
  EXPECT_THAT(batches[0], ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
  EXPECT_THAT(batches[2], ElementsAre(20, 21, 22, 23, 24));
}

TEST_F(CustomDestinations, ValuesHaveTheirTypes) {
  const std::vector<std::string> rows = {
      R"({"n":null,"b":true,"i":-5,"r":2.5,"t":"text","when":"2024-01-02T03:04:05.5+02:00","nested":{"a":[1,2.50]}})"};
  int calls = 0;
  const Report report = run(
      {},
      [&](const Rows& batch, const TableSchema&) {
        ++calls;
        ASSERT_EQ(batch.size(), 1U);
        const Row row = batch[0];
        EXPECT_EQ(row["n"], Value(Null{}));
        EXPECT_EQ(row["no such column"], Value(Null{}));
        EXPECT_EQ(row["b"], Value(true));
        EXPECT_EQ(row["i"], Value(std::int64_t{-5}));
        EXPECT_EQ(row["r"], Value(2.5));
        EXPECT_EQ(row["t"], Value(std::string_view("text")));
        EXPECT_EQ(row.get<Timestamp>("when")->at, std::chrono::sys_days(std::chrono::year(2024) / 1 / 2) +
                                                      std::chrono::hours(1) + std::chrono::minutes(4) +
                                                      milliseconds(5'500));
        EXPECT_EQ(row.get<JsonText>("nested")->text, R"({"a":[1,2.50]})");
        EXPECT_EQ(row.get<std::string_view>("i"), std::nullopt);
        EXPECT_EQ(batch.columns()[0].name, "b");
        EXPECT_EQ(row[0], Value(true));
        EXPECT_EQ(row.json(), batch.json().substr(0, batch.json().size() - 1));
      },
      rows);
  EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
  EXPECT_EQ(calls, 1);
}

TEST_F(CustomDestinations, DecimalsDatesTimesAndBytesHaveTheirTypes) {
  const std::vector<std::string> rows = {
      R"({"d":"-12.50","day":"2024-02-29","at":"10:20:30.25","w":"12345678901234567890123456789012345678","x":"0x0aff"})"};
  const Report report =
      run({},
          [&](const Rows& batch, const TableSchema& table) {
            const Row row = batch[0];
            EXPECT_EQ(row.get<Decimal>("d")->text(), "-12.50");
            EXPECT_EQ(row.get<Date>("day"), std::chrono::sys_days(std::chrono::year(2024) / 2 / 29));
            EXPECT_EQ(row.get<TimeOfDay>("at")->since_midnight,
                      std::chrono::hours(10) + std::chrono::minutes(20) + milliseconds(30'250));
            EXPECT_EQ(row.get<Decimal>("w")->text(), "12345678901234567890123456789012345678");
            EXPECT_EQ(row.get<Binary>("x")->bytes, "\x0a\xff");
            EXPECT_EQ(batch.typed_json(),
                      "{\"d\":\"\uf026-12.50\",\"day\":\"\uf0282024-02-29\",\"at\":\"\uf02d10:20:30.250000\","
                      "\"w\":\"\uf02c12345678901234567890123456789012345678\",\"x\":\"\uf02bCv8=\"}\n");
            EXPECT_EQ(table.columns[0].precision, 10);
          },
          rows, {.columns = {{"d", "decimal(10,2)"}, {"day", "date"}, {"at", "time"}, {"w", "wei"}, {"x", "binary"}}});
  EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
}

TEST_F(CustomDestinations, RowsHaveTheShapeOfTheirDocuments) {
  const std::vector<std::string> documents{R"({"b":null,"total":7,"at":"2024-01-02T03:04:05Z"})",
                                           R"({"total":"much","nested":{"x":1.50,"y":null}})"};
  std::vector<std::string> names;
  std::string json;
  const auto look = [&](const Rows& rows, const TableSchema&) {
    json = rows.json();
    for (const Row row : rows) {
      for (const Member& member : row.members()) names.emplace_back(member.name);
    }
    EXPECT_EQ(rows[0].find("b"), Value(Null{}));
    EXPECT_EQ(rows[1].find("b"), std::nullopt);
    EXPECT_TRUE(rows[0].get<Timestamp>("at"));
    EXPECT_EQ(rows[0]["total"], Value(std::int64_t{7}));
    EXPECT_EQ(rows[1]["total"], Value(std::string_view("much")));
    EXPECT_EQ(rows[1]["nested"], Value(JsonText{R"({"x":1.50,"y":null})"}));
  };
  EXPECT_EQ(run({}, look, documents).ending, Ending::delivered);
  EXPECT_THAT(names, ElementsAre("b", "total", "at", "total", "nested"));
  EXPECT_EQ(json, R"({"total":7,"at":"2024-01-02T03:04:05Z"})"
                  "\n" +
                      documents[1] + "\n");
}

TEST_F(CustomDestinations, RowsAreTheirColumnsOnRequest) {
  std::vector<std::string> names;
  const auto look = [&](const Rows& rows, const TableSchema&) {
    for (const Row row : rows) {
      for (const Member& member : row.members()) names.emplace_back(member.name);
      EXPECT_EQ(row.find("b"), std::nullopt);
    }
  };
  run({.keeps_documents = false}, look, {R"({"b":null,"total":7})", R"({"total":"much"})"});
  EXPECT_THAT(names, ElementsAre("total", "total\u25b6v_text"));
}

TEST_F(CustomDestinations, TheKeyOfATableIsAHintOfItsColumns) {
  std::vector<std::string> keys;
  const auto note = [&keys](const Rows&, const TableSchema& table) {
    for (const ColumnSchema& column : table.columns) {
      if (column.primary_key) keys.push_back(column.name + (column.nullable ? "" : "!"));
    }
  };
  const Report report = run({}, note, numbered(1), {.primary_key = {"id"}});
  EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
  EXPECT_EQ(run({}, note, numbered(2)).ending, Ending::delivered) << "the schema keeps it";
  EXPECT_THAT(keys, ElementsAre("id!", "id!"));
  EXPECT_EQ(run({}, note, numbered(3), {.primary_key = {"no"}}).ending, Ending::failed);
  EXPECT_EQ(run({}, note, numbered(3), {.primary_key = {""}}).ending, Ending::misuse);
}

TEST_F(CustomDestinations, RowsAreARecordBatchThatOutlivesTheCall) {
  ArrowArray array{};
  ArrowSchema schema{};
  const Report report = run(
      {.batches = {.batch_size = 100}},
      [&](const Rows& rows, const TableSchema&) { EXPECT_TRUE(rows.record_batch(&array, &schema)); }, numbered(3));
  EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
  ASSERT_EQ(array.length, 3);
  ASSERT_EQ(schema.n_children, 2);
  EXPECT_STREQ(schema.children[0]->name, "id");
  EXPECT_STREQ(schema.children[0]->format, "l");
  EXPECT_EQ(static_cast<const std::int64_t*>(array.children[0]->buffers[1])[array.children[0]->offset + 2], 2);
  array.release(&array);
  schema.release(&schema);
}

TEST_F(CustomDestinations, TheContextTellsBatchesApart) {
  std::set<std::string> keys;
  std::set<std::string> row_keys;
  std::vector<std::uint64_t> firsts;
  const Report report = run(
      {.batches = {.batch_size = 4}},
      [&](const Rows& rows, const TableSchema&, const CallContext& context) {
        EXPECT_FALSE(context.load_id.empty());
        EXPECT_FALSE(context.job_id.empty());
        EXPECT_EQ(context.attempt, 1U);
        EXPECT_EQ(context.batch_index, firsts.size());
        EXPECT_EQ(context.deadline, std::nullopt);
        keys.emplace(context.key);
        for (std::size_t i = 0; i < rows.size(); ++i) row_keys.insert(context.row_key(i));
        firsts.push_back(context.first_row);
      },
      numbered(10));
  EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
  EXPECT_THAT(firsts, ElementsAre(0, 4, 8));
  EXPECT_EQ(keys.size(), 3U);
  EXPECT_EQ(row_keys.size(), 10U);
}

struct Telling {
  std::vector<std::string>& said;
  std::mutex& mutex;

  void say(std::string what) {
    const std::lock_guard lock(mutex);
    said.push_back(std::move(what));
  }
  void operator()(const Rows& rows, const TableSchema& table) { say(fmt::format("{} {}", table.name, rows.size())); }
  void open(const Configuration&) { say("open"); }
  void begin_load(const LoadEvent& event) { say(event.load_id.empty() ? "?" : "begin_load"); }
  void begin_table(const LoadEvent& event) {
    say(fmt::format("begin_table {} {}", event.table->name, name(event.table->write_disposition)));
  }
  void end_table(const LoadEvent& event) { say("end_table " + event.table->name); }
  void complete_load(const LoadEvent&) { say("complete_load"); }
};

TEST_F(CustomDestinations, AClassIsToldOfTheLoadAndItsTables) {
  std::vector<std::string> said;
  std::mutex mutex;
  const Report report = run({}, Telling{said, mutex}, numbered(12));
  EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
  EXPECT_THAT(said, ElementsAre("open", "begin_load", "begin_table users append", "users 10", "users 2",
                                "end_table users", "complete_load"));
}

TEST_F(CustomDestinations, ReplacingWithNothingIsToldToo) {
  std::vector<std::string> said;
  std::mutex mutex;
  (void)run({}, Telling{said, mutex}, numbered(1));
  said.clear();
  const Report report =
      run({}, Telling{said, mutex}, {}, {.write_disposition = WriteDisposition::replace, .allow_empty = true});
  EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
  EXPECT_THAT(said, ElementsAre("open", "begin_load", "begin_table users replace", "end_table users", "complete_load"));
}

TEST_F(CustomDestinations, WhatCannotBeOpenedReadsNothing) {
  struct Closed {
    void operator()(const Rows&, const TableSchema&) {}
    Status open(const Configuration&) { return fail("no key", "set NOTIFY_KEY"); }
  };
  const Report report = run({}, Closed{}, numbered(1));
  EXPECT_EQ(report.ending, Ending::failed);
  EXPECT_THAT(message_of(report), HasSubstr("open custom:sink: no key"));
  EXPECT_EQ(report.balance.in, 0U);
}

TEST_F(CustomDestinations, WhatIsMissingInTheConfigurationReadsNothing) {
  struct Keyed {
    void operator()(const Rows&, const TableSchema&) {}
    Status open(const Configuration& configuration) {
      const auto key = configuration.secret("api_key");
      if (!key) return fail(key.error());
      EXPECT_EQ(key->reveal(), "s3cr3t");
      return {};
    }
  };
  const Report without = run({}, Keyed{}, numbered(1));
  EXPECT_EQ(without.ending, Ending::misuse);
  EXPECT_THAT(message_of(without), HasSubstr("P__DESTINATION__SINK__API_KEY"));
  EXPECT_THAT(message_of(without), HasSubstr("DESTINATION__SINK__API_KEY"));
  ASSERT_EQ(::setenv("DESTINATION__SINK__API_KEY", "s3cr3t", 1), 0);
  const Report with = run({}, Keyed{}, numbered(1));
  ::unsetenv("DESTINATION__SINK__API_KEY");
  EXPECT_EQ(with.ending, Ending::delivered) << message_of(with);
}

TEST_F(CustomDestinations, AStructOfTheConfigurationIsFilledInBeforeAnythingIsRead) {
  struct Config {
    std::string url;
    Secret token;
    int tries = 0;
  };
  struct Configured {
    void operator()(const Rows&, const TableSchema&) { *used = config; }
    Status open(const Configuration& configuration) { return fields.fill(config, configuration); }
    Fields<Config> fields = {{"url", &Config::url}, {"token", &Config::token}, {"tries", &Config::tries, 3}};
    std::shared_ptr<Config> used;
    Config config{};
  };
  const auto used = std::make_shared<Config>();
  const Report without = run({}, Configured{.used = used}, numbered(1));
  EXPECT_EQ(without.ending, Ending::misuse);
  EXPECT_EQ(without.balance.in, 0U);
  EXPECT_THAT(message_of(without), HasSubstr("destination sink needs url, token, and no place has them"));
  EXPECT_THAT(message_of(without), HasSubstr("P__DESTINATION__SINK__{URL,TOKEN}"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "state")) << "nothing is made";
  ASSERT_EQ(::setenv("DESTINATION__SINK__URL", "http://x", 1), 0);
  ASSERT_EQ(::setenv("P__DESTINATION__SINK__TOKEN", "s3cr3t", 1), 0);
  const Report with = run({}, Configured{.used = used}, numbered(1));
  ::unsetenv("DESTINATION__SINK__URL");
  ::unsetenv("P__DESTINATION__SINK__TOKEN");
  EXPECT_EQ(with.ending, Ending::delivered) << message_of(with);
  EXPECT_EQ(used->url, "http://x");
  EXPECT_EQ(used->token.reveal(), "s3cr3t");
  EXPECT_EQ(used->tries, 3);
}

TEST_F(CustomDestinations, WhatTheProgramGivesGoesBeforeAllPlaces) {
  struct Keyed {
    void operator()(const Rows&, const TableSchema&) {}
    Status open(const Configuration& configuration) {
      EXPECT_EQ(configuration.secret("api_key").value_or(Secret()).reveal(), "given");
      return {};
    }
  };
  ASSERT_EQ(::setenv("DESTINATION__SINK__API_KEY", "found", 1), 0);
  const Report report = run({.given = {{"api_key", "given"}}}, Keyed{}, numbered(1));
  ::unsetenv("DESTINATION__SINK__API_KEY");
  EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
}

TEST_F(CustomDestinations, TheConfigurationSaysHowRowsReachIt) {
  std::vector<std::size_t> sizes;
  const auto take = [&](const Rows& rows, const TableSchema&) { sizes.push_back(rows.size()); };
  ASSERT_EQ(::setenv("DESTINATION__SINK__BATCH_SIZE", "3", 1), 0);
  (void)run({}, take, numbered(4));
  (void)run({.batches = {.batch_size = 2}}, take, numbered(4));
  ::unsetenv("DESTINATION__SINK__BATCH_SIZE");
  EXPECT_THAT(sizes, ElementsAre(3, 1, 2, 2));
}

TEST_F(CustomDestinations, AJobFileIsABatchOnRequest) {
  std::string path;
  std::string text;
  const auto take = [&](const Rows& rows, const TableSchema&, const CallContext& context) {
    EXPECT_EQ(rows.size(), 0U);
    EXPECT_EQ(context.row_count, 25U);
    path = context.path;
    std::ostringstream all;
    all << std::ifstream(path).rdbuf();
    text = all.str();
  };
  const Report report =
      run({.batches = {.batch_size = 0, .loader_file_format = LoaderFileFormat::csv}, .takes_files = true}, take,
          numbered(25));
  EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
  EXPECT_EQ(std::ranges::count(text, '\n'), 26);
  EXPECT_TRUE(text.starts_with("id,name\n0,n0\n")) << text;
  EXPECT_NE(::access(path.c_str(), F_OK), 0);
}

TEST_F(CustomDestinations, AFunctionThatReadsNoFilesIsNotGivenAny) {
  const auto take = [](const Rows&, const TableSchema&) { ADD_FAILURE() << "it was called"; };
  const Report report = run({.batches = {.batch_size = 0}}, take, numbered(25));
  EXPECT_EQ(report.ending, Ending::misuse);
  EXPECT_THAT(message_of(report), HasSubstr("does not say that it takes files"));
  EXPECT_EQ(run(
                {.batches = {.batch_size = 25}}, [](const Rows&, const TableSchema&) {}, numbered(25))
                .ending,
            Ending::delivered);
}

TEST_F(CustomDestinations, WhatALoadAddsIsGivenOnRequest) {
  std::set<std::string> tables;
  std::vector<std::string> columns;
  std::mutex mutex;
  const Report report = run(
      {.skip_dlt_columns_and_tables = false},
      [&](const Rows& rows, const TableSchema& table) {
        const std::lock_guard lock(mutex);
        tables.insert(table.name);
        if (table.name == "users")
          for (const RowsColumn& column : rows.columns()) columns.push_back(column.name);
      },
      numbered(2));
  EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
  EXPECT_THAT(tables, ElementsAre("_dlt_pipeline_state", "users"));
  EXPECT_THAT(columns, ElementsAre("id", "name", "_dlt_load_id", "_dlt_id"));
  EXPECT_EQ(report.balance.delivered, 2U);
}

TEST_F(CustomDestinations, NestedValuesAreTablesOnRequest) {
  std::map<std::string, std::string> texts;
  std::mutex mutex;
  const std::vector<std::string> rows = {R"({"CamelCase":1,"MyList":[{"InnerKey":1}]})"};
  const auto keep = [&](const Rows& batch, const TableSchema& table) {
    const std::lock_guard lock(mutex);
    texts[table.name] += batch.json();
  };
  (void)run({.name = "flat"}, keep, rows);
  EXPECT_THAT(texts, ElementsAre(Pair("users", "{\"CamelCase\":1,\"MyList\":[{\"InnerKey\":1}]}\n")));
  texts.clear();
  const auto nested = custom_destination({.name = "nested", .max_table_nesting = 1}, keep);
  const Report report = Pipeline({.name = "nested", .custom_destination = nested, .data_dir = folder_ / "state"})
                            .run({.from_memory = {{.table = "MyTable", .documents = documents(rows)}}});
  EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
  EXPECT_THAT(texts, ElementsAre(Pair("MyTable", "{\"CamelCase\":1}\n"), Pair("MyTable▶MyList", "{\"InnerKey\":1}\n")));
}

TEST_F(CustomDestinations, SequentialIsTheCallersThread) {
  std::set<std::thread::id> threads;
  const Report report = run(
      {.batches = {.batch_size = 2, .parallelism = Parallelism::sequential}},
      [&](const Rows&, const TableSchema&) { threads.insert(std::this_thread::get_id()); }, numbered(6));
  EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
  EXPECT_THAT(threads, ElementsAre(std::this_thread::get_id()));
}

TEST_F(CustomDestinations, ItIsBoundByItsName) {
  const auto fails = [](const Rows&, const TableSchema&) { return Outcome::retry("later"); };
  (void)run({.batches = {.attempts_max = 1}}, fails, numbered(1));
  const auto other = custom_destination({.name = "other"}, [](const Rows&, const TableSchema&) {});
  const ResumeReport resumed = pipeline(other).resume();
  ASSERT_EQ(resumed.pipelines.size(), 1U);
  EXPECT_EQ(resumed.ending, Ending::misuse);
  EXPECT_THAT(message_of(resumed.pipelines[0]), HasSubstr("is for custom:sink, not for custom:other"));
  const Report without = Pipeline({.name = "p", .data_dir = folder_ / "state"})
                             .run({.from_memory = {{.table = "users", .documents = documents(numbered(1))}}});
  EXPECT_EQ(without.ending, Ending::misuse);
  EXPECT_THAT(message_of(without), HasSubstr("is a function of a program"));
}

TEST_F(CustomDestinations, WithNothingPendingThereIsNothingForAnother) {
  const auto takes = [](const Rows&, const TableSchema&) {};
  (void)run({}, takes, numbered(1));
  const ResumeReport resumed = pipeline(custom_destination({.name = "other"}, takes)).resume();
  ASSERT_EQ(resumed.pipelines.size(), 1U);
  EXPECT_EQ(resumed.ending, Ending::delivered) << message_of(resumed.pipelines[0]);
  EXPECT_THAT(resumed.pipelines[0].notes, ElementsAre("nothing was pending for custom:sink, where pipeline p goes"));
}

TEST_F(CustomDestinations, ANameIsNeeded) {
  const auto unnamed = custom_destination({}, [](const Rows&, const TableSchema&) {});
  const Report report = run_to(unnamed, numbered(1));
  EXPECT_EQ(report.ending, Ending::misuse);
  EXPECT_THAT(message_of(report), HasSubstr("cannot be called ''"));
}

}  // namespace
}  // namespace outfall::library
