// SPDX-License-Identifier: Apache-2.0
#include "columnar/column_builder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace outfall::columnar {
namespace {

using testing::ElementsAre;

enum class As : std::uint8_t { rows, runs };

/// An array that is released with its object.
class Exported {
 public:
  explicit Exported(ColumnBuilder builder, As as = As::rows) {
    if (as == As::rows) {
      builder.release_into(&array_);
    } else {
      builder.release_runs_into(&array_);
    }
  }
  explicit Exported(ArrowArray array) : array_(array) {}
  Exported(const Exported&) = delete;
  Exported& operator=(const Exported&) = delete;
  ~Exported() { array_.release(&array_); }

  const ArrowArray& operator*() const { return array_; }

  bool has(std::int64_t row) const {
    const auto* validity = static_cast<const std::uint8_t*>(values().buffers[0]);
    const std::int64_t at = place(row);
    return values().null_count == 0 || (validity[at / 8] >> (at % 8) & 1) != 0;
  }
  template <class T>
  T fixed(std::int64_t row) const {
    return load<T>(values(), place(row));
  }
  bool truth(std::int64_t row) const {
    const std::int64_t at = place(row);
    return (static_cast<const std::uint8_t*>(values().buffers[1])[at / 8] >> (at % 8) & 1) != 0;
  }
  std::string text(std::int64_t row) const {
    const auto begin = load<std::int32_t>(values(), place(row));
    const auto end = load<std::int32_t>(values(), place(row) + 1);
    return {static_cast<const char*>(values().buffers[2]) + begin, static_cast<std::size_t>(end - begin)};
  }

 private:
  const ArrowArray& values() const { return array_.n_children == 0 ? array_ : *array_.children[1]; }
  template <class T>
  static T load(const ArrowArray& array, std::int64_t at) {
    T value;
    std::memcpy(&value, static_cast<const std::uint8_t*>(array.buffers[1]) + at * std::int64_t{sizeof(T)}, sizeof(T));
    return value;
  }
  std::int64_t place(std::int64_t row) const {
    if (array_.n_children == 0) return row;
    std::int64_t run = 0;
    while (load<std::int32_t>(*array_.children[0], run) <= row) ++run;
    return run;
  }

  ArrowArray array_{};
};

TEST(ColumnBuilder, WithoutGapsHasNoValidity) {
  ColumnBuilder builder({.type = DataType::bigint});
  for (std::uint32_t row = 0; row < 100; ++row) builder.set_int64(row, row * 3);
  const Exported array(std::move(builder));
  EXPECT_EQ((*array).length, 100);
  EXPECT_EQ((*array).null_count, 0);
  EXPECT_EQ((*array).buffers[0], nullptr);
  EXPECT_EQ(array.fixed<std::int64_t>(99), 297);
}

TEST(ColumnBuilder, MakesRowsThatAreLeftOutNull) {
  ColumnBuilder builder({.type = DataType::bigint});
  builder.set_int64(2, 5);
  builder.set_int64(20, 6);
  builder.skip_to(23);
  const Exported array(std::move(builder));
  EXPECT_EQ((*array).length, 23);
  EXPECT_EQ((*array).null_count, 21);
  std::vector<int> rows;
  for (int row = 0; row < 23; ++row) {
    if (array.has(row)) rows.push_back(row);
  }
  EXPECT_THAT(rows, ElementsAre(2, 20));
  EXPECT_EQ(array.fixed<std::int64_t>(20), 6);
}

TEST(ColumnBuilder, KeepsTextsWithGapsAndEmptyOnes) {
  ColumnBuilder builder({.type = DataType::text});
  builder.set_text(0, "");
  builder.set_text(2, "zwei");
  builder.begin_text(3);
  builder.text().append("dr", 2);
  builder.text().append("ei", 2);
  EXPECT_EQ(builder.pending_text(), "drei");
  builder.end_text();
  builder.begin_text(4);
  builder.text().append("no", 2);
  builder.abandon_text();
  builder.skip_to(5);
  const Exported array(std::move(builder));
  EXPECT_TRUE(array.has(0));
  EXPECT_FALSE(array.has(1));
  EXPECT_FALSE(array.has(4));
  EXPECT_EQ(array.text(0) + "|" + array.text(1) + "|" + array.text(2) + "|" + array.text(3) + "|" + array.text(4),
            "||zwei|drei|");
}

TEST(ColumnBuilder, PacksBools) {
  ColumnBuilder builder({.type = DataType::bool_});
  for (std::uint32_t row = 0; row < 30; ++row) {
    if (row % 5 != 4) builder.set_bool(row, row % 3 == 0);
  }
  builder.skip_to(30);
  const Exported array(std::move(builder));
  for (int row = 0; row < 30; ++row) {
    EXPECT_EQ(array.has(row), row % 5 != 4) << row;
    if (array.has(row)) {
      EXPECT_EQ(array.truth(row), row % 3 == 0) << row;
    }
  }
}

TEST(ColumnBuilder, HoldsEachFixedWidth) {
  ColumnBuilder dates({.type = DataType::date});
  dates.set_date(1, -7);
  ColumnBuilder doubles({.type = DataType::double_});
  doubles.set_double(0, 0.1);
  ColumnBuilder decimals({.type = DataType::decimal});
  decimals.set_decimal(1, -(schema::Int128{1} << 100));
  EXPECT_EQ(Exported(std::move(dates)).fixed<std::int32_t>(1), -7);
  EXPECT_EQ(Exported(std::move(doubles)).fixed<double>(0), 0.1);
  EXPECT_TRUE(Exported(std::move(decimals)).fixed<schema::Int128>(1) == -(schema::Int128{1} << 100));
}

/// One step at random: a value, a gap, or rows taken back; and the rows as they must be.
template <class Set, class Get>
void check_truncation(DataType type, As as, Set set, Get get) {
  for (unsigned seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    ColumnBuilder builder({.type = type});
    std::vector<int> expected;  // -1: null
    for (int step = 0; step < 60; ++step) {
      const auto choice = random() % 8;
      if (choice == 0) {
        expected.resize(random() % (expected.size() + 1));
        builder.truncate(static_cast<std::uint32_t>(expected.size()));
      } else {
        expected.resize(expected.size() + (choice < 3 ? random() % 40 : 0), -1);
        const int value = static_cast<int>(random() % 2);
        set(builder, static_cast<std::uint32_t>(expected.size()), value);
        expected.push_back(value);
      }
    }
    builder.skip_to(static_cast<std::uint32_t>(expected.size()));
    EXPECT_EQ(builder.null_count(), std::ranges::count(expected, -1)) << "seed " << seed;
    const Exported array(std::move(builder), as);
    ASSERT_EQ((*array).length, static_cast<std::int64_t>(expected.size())) << "seed " << seed;
    for (std::size_t row = 0; row < expected.size(); ++row) {
      const auto at = static_cast<std::int64_t>(row);
      ASSERT_EQ(array.has(at) ? get(array, at) : -1, expected[row]) << "seed " << seed << ", row " << row;
    }
  }
}

TEST(ColumnBuilder, TakesRowsBackAnywhere) {
  for (const As as : {As::rows, As::runs}) {
    check_truncation(
        DataType::bigint, as,
        [](ColumnBuilder& builder, std::uint32_t row, int value) { builder.set_int64(row, value); },
        [](const Exported& array, std::int64_t row) { return static_cast<int>(array.fixed<std::int64_t>(row)); });
    check_truncation(
        DataType::bool_, as,
        [](ColumnBuilder& builder, std::uint32_t row, int value) { builder.set_bool(row, value == 1); },
        [](const Exported& array, std::int64_t row) { return array.truth(row) ? 1 : 0; });
    check_truncation(
        DataType::text, as,
        [](ColumnBuilder& builder, std::uint32_t row, int value) { builder.set_text(row, value == 1 ? "one" : ""); },
        [](const Exported& array, std::int64_t row) { return array.text(row) == "one" ? 1 : 0; });
  }
}

TEST(ColumnBuilder, ALongGapTakesNoMemory) {
  ColumnBuilder builder({.type = DataType::bigint});
  builder.set_int64(1'000'000, 7);
  builder.skip_to(2'000'000);
  EXPECT_LT(builder.room().values, 2 * sizeof(std::int64_t));
  EXPECT_EQ(builder.gap_bytes(), 1'999'999 * sizeof(std::int64_t) + 250'000);
  EXPECT_EQ(builder.runs(), 3U);
  const Exported array(std::move(builder), As::runs);
  EXPECT_EQ((*array).length, 2'000'000);
  EXPECT_EQ((*array).children[0]->length, 3);
  EXPECT_EQ(array.fixed<std::int64_t>(1'000'000), 7);
  EXPECT_FALSE(array.has(999'999) || array.has(1'000'001));
}

TEST(ColumnBuilder, MakesColumnsOfNullsAndOfOneText) {
  ArrowArray made;
  make_null_array({.type = DataType::text}, 9, &made);
  const Exported nulls(made);
  EXPECT_EQ((*nulls).length, 9);
  EXPECT_EQ((*nulls).null_count, 9);
  EXPECT_FALSE(nulls.has(8));

  make_constant_text_array("load", 1000, &made);
  const Exported constant(made);
  EXPECT_EQ((*constant).length, 1000);
  EXPECT_EQ(constant.fixed<std::int8_t>(999), 0);
  ASSERT_NE((*constant).dictionary, nullptr);
  EXPECT_EQ((*constant).dictionary->length, 1);
}

TEST(ColumnTypes, HaveArrowsFormats) {
  EXPECT_EQ(arrow_format({.type = DataType::text}), "u");
  EXPECT_EQ(arrow_format({.type = DataType::json}), "u");
  EXPECT_EQ(arrow_format({.type = DataType::bool_}), "b");
  EXPECT_EQ(arrow_format({.type = DataType::timestamp}), "tsu:UTC");
  EXPECT_EQ(arrow_format({.type = DataType::timestamp, .with_timezone = false}), "tsu:");
  EXPECT_EQ(arrow_format({.type = DataType::decimal}), "d:38,9");
  EXPECT_EQ(arrow_format({.type = DataType::decimal, .precision = 10, .scale = 2}), "d:10,2");
  EXPECT_EQ(arrow_format({.type = DataType::wei}), "d:38,0");
}

}  // namespace
}  // namespace outfall::columnar
