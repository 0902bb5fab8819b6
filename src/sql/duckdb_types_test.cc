// SPDX-License-Identifier: Apache-2.0
//
// Every type arrives in DuckDB exactly, at its extremes.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "sql/arrow_rows_for_tests.h"
#include "sql/dialect.h"
#include "sql/duckdb_for_tests.h"

namespace outfall::sql {
namespace {

using for_tests::Batch;
using for_tests::Column;
using testing::ElementsAre;
__extension__ using Int128 = __int128;

constexpr std::int64_t int64_min = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();

Int128 power_of_ten(int digits) {
  Int128 out = 1;
  for (int i = 0; i < digits; ++i) out *= 10;
  return out;
}

class DuckDbTypes : public for_tests::DuckDb {
 protected:
  void SetUp() override {
    connection_ = open(file());
    ASSERT_NE(connection_, nullptr);
  }

  /// What `show` says about the column after its rows went into a table of that type.
  std::vector<std::string> stored(ColumnType type, Column column, std::string_view show = "v::VARCHAR") {
    std::string word = type_name(duckdb_dialect(), type).value();
    std::string table = fmt::format("t{}", ++tables_);
    auto made = connection_->execute(fmt::format("CREATE TABLE {} (v {})", table, word));
    EXPECT_TRUE(made) << made.error().message;
    Batch batch({std::move(column)});
    ArrowArrayStream stream = batch.stream();
    const std::string columns[] = {"v"};
    auto taken = connection_->insert_stream({"data", "main", table}, columns, &stream);
    if (!taken) return {taken.error().message};
    auto rows = connection_->rows(fmt::format("SELECT {} FROM {} ORDER BY rowid", show, table));
    if (!rows) return {rows.error().message};
    std::vector<std::string> out;
    for (const TextRow& row : *rows) out.push_back(row.at(0).value_or("NULL"));
    return out;
  }

  std::unique_ptr<Connection> connection_;
  int tables_ = 0;
};

TEST_F(DuckDbTypes, Text) {
  EXPECT_THAT(stored({.type = DataType::text},
                     Column::text("v", {"", "naïve 🦚", std::string("a\0b", 3), "'; DROP TABLE t1; --", std::nullopt}),
                     "CASE WHEN contains(v, chr(0)) THEN 'NUL ' || strlen(v) ELSE v END"),
              ElementsAre("", "naïve 🦚", "NUL 3", "'; DROP TABLE t1; --", "NULL"));
  EXPECT_THAT(stored({.type = DataType::text, .precision = 2}, Column::text("v", {"longer than it says"})),
              ElementsAre("longer than it says"));
  std::string long_text(3 << 20, 'x');
  EXPECT_THAT(stored({.type = DataType::text}, Column::text("v", {long_text}), "strlen(v)"), ElementsAre("3145728"));
}

TEST_F(DuckDbTypes, DictionaryText) {
  EXPECT_THAT(stored({.type = DataType::text}, Column::dictionary("v", {1, 0, std::nullopt, 1}, {"low", "high"})),
              ElementsAre("high", "low", "NULL", "high"));
}

TEST_F(DuckDbTypes, Integers) {
  EXPECT_THAT(stored({.type = DataType::bigint},
                     Column::fixed<std::int64_t>("v", "l", {int64_min, 0, int64_max, std::nullopt})),
              ElementsAre("-9223372036854775808", "0", "9223372036854775807", "NULL"));
  EXPECT_THAT(stored({.type = DataType::bigint, .precision = 8}, Column::fixed<std::int64_t>("v", "l", {-128, 127})),
              ElementsAre("-128", "127"));
  EXPECT_THAT(stored({.type = DataType::bigint, .precision = 8}, Column::fixed<std::int64_t>("v", "l", {128})),
              ElementsAre(testing::HasSubstr("out of range")));
}

TEST_F(DuckDbTypes, Doubles) {
  using Limits = std::numeric_limits<double>;
  EXPECT_THAT(stored({.type = DataType::double_},
                     Column::fixed<double>("v", "g",
                                           {Limits::max(), Limits::denorm_min(), -0.0, 0.1, Limits::infinity(),
                                            Limits::quiet_NaN(), std::nullopt})),
              ElementsAre("1.7976931348623157e+308", "5e-324", "-0.0", "0.1", "inf", "nan", "NULL"));
}

TEST_F(DuckDbTypes, Booleans) {
  EXPECT_THAT(stored({.type = DataType::bool_}, Column::boolean("v", {true, false, std::nullopt})),
              ElementsAre("true", "false", "NULL"));
}

TEST_F(DuckDbTypes, Timestamps) {
  // From the year 1 to 9999.
  EXPECT_THAT(
      stored({.type = DataType::timestamp},
             Column::fixed<std::int64_t>("v", "tsu:UTC", {-62135596800000000, 0, 1, 253402300799999999, std::nullopt})),
      ElementsAre("0001-01-01 00:00:00+00", "1970-01-01 00:00:00+00", "1970-01-01 00:00:00.000001+00",
                  "9999-12-31 23:59:59.999999+00", "NULL"));
  EXPECT_THAT(stored({.type = DataType::timestamp, .with_timezone = false},
                     Column::fixed<std::int64_t>("v", "tsu:", {-62135596800000000, 253402300799999999})),
              ElementsAre("0001-01-01 00:00:00", "9999-12-31 23:59:59.999999"));
  EXPECT_THAT(stored({.type = DataType::timestamp, .precision = 3, .with_timezone = false},
                     Column::fixed<std::int64_t>("v", "tsu:", {1'700'000'000'123'000})),
              ElementsAre("2023-11-14 22:13:20.123"));
}

TEST_F(DuckDbTypes, DatesAndTimes) {
  EXPECT_THAT(
      stored({.type = DataType::date}, Column::fixed<std::int32_t>("v", "tdD", {-719162, 0, 2932896, std::nullopt})),
      ElementsAre("0001-01-01", "1970-01-01", "9999-12-31", "NULL"));
  EXPECT_THAT(stored({.type = DataType::time}, Column::fixed<std::int64_t>("v", "ttu", {0, 86399999999, std::nullopt})),
              ElementsAre("00:00:00", "23:59:59.999999", "NULL"));
}

TEST_F(DuckDbTypes, Decimals) {
  Int128 most = power_of_ten(38) - 1;
  EXPECT_THAT(stored({.type = DataType::decimal}, Column::fixed<Int128>("v", "d:38,9", {most, -most, 1, std::nullopt})),
              ElementsAre("99999999999999999999999999999.999999999", "-99999999999999999999999999999.999999999",
                          "0.000000001", "NULL"));
  EXPECT_THAT(stored({.type = DataType::wei}, Column::fixed<Int128>("v", "d:38,0", {most, -most})),
              ElementsAre("99999999999999999999999999999999999999", "-99999999999999999999999999999999999999"));
  EXPECT_THAT(
      stored({.type = DataType::decimal, .precision = 5, .scale = 2}, Column::fixed<Int128>("v", "d:5,2", {-99999})),
      ElementsAre("-999.99"));
}

TEST_F(DuckDbTypes, Binary) {
  EXPECT_THAT(stored({.type = DataType::binary},
                     Column::bytes("v", "z", {"", std::string("\0\xff\x80'\\", 5), std::nullopt}), "hex(v)"),
              ElementsAre("", "00FF80275C", "NULL"));
}

TEST_F(DuckDbTypes, Json) {
  EXPECT_THAT(stored({.type = DataType::json},
                     Column::text("v", {R"({"b": 1.50, "a":[1e400, null]})", R"("text")", "null", "[]", std::nullopt})),
              ElementsAre(R"({"b": 1.50, "a":[1e400, null]})", R"("text")", "null", "[]", "NULL"));
  EXPECT_THAT(stored({.type = DataType::json}, Column::text("v", {"{broken"})),
              ElementsAre(testing::HasSubstr("JSON")));
}

}  // namespace
}  // namespace outfall::sql
