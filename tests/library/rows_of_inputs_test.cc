// SPDX-License-Identifier: Apache-2.0
//
// What a function sees of inputs that bring their types along: Parquet, Arrow from memory with slices and dictionaries,
// separated text; by name and by position, as a record batch and as JSON.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <cmath>
#include <fstream>
#include <limits>
#include <numeric>

#include "arrow_cells.h"
#include "arrow_rows.h"
#include "custom_loading.h"
#include "sql/arrow_rows_for_tests.h"

namespace outfall::library {
namespace {

using sql::for_tests::Batch;
using sql::for_tests::Column;

class RowsOfInputs : public CustomLoading {
 protected:
  /// The rows of a query as a Parquet file.
  std::string parquet(const std::string& statement) const {
    std::string path = folder_ / "rows.parquet";
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const auto written = query_into({.destination = address(), .statement = statement, .access = QueryAccess::write},
                                    RowsFormat::parquet, file);
    EXPECT_TRUE(written) << written.error().message;
    ::close(file);
    return path;
  }

  template <class F>
  Report run_on(RunOptions options, F function, std::uint64_t batch_size = 10) {
    return pipeline(custom_destination({.name = "sink", .batches = {.batch_size = batch_size}}, function)).run(options);
  }
};

TEST_F(RowsOfInputs, ParquetKeepsItsTypesToTheirEnds) {
  const std::string path = parquet(
      "select (-9223372036854775808)::bigint as i, 255::utinyint as u, 'nan'::double as r, false as b, '' as t, "
      "'\\x00\\xFF'::blob as x, (-0.000000001)::decimal(38,9) as d, '0001-01-01'::date as day, "
      "'23:59:59.999999'::time as clock, '2024-01-02 03:04:05.123456+02'::timestamptz as moment, "
      "'1969-12-31 23:59:59.999999999'::timestamp_ns as fine, [{'a': 1}] as l, null::bigint as none");
  int calls = 0;
  const Report report = run_on({.inputs = {path}, .table = "typed"}, [&](const Rows& rows, const TableSchema&) {
    ++calls;
    ASSERT_EQ(rows.size(), 1U);
    const Row row = rows[0];
    EXPECT_EQ(row["i"], Value(std::numeric_limits<std::int64_t>::min()));
    EXPECT_EQ(row["u"], Value(std::int64_t{255}));
    EXPECT_TRUE(std::isnan(*row.get<double>("r")));
    EXPECT_EQ(row["b"], Value(false));
    EXPECT_EQ(row["t"], Value(std::string_view()));
    EXPECT_EQ(row.get<Binary>("x")->bytes, std::string_view("\0\xff", 2));
    EXPECT_EQ(row.get<Decimal>("d")->text(), "-0.000000001");
    EXPECT_EQ(row["day"], Value(Date(std::chrono::year(1) / 1 / 1)));
    EXPECT_EQ(row["clock"], Value(TimeOfDay{std::chrono::microseconds(86'399'999'999)}));
    const auto moment = row.get<Timestamp>("moment");
    EXPECT_TRUE(moment->has_zone);
    EXPECT_EQ(moment->at.time_since_epoch(), std::chrono::microseconds(1'704'157'445'123'456));
    EXPECT_EQ(*row.get<Timestamp>("fine"),
              (Timestamp{.at = std::chrono::sys_time<std::chrono::microseconds>(std::chrono::microseconds(-1)),
                         .nanoseconds = 999,
                         .has_zone = false}));
    EXPECT_EQ(row["l"], Value(JsonText{R"([{"a":1}])"}));
    EXPECT_EQ(row["none"], Value(Null{}));
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string& name = rows.columns()[i].name;
      EXPECT_TRUE(row[i] == row[name] || name == "r") << name;
    }
    const RecordBatch batch(rows);
    EXPECT_EQ(batch.columns(), rows.columns().size());
    EXPECT_EQ(rows.json(),
              "{\"i\":-9223372036854775808,\"u\":255,\"r\":null,\"b\":false,\"t\":\"\",\"x\":\"AP8=\","
              "\"d\":\"-0.000000001\",\"day\":\"0001-01-01\",\"clock\":\"23:59:59.999999\","
              "\"moment\":\"2024-01-02T01:04:05.123456Z\",\"fine\":\"1969-12-31T23:59:59.999999999\","
              "\"l\":[{\"a\":1}]}\n");
  });
  EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
  EXPECT_EQ(calls, 1);
}

/// A stream of one batch, of which rows are cut away in front and behind: those of the struct, or of its children.
class SlicedStream {
 public:
  enum class Of { the_struct, its_children };
  SlicedStream(const Batch& batch, std::int64_t begin, std::int64_t rows, Of of)
      : batch_(batch), begin_(begin), rows_(rows), of_(of) {
    stream_.private_data = this;
    stream_.get_schema = [](ArrowArrayStream* self, ArrowSchema* schema) {
      static_cast<SlicedStream*>(self->private_data)->batch_.fill(schema);
      return 0;
    };
    stream_.get_next = [](ArrowArrayStream* self, ArrowArray* array) {
      return static_cast<SlicedStream*>(self->private_data)->next(array);
    };
    stream_.get_last_error = [](ArrowArrayStream*) -> const char* { return nullptr; };
    stream_.release = [](ArrowArrayStream* self) { self->release = nullptr; };
  }
  ArrowArrayStream* get() { return &stream_; }

 private:
  int next(ArrowArray* array) {
    *array = {};
    if (std::exchange(is_over_, true)) return 0;
    batch_.fill(array);
    array->length = rows_;
    if (of_ == Of::the_struct) array->offset = begin_;
    for (std::int64_t i = 0; of_ == Of::its_children && i < array->n_children; ++i) {
      array->children[i]->offset = begin_;
      array->children[i]->length = rows_;
    }
    return 0;
  }

  const Batch& batch_;
  const std::int64_t begin_;
  const std::int64_t rows_;
  const Of of_;
  bool is_over_ = false;
  ArrowArrayStream stream_{};
};

TEST_F(RowsOfInputs, SlicesOfArraysAreTheirRowsAlone) {
  std::vector<std::optional<std::int64_t>> numbers;
  std::vector<std::optional<std::string>> texts;
  std::vector<std::optional<bool>> truths;
  std::vector<std::optional<std::int8_t>> words;
  for (int i = 0; i < 40; ++i) {
    const bool is_null = i % 3 == 1;
    numbers.push_back(is_null ? std::nullopt : std::optional<std::int64_t>(i));
    texts.push_back(is_null ? std::nullopt : std::optional(std::string(static_cast<std::size_t>(i % 5), 'x')));
    truths.push_back(is_null ? std::nullopt : std::optional(i % 2 == 0));
    words.push_back(is_null ? std::nullopt : std::optional(static_cast<std::int8_t>(i % 3 == 0 ? 0 : 1)));
  }
  const Batch batch({Column::fixed<std::int64_t>("n", "l", numbers), Column::text("t", texts),
                     Column::boolean("b", truths), Column::dictionary("w", words, {"red", std::nullopt})});
  for (const auto of : {SlicedStream::Of::the_struct, SlicedStream::Of::its_children}) {
    constexpr int begin = 9;
    constexpr int end = 36;
    SlicedStream slice(batch, begin, end - begin, of);
    std::size_t at = begin;
    RunOptions options;
    options.from_memory.push_back({.table = "slices", .rows = slice.get()});
    const Report report = run_on(std::move(options), [&](const Rows& rows, const TableSchema&) {
      expect_same(RecordBatch(rows), rows);
      for (const Row row : rows) {
        EXPECT_EQ(row.get<std::int64_t>("n"), numbers[at]);
        EXPECT_EQ(row.get<std::string_view>("t"), texts[at]);
        EXPECT_EQ(row.get<bool>("b"), truths[at]);
        const bool is_red = words[at] == 0;
        EXPECT_EQ(row["w"], is_red ? Value(std::string_view("red")) : Value(Null{})) << at;
        ++at;
      }
    });
    EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
    EXPECT_EQ(at, static_cast<std::size_t>(end));
  }
}

TEST_F(RowsOfInputs, MillionsOfRowsComeOnceAndInOrder) {
  constexpr std::int64_t rows_in_all = 2'000'000;
  std::vector<std::vector<std::int64_t>> batches;
  for (std::int64_t first = 0; first < rows_in_all; first += 65'537) {
    batches.emplace_back(static_cast<std::size_t>(std::min<std::int64_t>(65'537, rows_in_all - first)));
    std::iota(batches.back().begin(), batches.back().end(), first);
  }
  ArrowArrayStream stream = numbers_stream(std::move(batches));
  std::int64_t next = 0;
  std::int64_t in_disorder = 0;
  RunOptions options;
  options.from_memory.push_back({.table = "numbers", .rows = &stream});
  const Report report = run_on(
      std::move(options),
      [&](const Rows& rows, const TableSchema&) {
        for (const Row row : rows) in_disorder += row.get<std::int64_t>(0) != next++;
      },
      4'093);
  EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
  EXPECT_EQ(report.balance.delivered, static_cast<std::uint64_t>(rows_in_all));
  EXPECT_EQ(next, rows_in_all);
  EXPECT_EQ(in_disorder, 0);
}

TEST_F(RowsOfInputs, CellsHaveTheTypesThatTheySay) {
  const std::string path = folder_ / "cells.csv";
  std::ofstream(path) << "n,r,b,day,at,t,e\n-1,2.5,true,2024-02-29,2024-01-02T03:04:05Z,x,\"\"\n,,,,,,\n";
  std::size_t taken = 0;
  const Report report = run_on({.inputs = {path}}, [&](const Rows& rows, const TableSchema&) {
    expect_same(RecordBatch(rows), rows);
    taken += rows.size();
    EXPECT_EQ(rows[0]["n"], Value(std::int64_t{-1}));
    EXPECT_EQ(rows[0]["r"], Value(2.5));
    EXPECT_EQ(rows[0]["b"], Value(true));
    EXPECT_EQ(rows[0]["day"], Value(Date(std::chrono::year(2024) / 2 / 29)));
    EXPECT_TRUE(rows[0].get<Timestamp>("at")->has_zone);
    EXPECT_EQ(rows[0]["e"], Value(std::string_view()));
    for (std::size_t i = 0; i < rows[1].size(); ++i) EXPECT_EQ(rows[1][i], Value(Null{}));
  });
  EXPECT_EQ(report.ending, Ending::delivered) << message_of(report);
  EXPECT_EQ(taken, 2U);
}

}  // namespace
}  // namespace outfall::library
