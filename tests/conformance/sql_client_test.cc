// SPDX-License-Identifier: Apache-2.0
//
// What SqlClient promises on every database: values in their places and back, rows and batches as they are asked for,
// transactions, and errors that say what can be made of them.
#include "outfall/sql_client.h"

#include "conformance.h"

namespace outfall {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string shown(const Value& value) {
  struct Show {
    std::string operator()(Null) const { return "null"; }
    std::string operator()(bool truth) const { return truth ? "true" : "false"; }
    std::string operator()(std::int64_t number) const { return fmt::format("int {}", number); }
    std::string operator()(double number) const { return fmt::format("double {}", number); }
    std::string operator()(const Decimal& number) const { return "decimal " + number.text(); }
    std::string operator()(std::string_view text) const { return fmt::format("text {}", text); }
    std::string operator()(const Binary& binary) const {
      std::string digits = "binary ";
      for (const char byte : binary.bytes) digits += fmt::format("{:02x}", static_cast<unsigned char>(byte));
      return digits;
    }
    std::string operator()(Date date) const { return fmt::format("day {}", date.time_since_epoch().count()); }
    std::string operator()(const TimeOfDay& time) const { return fmt::format("time {}", time.since_midnight.count()); }
    std::string operator()(const Timestamp& moment) const {
      return fmt::format("{} {}.{:03}", moment.has_zone ? "moment" : "reading", moment.at.time_since_epoch().count(),
                         moment.nanoseconds);
    }
    std::string operator()(const JsonText& json) const {
      std::string text(json.text);
      std::erase(text, ' ');
      return "json " + text;
    }
  };
  return std::visit(Show{}, value);
}

std::vector<std::string> shown(const SqlRows& rows) {
  std::vector<std::string> all;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    for (std::size_t column = 0; column < rows.columns().size(); ++column)
      all.push_back(shown(rows[row].value(column)));
  }
  return all;
}

std::vector<std::string> shown(const SqlResult<SqlRows>& rows) {
  return rows ? shown(*rows) : std::vector<std::string>{"failed: " + rows.error().message};
}

class SqlClientTest : public Conformance {
 protected:
  void SetUp() override {
    Conformance::SetUp();
    client_.emplace(open(QueryAccess::write));
  }
  /// Each test has a database of its own.
  SqlClient open(QueryAccess access, std::stop_token stop = {}) {
    auto opened = SqlClient::open({.destination = destination_->address(), .access = access, .stop = std::move(stop)});
    if (!opened) ADD_FAILURE() << opened.error().message;
    return std::move(*opened);
  }
  std::string name() const { return GetParam().name; }
  bool is(std::string_view name) const { return GetParam().name == name; }

  SqlRows run(std::string_view statement, std::span<const Value> values = {}) {
    auto done = client_->execute_sql(statement, values);
    EXPECT_TRUE(done) << statement << ": " << done.error().message;
    return done ? *done : SqlRows(nullptr);
  }
  /// The table `numbers` with the rows 1 to `count`.
  void make_numbers(int count) {
    run("CREATE TABLE numbers (n BIGINT)");
    const std::string series = fmt::format(
        "WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {}) "
        "INSERT INTO numbers SELECT n FROM s",
        count);
    EXPECT_EQ(run(series).changed(), static_cast<std::uint64_t>(count));
  }
  std::int64_t count(SqlClient& client, std::string_view table) {
    const auto rows = client.execute_sql(fmt::format("SELECT count(*) FROM {}", table));
    return rows ? (*rows)[0].get<std::int64_t>(0).value_or(-1) : -2;
  }

  std::optional<SqlClient> client_;
};

TEST_P(SqlClientTest, PlaceholdersOfThreeKindsTakeValues) {
  run("CREATE TABLE t (id BIGINT, name VARCHAR(100), note VARCHAR(100))");
  const Value first[] = {std::int64_t{1}, std::string_view("Ann; DROP TABLE t; --"), std::string_view("it's ? %s $1")};
  EXPECT_EQ(run("INSERT INTO t VALUES (%s, %s, %s)", first).changed(), 1u);
  const Value second[] = {std::int64_t{2}, std::string_view(""), Null{}};
  EXPECT_EQ(run("INSERT INTO t VALUES (?, ?, ?)", second).changed(), 1u);
  const Value third[] = {std::string_view("Bob"), std::int64_t{3}};
  EXPECT_EQ(run("INSERT INTO t VALUES ($2, $1, $1)", third).changed(), 1u);
  EXPECT_THAT(shown(client_->execute_sql("SELECT * FROM t ORDER BY id")),
              ElementsAre("int 1", "text Ann; DROP TABLE t; --", "text it's ? %s $1", "int 2", "text ", "null", "int 3",
                          "text Bob", "text Bob"));
  EXPECT_THAT(shown(client_->execute_sql("SELECT id, '?%s$1' FROM t WHERE id %% 2 = %s /* ? %s */ ORDER BY id -- $1",
                                         {std::int64_t{1}})),
              ElementsAre("int 1", "text ?%s$1", "int 3", "text ?%s$1"));
  EXPECT_THAT(shown(client_->execute_sql("SELECT id % 2 FROM t WHERE name LIKE '%nn%'")), ElementsAre("int 1"));
}

TEST_P(SqlClientTest, TellsOfPlacesAndValuesThatDoNotMatch) {
  const auto fewer = client_->execute_sql("SELECT %s, %s", {std::int64_t{1}});
  ASSERT_FALSE(fewer);
  EXPECT_THAT(fewer.error().message, HasSubstr("the statement has a placeholder 2, and there is 1 value"));
  EXPECT_EQ(fewer.error().blame, Blame::usage);
  const auto more = client_->execute_sql("SELECT '?'", {std::int64_t{1}});
  ASSERT_FALSE(more);
  EXPECT_THAT(more.error().message, HasSubstr("the statement has places for 0 of 1 value"));
  EXPECT_EQ(more.error().kind, SqlErrorKind::terminal);
  EXPECT_EQ(count(*client_, "(SELECT 1) AS s"), 1);  // nothing was sent that did any harm
}

TEST_P(SqlClientTest, EveryTypeGoesInAndComesBack) {
  const std::string moment = is("sqlite") ? "DATETIME" : "TIMESTAMP WITH TIME ZONE";
  const std::string numeric = is("sqlite") ? "NUMERIC_TEXT" : "NUMERIC";
  const std::string json = is("postgres") ? "JSONB" : "JSON";
  const std::string binary = is("postgres") ? "BYTEA" : "BLOB";
  run(fmt::format(
      "CREATE TABLE every (a_bool BOOLEAN, a_bigint BIGINT, a_double {}, a_decimal {}(38,9), a_wei {}(38,0), "
      "a_text VARCHAR(100), a_binary {}, a_date DATE, a_time TIME, a_moment {}, a_reading {}, "
      "a_json {})",
      is("postgres") ? "DOUBLE PRECISION" : "DOUBLE", numeric, numeric, binary, moment,
      is("sqlite") ? "DATETIME" : "TIMESTAMP", json));
  const auto moment_at = [](std::int64_t microseconds, bool has_zone) {
    return Timestamp{.at = std::chrono::sys_time<std::chrono::microseconds>(std::chrono::microseconds(microseconds)),
                     .has_zone = has_zone};
  };
  const std::uint64_t minus = ~std::uint64_t{0};
  const Value values[] = {
      true,
      std::numeric_limits<std::int64_t>::min(),
      0.1,
      Decimal{.unscaled = {static_cast<std::uint64_t>(-1'500'000'001), minus, minus, minus}, .scale = 9},
      Decimal{.unscaled = {0, std::uint64_t{1} << 60, 0, 0}, .scale = 0},
      std::string_view("naïve 🦚"),
      Binary{std::string_view("\0\xff\x01", 3)},
      Date(std::chrono::days(-1)),
      TimeOfDay{std::chrono::microseconds(1)},
      moment_at(-1, true),
      moment_at(1'700'000'000'123'456, false),
      JsonText{R"({"a":[1,null]})"}};
  run("INSERT INTO every VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", values);
  const Value nulls[12] = {};
  run("INSERT INTO every VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", nulls);
  const std::string clock = is("sqlite") ? "moment" : "reading";  // its columns say nothing of a zone
  const std::vector<std::string> there{"true",
                                       "int -9223372036854775808",
                                       "double 0.1",
                                       "decimal -1.500000001",
                                       "decimal 21267647932558653966460912964485513216",
                                       "text naïve 🦚",
                                       "binary 00ff01",
                                       "day -1",
                                       "time 1000",
                                       "moment -1.000",
                                       clock + " 1700000000123456.000",
                                       R"(json {"a":[1,null]})"};
  const SqlRows rows = run("SELECT * FROM every WHERE a_bigint IS NOT NULL");
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(shown(rows), there);
  EXPECT_THAT(shown(run("SELECT * FROM every WHERE a_bigint IS NULL")), testing::Each("null"));
  // Each finds its own row.
  for (std::size_t i = 0; i < std::size(values) - 1; ++i) {
    const std::string column(rows.columns()[i].name);
    const auto equal =
        client_->execute_sql(fmt::format("SELECT count(*) FROM every WHERE {} = %s", column), {values[i]});
    EXPECT_THAT(shown(equal), ElementsAre("int 1")) << column;
  }
}

TEST_P(SqlClientTest, NumbersOfMoreDigitsThanADecimalGoWhereTheyCan) {
  const Decimal wide{.unscaled = {0, 0, 0, 1}, .scale = 0};  // 2^192, 58 digits
  run(fmt::format("CREATE TABLE w (v {})", is("sqlite") ? "NUMERIC_TEXT" : is("postgres") ? "NUMERIC" : "VARCHAR"));
  const auto done = client_->execute_sql("INSERT INTO w VALUES ($1)", {wide});
  if (is("duckdb")) {
    ASSERT_FALSE(done);
    EXPECT_THAT(done.error().message, HasSubstr("value 1 is a number of more than 38 digits"));
    EXPECT_THAT(done.error().hint, HasSubstr("give it as a text"));
    return;
  }
  ASSERT_TRUE(done) << done.error().message;
  const auto found = client_->execute_sql("SELECT v FROM w WHERE v = ?", {wide});
  ASSERT_EQ(shown(found).size(), 1u);
  EXPECT_THAT(shown(found).front(), testing::EndsWith("6277101735386680763835789423207666416102355444464034512896"));
}

TEST_P(SqlClientTest, FetchesAsItIsAskedFor) {
  make_numbers(25'000);
  auto cursor = client_->execute_query("SELECT n FROM numbers WHERE n > %s ORDER BY n", {std::int64_t{10}});
  ASSERT_TRUE(cursor) << cursor.error().message;
  ASSERT_EQ(cursor->columns().size(), 1u);
  EXPECT_EQ(cursor->columns()[0].name, "n");
  EXPECT_EQ(cursor->columns()[0].type, DataType::bigint);
  const auto first = cursor->fetchone();
  ASSERT_TRUE(first);
  EXPECT_EQ((**first).get<std::int64_t>("n"), 11);
  EXPECT_EQ((**first).get<std::int64_t>("m"), std::nullopt);
  const auto some = cursor->fetchmany(2);
  EXPECT_THAT(shown(some), ElementsAre("int 12", "int 13"));
  ArrowArray batch{};
  ArrowSchema schema{};
  ASSERT_TRUE(cursor->arrow(&batch, &schema, 12'000).value());
  EXPECT_EQ(batch.length, 12'000);
  batch.release(&batch);
  schema.release(&schema);
  std::size_t calls = 0;
  ASSERT_TRUE(cursor->iter_fetch(1'000, [&](const SqlRows& rows) {
    EXPECT_EQ(rows[0].get<std::int64_t>(0), 12'014 + static_cast<std::int64_t>(calls) * 1'000);
    return ++calls < 2;
  }));
  const auto rest = cursor->fetchall();
  ASSERT_TRUE(rest) << rest.error().message;
  EXPECT_EQ(rest->size(), 25'000u - 14'013u);
  EXPECT_EQ((*rest)[rest->size() - 1].get<std::int64_t>(0), 25'000);
  EXPECT_FALSE(cursor->fetchone().value());
  EXPECT_TRUE(cursor->fetchmany(1)->empty());
  EXPECT_FALSE(cursor->arrow(&batch, &schema).value());
}

TEST_P(SqlClientTest, GivesBatchesAndTheRestAsAStream) {
  make_numbers(5'000);
  for (const bool has_value : {false, true}) {
    auto cursor = has_value ? client_->execute_query("SELECT n FROM numbers WHERE n > ?", {std::int64_t{0}})
                            : client_->execute_query("SELECT n FROM numbers");
    ASSERT_TRUE(cursor) << cursor.error().message;
    std::vector<std::int64_t> sizes;
    ASSERT_TRUE(cursor->iter_arrow(1'500, [&](ArrowArray* some, ArrowSchema* schema) {
      sizes.push_back(some->length);
      some->release(some);
      schema->release(schema);
      return sizes.size() < 2;
    }));
    EXPECT_THAT(sizes, ElementsAre(1'500, 1'500));
    ArrowArrayStream stream{};
    ASSERT_TRUE(cursor->arrow_stream(&stream));
    std::int64_t rows = 0;
    ArrowArray batch{};
    while (stream.get_next(&stream, &batch) == 0 && batch.release != nullptr) {
      rows += batch.length;
      batch.release(&batch);
    }
    EXPECT_EQ(rows, 2'000);
    stream.release(&stream);
  }
}

TEST_P(SqlClientTest, OneCursorAtATime) {
  make_numbers(3);
  auto cursor = client_->execute_query("SELECT n FROM numbers");
  ASSERT_TRUE(cursor);
  const auto beside = client_->execute_sql("SELECT 1");
  ASSERT_FALSE(beside);
  EXPECT_THAT(beside.error().message, HasSubstr("the cursor of an earlier statement is open"));
  {
    const SqlCursor gone = std::move(*cursor);
  }
  EXPECT_TRUE(client_->execute_sql("SELECT 1"));
}

TEST_P(SqlClientTest, TransactionsAreKeptOrTakenBack) {
  make_numbers(3);
  {
    auto transaction = client_->begin_transaction();
    ASSERT_TRUE(transaction) << transaction.error().message;
    EXPECT_FALSE(client_->begin_transaction());
    run("DELETE FROM numbers WHERE n > ?", {{Value(std::int64_t{1})}});
    // Whatever a value is: nobody ends the transaction for it.
    const Timestamp now{.at = std::chrono::sys_time<std::chrono::microseconds>(std::chrono::microseconds(1))};
    EXPECT_TRUE(client_->execute_sql("INSERT INTO numbers SELECT 1 WHERE %s IS NULL", {now}));
    EXPECT_THAT(shown(client_->execute_sql("SELECT n FROM numbers WHERE n < ?", {std::int64_t{9}})),
                ElementsAre("int 1"));
  }
  EXPECT_EQ(count(*client_, "numbers"), 3);
  {
    auto transaction = client_->begin_transaction();
    run("INSERT INTO numbers VALUES (4)");
    ASSERT_TRUE(transaction->commit());
    EXPECT_FALSE(transaction->commit());
  }
  EXPECT_EQ(count(*client_, "numbers"), 4);
  auto transaction = client_->begin_transaction();
  run("INSERT INTO numbers VALUES (5)");
  EXPECT_FALSE(client_->execute_sql("SELECT n FROM nowhere"));
  const auto committed = transaction->commit();
  ASSERT_FALSE(committed);
  EXPECT_THAT(committed.error().message, HasSubstr("nothing of the transaction was kept"));
  EXPECT_EQ(count(*client_, "numbers"), 4);
}

TEST_P(SqlClientTest, ErrorsSayWhatCanBeMadeOfThem) {
  const auto missing = client_->execute_sql("SELECT * FROM nowhere");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, SqlErrorKind::undefined_relation);
  const auto elsewhere = client_->execute_sql("SELECT * FROM nobody.nowhere");
  ASSERT_FALSE(elsewhere);
  EXPECT_EQ(elsewhere.error().kind, SqlErrorKind::undefined_relation) << elsewhere.error().message;
  const auto wrong = client_->execute_sql("SELEKT 1");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().kind, SqlErrorKind::terminal);
  run("CREATE TABLE one (n BIGINT PRIMARY KEY)");
  const auto column = client_->execute_sql("SELECT m FROM one");
  ASSERT_FALSE(column);
  EXPECT_EQ(column.error().kind, SqlErrorKind::terminal) << column.error().message;
  run("INSERT INTO one VALUES (1)");
  const auto twice = client_->execute_sql("INSERT INTO one VALUES (%s)", {std::int64_t{1}});
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().kind, SqlErrorKind::terminal);
}

TEST_P(SqlClientTest, ConflictsOfTwoTransactionsAreTransient) {
  if (is("sqlite")) return;  // one waits for the other
  make_numbers(2);
  SqlClient other = open(QueryAccess::write);
  if (is("postgres")) {
    ASSERT_TRUE(other.execute_sql("SET lock_timeout = '20ms'"));
  }
  auto transaction = client_->begin_transaction();
  run("UPDATE numbers SET n = 7 WHERE n = 1");
  const auto beside = other.execute_sql("UPDATE numbers SET n = 8 WHERE n = 1");
  ASSERT_FALSE(beside);
  EXPECT_EQ(beside.error().kind, SqlErrorKind::transient) << beside.error().message;
}

TEST_P(SqlClientTest, ReadsOnlyUnlessItMayWrite) {
  make_numbers(2);
  client_.reset();
  SqlClient reading = open(QueryAccess::read_only);
  const auto refused = reading.execute_sql("DELETE FROM numbers");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, SqlErrorKind::terminal) << refused.error().message;
  EXPECT_EQ(count(reading, "numbers"), 2);  // a statement that failed is in nobody's way
  EXPECT_THAT(shown(reading.execute_sql("SELECT n FROM numbers WHERE n = ?", {std::int64_t{2}})), ElementsAre("int 2"));
}

// The session may be gone before its answer: nobody knows whether the transaction was kept.
TEST_P(SqlClientTest, ALostAnswerToACommitIsUnknown) {
  if (!is("postgres")) return;  // the others are in this process
  make_numbers(1);
  const std::int64_t session = *run("SELECT pg_backend_pid()::bigint")[0].get<std::int64_t>(0);
  SqlClient other = open(QueryAccess::write);
  auto transaction = client_->begin_transaction();
  run("INSERT INTO numbers VALUES (2)");
  ASSERT_TRUE(other.execute_sql("SELECT pg_terminate_backend($1::integer)", {session}));
  const auto is_there = [&] {
    const auto there = other.execute_sql("SELECT 1 FROM pg_stat_activity WHERE pid = $1", {session});
    return there && !there->empty();
  };
  while (is_there()) continue;
  const auto committed = transaction->commit();
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().kind, SqlErrorKind::unknown) << committed.error().message;
  EXPECT_THAT(committed.error().hint, HasSubstr("look whether"));
}

TEST_P(SqlClientTest, ACommitBehindAFailureIsOfItsKind) {
  auto transaction = client_->begin_transaction();
  EXPECT_FALSE(client_->execute_sql("SELECT n FROM nowhere"));
  const auto committed = transaction->commit();
  ASSERT_FALSE(committed);
  EXPECT_EQ(committed.error().kind, SqlErrorKind::undefined_relation) << committed.error().message;
}

TEST_P(SqlClientTest, StatementsNeitherBeginNorEndTransactions) {
  make_numbers(1);
  auto transaction = client_->begin_transaction();
  run("INSERT INTO numbers VALUES (2)");
  for (const char* statement : {"ROLLBACK", " commit;", "/* a */ End", "-- a\nABORT", "BEGIN", "start transaction"}) {
    const auto refused = client_->execute_sql(statement);
    ASSERT_FALSE(refused) << statement;
    EXPECT_THAT(refused.error().message, HasSubstr("a statement does not begin or end a transaction")) << statement;
  }
  if (!is("duckdb")) {  // which has no savepoints
    run("SAVEPOINT here");
    run("INSERT INTO numbers VALUES (3)");
    run("ROLLBACK TO here");
  }
  EXPECT_TRUE(transaction->commit());
  EXPECT_EQ(count(*client_, "numbers"), 2);
}

TEST_P(SqlClientTest, AReadingTransactionCannotBeMadeToWrite) {
  if (!is("postgres")) return;
  make_numbers(2);
  SqlClient reading = open(QueryAccess::read_only);
  auto transaction = reading.begin_transaction();
  EXPECT_FALSE(reading.execute_sql("SET TRANSACTION READ WRITE"));
  EXPECT_FALSE(reading.execute_sql("DELETE FROM numbers"));
  EXPECT_FALSE(transaction->commit());
  EXPECT_EQ(count(*client_, "numbers"), 2);
}

TEST_P(SqlClientTest, TellsWhatTheCommitOfAQueryWithValuesAnswers) {
  if (!is("postgres")) return;
  run("CREATE TABLE once (id BIGINT UNIQUE DEFERRABLE INITIALLY DEFERRED)");
  run("CREATE FUNCTION put(v BIGINT) RETURNS BIGINT LANGUAGE SQL AS 'INSERT INTO once VALUES (v) RETURNING id'");
  const auto twice =
      client_->execute_sql("SELECT put(n) FROM (VALUES (1), (1)) AS v(n) WHERE n = %s", {std::int64_t{1}});
  ASSERT_FALSE(twice);
  EXPECT_THAT(twice.error().message, HasSubstr("23505"));
  EXPECT_EQ(count(*client_, "once"), 0);
}

TEST_P(SqlClientTest, CommentsAreInNobodysWay) {
  EXPECT_THAT(shown(client_->execute_sql("-- a\n/* b */ SELECT 1 AS a -- c")), ElementsAre("int 1"));
  EXPECT_THAT(
      shown(client_->execute_sql("/* a */ SELECT n FROM (SELECT 1 AS n) AS s WHERE n = %s -- c", {std::int64_t{1}})),
      ElementsAre("int 1"));
}

TEST_P(SqlClientTest, AQueryWithValuesMayChangeRows) {
  if (!is("postgres")) return;
  make_numbers(1);
  auto transaction = client_->begin_transaction();
  EXPECT_THAT(shown(client_->execute_sql("WITH x AS (INSERT INTO numbers VALUES (%s) RETURNING n) SELECT n FROM x",
                                         {std::int64_t{7}})),
              ElementsAre("int 7"));
  EXPECT_TRUE(transaction->commit());
  EXPECT_EQ(count(*client_, "numbers"), 2);
}

TEST_P(SqlClientTest, RowsThatWereGivenAwayAreNotTheCursors) {
  make_numbers(5);
  auto cursor = client_->execute_query("SELECT n FROM numbers");
  ASSERT_TRUE(cursor);
  ArrowArrayStream stream{};
  ASSERT_TRUE(cursor->arrow_stream(&stream));
  EXPECT_FALSE(cursor->fetchone().value());
  EXPECT_TRUE(cursor->fetchall()->empty());
  stream.release(&stream);
}

TEST_P(SqlClientTest, NoRowsAtATimeAreNoEnd) {
  make_numbers(2);
  auto cursor = client_->execute_query("SELECT n FROM numbers");
  ASSERT_TRUE(cursor);
  EXPECT_FALSE(cursor->iter_fetch(0, [](const SqlRows&) { return true; }));
  EXPECT_FALSE(cursor->iter_arrow(0, [](ArrowArray*, ArrowSchema*) { return true; }));
  EXPECT_EQ(cursor->fetchall()->size(), 2u);
}

TEST_P(SqlClientTest, StopsWhenItIsAsked) {
  std::stop_source stop;
  SqlClient stoppable = open(QueryAccess::write, stop.get_token());
  stop.request_stop();
  const auto stopped = stoppable.execute_sql("SELECT 1");
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().blame, Blame::interrupted);
}

TEST_P(SqlClientTest, NamesTablesInFull) {
  declare({.name = "select"});
  must_load(package({{"select", rows("v", {1, 2})}}));
  destination_->close();
  client_.reset();
  for (const QueryAccess access : {QueryAccess::read_only, QueryAccess::write}) {
    SqlClient client = open(access);
    EXPECT_EQ(client.dataset(), "data set");
    const std::string table = client.make_qualified_table_name("select");
    EXPECT_THAT(table, testing::EndsWith(R"("data set"."select")"));
    EXPECT_EQ(count(client, table), 2) << table;
  }
}

INSTANTIATE_TEST_SUITE_P(Databases, SqlClientTest, databases, name_of);

}  // namespace
}  // namespace outfall
