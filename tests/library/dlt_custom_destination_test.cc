// SPDX-License-Identifier: Apache-2.0
//
// What dlt's tests ask of its custom destination, asked of ours. A comment says which of its cases a test stands for;
// those whose answer is another one on purpose are marked.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <map>
#include <mutex>
#include <set>
#include <sstream>
#include <stdexcept>

#include "arrow_cells.h"
#include "custom_loading.h"

namespace outfall::library {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

/// A variable of the environment while it lives.
class Variable {
 public:
  Variable(std::string name, const std::string& value) : name_(std::move(name)) {
    EXPECT_EQ(::setenv(name_.c_str(), value.c_str(), 1), 0);
  }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;
  ~Variable() { ::unsetenv(name_.c_str()); }

 private:
  std::string name_;
};

/// Ids as a function reads them that takes this format: out of marked lines, or out of a record batch.
std::vector<std::int64_t> ids_as(LoaderFileFormat format, const Rows& rows) {
  std::vector<std::int64_t> found;
  if (format == LoaderFileFormat::parquet) {
    const RecordBatch batch(rows);
    expect_same(batch, rows);
    for (std::size_t row = 0; row < batch.rows(); ++row) found.push_back(std::get<std::int64_t>(batch.value(row, 0)));
    return found;
  }
  std::istringstream lines{std::string(rows.typed_json())};
  constexpr std::string_view begin = R"({"id":)";
  for (std::string line; std::getline(lines, line);) {
    EXPECT_TRUE(line.starts_with(begin)) << line;
    found.push_back(std::stoll(line.substr(begin.size())));
  }
  return found;
}

class DltCustomDestination : public CustomLoading {};

// --- Every data type, in both formats (2 cases) ---

const std::vector<ColumnHint>& all_types() {
  static const std::vector<ColumnHint> types{{"i", "bigint"}, {"r", "double"},  {"b", "bool"},    {"at", "timestamp"},
                                             {"t", "text"},   {"d", "decimal"}, {"x", "binary"},  {"w", "wei"},
                                             {"j", "json"},   {"day", "date"},  {"clock", "time"}};
  return types;
}

class DltEveryType : public DltCustomDestination, public testing::WithParamInterface<LoaderFileFormat> {};

TEST_P(DltEveryType, ArrivesWithItsValue) {
  const std::string row =
      R"({"i":989127831,"r":898912.821982,"b":true,"at":"2022-05-23T13:26:45.176+00:00","t":"line \n \r \u008e 🦆",)"
      R"("d":"2323.34","x":"0x62696e617279200a","w":"72057594130021768","j":{"complex":[1,2,3,"a"]},)"
      R"("day":"2023-02-27","clock":"13:26:45.176","nothing":null})";
  int calls = 0;
  const Report report = run(
      {.batches = {.batch_size = 1, .loader_file_format = GetParam()}},
      [&](const Rows& rows, const TableSchema& table) {
        ++calls;
        ASSERT_EQ(rows.size(), 1U);
        EXPECT_EQ(table.columns.size(), all_types().size()) << "what has only nulls is no column";
        if (GetParam() == LoaderFileFormat::parquet) return expect_same(RecordBatch(rows), rows);
        EXPECT_EQ(rows.typed_json(),
                  "{\"i\":989127831,\"r\":898912.821982,\"b\":true,\"at\":\"\uf0272022-05-23T13:26:45.176000+00:00\","
                  "\"t\":\"line \\n \\r \u008e 🦆\",\"d\":\"\uf0262323.340000000\",\"x\":\"\uf02bYmluYXJ5IAo=\","
                  "\"w\":\"\uf02c72057594130021768\",\"j\":{\"complex\":[1,2,3,\"a\"]},\"day\":\"\uf0282023-02-27\","
                  "\"clock\":\"\uf02d13:26:45.176000\"}\n");
        const Row first = rows[0];
        EXPECT_EQ(first.get<std::int64_t>("i"), 989127831);
        EXPECT_EQ(first.get<double>("r"), 898912.821982);
        EXPECT_EQ(first.get<Decimal>("d")->text(), "2323.340000000") << "a decimal of no shape has nine digits";
        EXPECT_EQ(first.get<Binary>("x")->bytes, "binary \n");
        EXPECT_EQ(first.get<Decimal>("w")->text(), "72057594130021768");
        EXPECT_EQ(first.get<JsonText>("j")->text, R"({"complex":[1,2,3,"a"]})");
      },
      {row, row, row}, {.columns = all_types()});
  EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
  EXPECT_EQ(calls, 3);
}

INSTANTIATE_TEST_SUITE_P(BothFormats, DltEveryType,
                         testing::Values(LoaderFileFormat::typed_jsonl, LoaderFileFormat::parquet));

// --- Batch sizes, and what is recorded after a failure, in both formats (12 cases) ---

struct Sized {
  LoaderFileFormat format;
  std::uint64_t batch_size;
};

class DltBatches : public DltCustomDestination, public testing::WithParamInterface<Sized> {
 protected:
  CustomOptions options() const {
    return {
        .batches = {.batch_size = GetParam().batch_size, .loader_file_format = GetParam().format, .attempts_max = 1}};
  }
  /// Where the batch begins that the row is in.
  std::uint64_t begin_of(std::uint64_t row) const { return row / GetParam().batch_size * GetParam().batch_size; }
};

TEST_P(DltBatches, AreExactAndLoseNothing) {
  std::vector<std::size_t> sizes;
  std::vector<std::int64_t> taken;
  const Report report = run(
      options(),
      [&](const Rows& rows, const TableSchema&) {
        const std::vector<std::int64_t> batch = ids_as(GetParam().format, rows);
        sizes.push_back(batch.size());
        taken.insert(taken.end(), batch.begin(), batch.end());
      },
      numbered(100));
  EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
  EXPECT_EQ(taken, counted_from(0, 100));
  EXPECT_EQ(sizes.size(), (100 + GetParam().batch_size - 1) / GetParam().batch_size);
  for (std::size_t i = 0; i + 1 < sizes.size(); ++i) EXPECT_EQ(sizes[i], GetParam().batch_size);
}

TEST_P(DltBatches, ThatFailedAreAllThatComesAgain) {
  const std::map<std::string, std::int64_t> failing{{"items", 25}, {"items2", 45}};
  std::map<std::string, std::vector<std::int64_t>> taken;
  bool is_mended = false;
  std::mutex mutex;
  const auto sink = [&](const Rows& rows, const TableSchema& table) {
    const std::vector<std::int64_t> batch = ids_as(GetParam().format, rows);
    const std::lock_guard lock(mutex);
    if (!is_mended && std::ranges::find(batch, failing.at(table.name)) != batch.end())
      throw std::runtime_error("not this one");
    taken[table.name].insert(taken[table.name].end(), batch.begin(), batch.end());
  };
  const Report report = run_tables(options(), sink, {{"items", numbered(100)}, {"items2", numbered(100)}});
  EXPECT_EQ(report.ending, Ending::pending);
  for (const TableStatus& table : table_statuses()) {
    const std::uint64_t upto = begin_of(static_cast<std::uint64_t>(failing.at(table.name)));
    EXPECT_EQ(table.delivered, upto) << table.name;
    EXPECT_EQ(table.pending, 100 - upto);
    EXPECT_EQ(table.unknown, 1U);
    EXPECT_EQ(taken[table.name], counted_from(0, static_cast<std::int64_t>(upto)));
  }
  is_mended = true;
  CustomOptions again = options();
  again.name = "sink";
  EXPECT_EQ(pipeline(custom_destination(again, sink)).resume().ending, Ending::delivered);
  EXPECT_EQ(taken["items"], counted_from(0, 100));
  EXPECT_EQ(taken["items2"], counted_from(0, 100));
  for (const TableStatus& table : table_statuses()) EXPECT_EQ(table.delivered, 100U);
}

INSTANTIATE_TEST_SUITE_P(OfThreeSizesInBothFormats, DltBatches,
                         testing::Values(Sized{LoaderFileFormat::typed_jsonl, 1},
                                         Sized{LoaderFileFormat::typed_jsonl, 10},
                                         Sized{LoaderFileFormat::typed_jsonl, 23}, Sized{LoaderFileFormat::parquet, 1},
                                         Sized{LoaderFileFormat::parquet, 10}, Sized{LoaderFileFormat::parquet, 23}),
                         [](const testing::TestParamInfo<Sized>& sized) {
                           return fmt::format("{}{}",
                                              sized.param.format == LoaderFileFormat::parquet ? "parquet" : "typed",
                                              sized.param.batch_size);
                         });

// A payload of more rows than a writer holds at once, which dlt once cut wrongly (1 case): 12,000 rows by 7 are 1,714
// calls of 7 and one of 2, and after a failure nothing comes twice but the batch that failed.
TEST_F(DltCustomDestination, ManyRowsAreCutExactly) {
  std::vector<std::int64_t> taken;
  std::size_t calls = 0;
  std::size_t last = 0;
  bool has_failed = false;
  const Report report = run(
      {.batches = {.batch_size = 7, .progress = BatchProgress::grouped}},
      [&](const Rows& rows, const TableSchema&) {
        if (calls == 2 && !has_failed) {
          has_failed = true;
          return Outcome::retry("once", std::chrono::nanoseconds(1));
        }
        ++calls;
        last = rows.size();
        const std::vector<std::int64_t> batch = ids(rows);
        taken.insert(taken.end(), batch.begin(), batch.end());
        return Outcome::delivered();
      },
      numbered(12'000));
  EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
  EXPECT_EQ(calls, 1'715U);
  EXPECT_EQ(last, 2U);
  EXPECT_EQ(taken, counted_from(0, 12'000));
}

TEST_F(DltCustomDestination, ALargePayloadArrivesWhole) {
  std::uint64_t rows_taken = 0;
  const Report report = run(
      {.batches = {.batch_size = 1000}}, [&](const Rows& rows, const TableSchema&) { rows_taken += rows.size(); },
      numbered(50'000));
  EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
  EXPECT_EQ(rows_taken, 50'000U);
}

// --- What it is able to do (1 case) ---

TEST_F(DltCustomDestination, WhatItIsIsReadAndChanged) {
  const auto take = [](const Rows&, const TableSchema&) {};
  const CustomOptions plain = custom_destination({.name = "plain"}, take)->options();
  EXPECT_EQ(plain.naming_convention, NamingConvention::direct);
  EXPECT_EQ(plain.max_table_nesting, 0);
  EXPECT_TRUE(plain.skip_dlt_columns_and_tables);
  EXPECT_EQ(plain.batches.batch_size, std::nullopt) << "what the configuration says, or ten";
  const CustomOptions changed = custom_destination({.name = "my_name",
                                                    .batches = {.loader_file_format = LoaderFileFormat::parquet},
                                                    .naming_convention = NamingConvention::snake_case,
                                                    .max_table_nesting = 10},
                                                   take)
                                    ->options();
  EXPECT_EQ(changed.naming_convention, NamingConvention::snake_case);
  EXPECT_EQ(changed.max_table_nesting, 10);
  EXPECT_EQ(changed.batches.loader_file_format, LoaderFileFormat::parquet);
}

// --- Naming conventions (1 case; the worked example C1) ---

TEST_F(DltCustomDestination, NamesFollowTheConvention) {
  struct Names {
    NamingConvention naming;
    std::string table;
    std::vector<std::string> columns;
  };
  const std::vector<Names> expected{
      {NamingConvention::direct, "PErson", {"UpperCase", "snake_case", "camelCase"}},
      {NamingConvention::snake_case, "p_erson", {"upper_case", "snake_case", "camel_case"}},
      {NamingConvention::sql_ci_v1, "person", {"uppercase", "snake_case", "camelcase"}},
      {NamingConvention::sql_cs_v1, "PErson", {"UpperCase", "snake_case", "camelCase"}},
  };
  const std::vector<std::string> rows{R"({"UpperCase":1,"snake_case":1,"camelCase":1})"};
  for (const Names& names : expected) {
    const std::string called(name(names.naming));
    int calls = 0;
    const auto sink = [&](const Rows& batch, const TableSchema& table) {
      ++calls;
      EXPECT_EQ(table.name, names.table);
      ASSERT_EQ(table.columns.size(), 3U);
      for (std::size_t i = 0; i < names.columns.size(); ++i) {
        EXPECT_EQ(table.columns[i].name, names.columns[i]);
        EXPECT_EQ(batch.columns()[i].name, names.columns[i]);
      }
    };
    const auto to = custom_destination({.name = called, .naming_convention = names.naming}, sink);
    const Report report = Pipeline({.name = called, .custom_destination = to, .data_dir = folder_ / "state"})
                              .run({.from_memory = {{.table = "PErson", .documents = documents(rows)}}});
    EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
    EXPECT_EQ(calls, 1) << called;
  }
}

// --- A job file as one batch (1 case, and one of its retry) ---

TEST_F(DltCustomDestination, AFileOfParquetHasAllRowsOfItsTable) {
  std::map<std::string, std::string> counts;
  std::mutex mutex;
  const auto sink = [&](const Rows& rows, const TableSchema& table, const CallContext& context) {
    EXPECT_EQ(rows.size(), 0U);
    const std::lock_guard lock(mutex);
    const auto looked =
        query({.destination = address(),
               .statement = fmt::format("select count(*) || ' ' || sum(id) from read_parquet('{}')", context.path),
               .access = QueryAccess::write},
              {.row = [&](std::span<const QueryCell> cells) {
                counts[table.name] = *cells[0];
                return true;
              }});
    EXPECT_TRUE(looked) << looked.error().message;
  };
  const Report report =
      run_tables({.batches = {.batch_size = 0, .loader_file_format = LoaderFileFormat::parquet}, .takes_files = true},
                 sink, {{"person", numbered(100)}, {"address", numbered(50)}});
  EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
  EXPECT_THAT(counts, ElementsAre(Pair("address", "50 1225"), Pair("person", "100 4950")));
}

TEST_F(DltCustomDestination, AFileThatFailedComesAgainWhole) {
  std::vector<std::string> files;
  std::set<std::string> keys;
  const auto sink = [&](const Rows&, const TableSchema&, const CallContext& context) {
    keys.emplace(context.key);
    std::ostringstream all;
    all << std::ifstream(std::string(context.path)).rdbuf();
    files.push_back(all.str());
    return files.size() == 1 ? Outcome::retry("once", std::chrono::nanoseconds(1)) : Outcome::delivered();
  };
  const Report report =
      run({.batches = {.batch_size = 0, .loader_file_format = LoaderFileFormat::typed_jsonl}, .takes_files = true},
          sink, {R"({"id":1,"d":"1.5"})", R"({"id":2,"d":null})"}, {.columns = {{"d", "decimal(5,2)"}}});
  EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
  const std::string text = "{\"id\":1,\"d\":\"\uf0261.50\"}\n{\"id\":2}\n";
  EXPECT_THAT(files, ElementsAre(text, text));
  EXPECT_EQ(keys.size(), 1U);
}

// --- Settings and credentials (2 cases: values of a function, and a type of its own) ---

struct Keyed {
  std::vector<std::string>* seen;

  void operator()(const Rows&, const TableSchema&) {}
  Status open(const Configuration& configuration) {
    const Result<std::string> value = configuration.text("my_val");
    if (!value) return fail(value.error());
    seen->push_back(*value);
    return *value == "something" ? Status() : fail("it is not the right value", "say 'something'");
  }
};

TEST_F(DltCustomDestination, AValueIsLookedForWhenItRunsUnderItsName) {
  std::vector<std::string> seen;
  const auto sink = custom_destination({.name = "my_sink"}, Keyed{&seen});
  const Report missing = run_to(sink, numbered(3));
  EXPECT_EQ(missing.ending, Ending::misuse);
  EXPECT_EQ(missing.balance.in, 0U) << "nothing is read without it";
  for (const char* place : {"P__DESTINATION__MY_SINK__MY_VAL", "P__DESTINATION__MY_VAL", "P__MY_VAL",
                            "DESTINATION__MY_SINK__MY_VAL", "DESTINATION__MY_VAL", "MY_VAL"}) {
    EXPECT_THAT(missing.error->message + missing.error->hint, HasSubstr(place));
  }
  {
    const Variable right("DESTINATION__MY_SINK__MY_VAL", "something");
    EXPECT_EQ(run_to(sink, numbered(3)).ending, Ending::delivered);
    EXPECT_EQ(run_to(custom_destination({.name = "some_name"}, Keyed{&seen}), numbered(3)).ending, Ending::misuse);
  }
  {
    const Variable wrong("DESTINATION__MY_VAL", "wrong");
    const Report refused = run_to(sink, numbered(3));
    EXPECT_EQ(refused.ending, Ending::failed);
    EXPECT_THAT(message_of(refused), HasSubstr("not the right value"));
  }
  EXPECT_THAT(seen, ElementsAre("something", "wrong"));
}

TEST_F(DltCustomDestination, CredentialsComeFromSeveralPlaces) {
  std::string found;
  struct Connecting {
    std::string* found;
    void operator()(const Rows&, const TableSchema&) {}
    Status open(const Configuration& configuration) {
      const auto driver = configuration.text("credentials.drivername");
      const auto database = configuration.text("credentials.database");
      const auto user = configuration.secret("credentials.username");
      for (const Error* error : {driver ? nullptr : &driver.error(), database ? nullptr : &database.error(),
                                 user ? nullptr : &user.error()}) {
        if (error != nullptr) return fail(*error);
      }
      *found = fmt::format("{} {} {}", *driver, *database, user->reveal());
      return {};
    }
  };
  const auto sink = custom_destination({.name = "my_gcp_sink"}, Connecting{&found});
  EXPECT_EQ(run_to(sink, numbered(3)).ending, Ending::misuse);
  const Variable driver("P__DESTINATION__CREDENTIALS__DRIVERNAME", "my_driver");
  const Variable database("DESTINATION__CREDENTIALS__DATABASE", "my_database");
  const Variable user("CREDENTIALS__USERNAME", "my_user_name");
  const Report report = run_to(sink, numbered(3));
  EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
  EXPECT_EQ(found, "my_driver my_database my_user_name");
}

// A factory with explicit values: they need no configuration, and each call of it makes a destination of its own.
TEST_F(DltCustomDestination, AFactoryTakesItsValuesExplicitly) {
  std::vector<std::string> sent;
  const auto make = [&](std::string name, std::string prefix) {
    return custom_destination({.name = std::move(name)}, [&sent, prefix](const Rows& rows, const TableSchema&) {
      for (const Row row : rows) sent.push_back(fmt::format("{}{}", prefix, *row.get<std::int64_t>("id")));
    });
  };
  for (const char* name : {"one", "two"}) {
    const Report report =
        Pipeline({.name = name, .custom_destination = make(name, name), .data_dir = folder_ / "state"})
            .run({.from_memory = {{.table = "items", .documents = documents(numbered(1))}}});
    EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
    EXPECT_EQ(report.destination, fmt::format("custom:{}", name));
  }
  EXPECT_THAT(sent, ElementsAre("one0", "two0"));
}

// --- What a load adds (4 cases) ---

class DltOwnColumns : public DltCustomDestination,
                      public testing::WithParamInterface<std::tuple<LoaderFileFormat, bool>> {};

TEST_P(DltOwnColumns, AreThereOnRequestAlone) {
  const auto [format, are_skipped] = GetParam();
  bool has_table = false;
  bool has_column = false;
  bool has_value = false;
  std::mutex mutex;
  const Report report =
      run({.batches = {.loader_file_format = format}, .skip_dlt_columns_and_tables = are_skipped},
          [&, is_columns = format == LoaderFileFormat::parquet](const Rows& rows, const TableSchema& table) {
            const std::lock_guard lock(mutex);
            has_table = has_table || table.name.starts_with("_dlt");
            for (const ColumnSchema& column : table.columns) has_column = has_column || column.name.starts_with("_dlt");
            if (!is_columns) has_value = has_value || rows.typed_json().find("\"_dlt") != std::string_view::npos;
            if (!is_columns) return;
            const RecordBatch batch(rows);
            for (std::size_t i = 0; i < batch.columns(); ++i)
              has_value = has_value || batch.name(i).starts_with("_dlt");
          },
          {R"({"id":1,"value":"1"})"});
  EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
  EXPECT_EQ(has_table, !are_skipped);
  EXPECT_EQ(has_column, !are_skipped);
  EXPECT_EQ(has_value, !are_skipped);
}

INSTANTIATE_TEST_SUITE_P(InBothFormats, DltOwnColumns,
                         testing::Combine(testing::Values(LoaderFileFormat::typed_jsonl, LoaderFileFormat::parquet),
                                          testing::Bool()));

// On purpose another answer: dlt gives its own columns to a function that wants none, where a row has no others (the
// worked example C5). Skipped means skipped: such a row is an empty one, and it is a row.
TEST_F(DltCustomDestination, ARowOfOnlyNullsIsAnEmptyOne) {
  std::string text;
  std::size_t rows_taken = 0;
  const auto sink = [&](const Rows& rows, const TableSchema&) {
    text += rows.typed_json();
    rows_taken += rows.size();
    EXPECT_EQ(RecordBatch(rows).rows(), rows.size());
  };
  const Report some = run({}, sink, {R"({"a":null,"b":1})", R"({"b":null})"});
  EXPECT_EQ(some.ending, Ending::delivered) << message_of(some);
  EXPECT_EQ(text, "{\"b\":1}\n{}\n");
  text.clear();
  rows_taken = 0;
  const Report none =
      Pipeline({.name = "none",
                .custom_destination = custom_destination({.name = "sink"}, sink),
                .data_dir = folder_ / "state"})
          .run({.from_memory = {{.table = "t", .documents = documents(std::vector<std::string>(3, R"({"a":null})"))}}});
  EXPECT_EQ(none.ending, Ending::delivered) << message_of(none);
  EXPECT_EQ(none.balance.delivered, 3U);
  EXPECT_EQ(text, "{}\n{}\n{}\n");
  EXPECT_EQ(rows_taken, 3U);
}

// --- Nesting (4 cases; the worked examples C1 to C3) ---

// On purpose another answer: what the run itself says wins, as all that is typed does.
class DltNesting : public DltCustomDestination, public testing::WithParamInterface<std::optional<int>> {};

TEST_P(DltNesting, IsTheRunsOrTheDestinations) {
  std::set<std::string> tables;
  std::mutex mutex;
  const auto sink = [&](const Rows&, const TableSchema& table) {
    const std::lock_guard lock(mutex);
    tables.insert(table.name);
    EXPECT_TRUE(table.name.starts_with("users")) << table.name;
  };
  const std::vector<std::string> four_levels{
      R"({"level":1,"children":[{"level":2,"children":[{"level":3,"children":[{"level":4}]}]}]})"};
  const Report report = run({.max_table_nesting = GetParam()}, sink, four_levels);
  EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
  EXPECT_EQ(tables.size(), static_cast<std::size_t>(GetParam().value_or(3)) + 1);
  tables.clear();
  const auto to = custom_destination({.name = "other", .max_table_nesting = GetParam()}, sink);
  const Report asked =
      Pipeline({.name = "other", .custom_destination = to, .data_dir = folder_ / "state"})
          .run({.from_memory = {{.table = "users", .documents = documents(four_levels)}}, .max_table_nesting = 2});
  EXPECT_EQ(asked.ending, Ending::delivered) << message_of(asked);
  EXPECT_EQ(tables.size(), 3U);
}

INSTANTIATE_TEST_SUITE_P(OfFourLevels, DltNesting, testing::Values(std::nullopt, 0, 1, 3));

TEST_F(DltCustomDestination, NestedListsAreTablesOfTheirOwn) {
  std::map<std::string, std::string> texts;
  std::mutex mutex;
  const Report report = run_tables({.naming_convention = NamingConvention::snake_case, .max_table_nesting = 2},
                                   [&](const Rows& rows, const TableSchema& table) {
                                     const std::lock_guard lock(mutex);
                                     texts[table.name] += rows.json();
                                   },
                                   {{"Some Table",
                                     {R"({"id":1,"Tags":["a",["b"]],"o":{"x":1},"ch":[{"y":1,"z":[1]}]})",
                                      R"({"id":2})", R"({"l":[1,"a",{"x":1}]})"}}});
  EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
  EXPECT_THAT(texts, ElementsAre(Pair("some_table", "{\"id\":1,\"o__x\":1}\n{\"id\":2}\n{}\n"),
                                 Pair("some_table__ch", "{\"y\":1}\n"), Pair("some_table__ch__z", "{\"value\":1}\n"),
                                 Pair("some_table__l", "{\"value\":1}\n{\"value__v_text\":\"a\"}\n{\"x\":1}\n"),
                                 Pair("some_table__tags", "{\"value\":\"a\"}\n{\"list\":[\"b\"]}\n")));
}

// On purpose another answer: tables of lists of lists have no columns but those that a load adds, and dlt gives these.
TEST_F(DltCustomDestination, ListsOfListsAreEmptyRows) {
  std::map<std::string, std::string> texts;
  std::mutex mutex;
  const Report report = run_tables({.naming_convention = NamingConvention::snake_case, .max_table_nesting = 5},
                                   [&](const Rows& rows, const TableSchema& table) {
                                     const std::lock_guard lock(mutex);
                                     EXPECT_EQ(RecordBatch(rows).rows(), rows.size());
                                     texts[table.name] += rows.typed_json();
                                   },
                                   {{"t", {R"({"l":[[1,2],[3]]})"}}});
  EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
  EXPECT_THAT(texts, ElementsAre(Pair("t", "{}\n"), Pair("t__l", "{}\n{}\n"),
                                 Pair("t__l__list", "{\"value\":1}\n{\"value\":2}\n{\"value\":3}\n")));
}

}  // namespace
}  // namespace outfall::library
