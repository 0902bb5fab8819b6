// SPDX-License-Identifier: Apache-2.0
//
// Reads and writes dlt's own tables.
#include "sql/system_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <set>
#include <utility>

#include "schema/table.h"
#include "sql/catalog.h"
#include "sql/dialect.h"

namespace outfall::sql {

namespace {

std::int64_t integer(const TextCell& cell) {
  std::int64_t out = 0;
  if (cell) std::from_chars(cell->data(), cell->data() + cell->size(), out);
  return out;
}

/// Whether all of the tables are there.
Result<bool> have_tables(const Dataset& dataset, std::initializer_list<std::string_view> tables) {
  const Result<std::set<std::string>> there = table_names(dataset.connection, dataset.name);
  if (!there) return fail(there.error());
  return std::ranges::all_of(
      tables, [&](std::string_view table) { return there->contains(folded(dataset.connection.dialect(), table)); });
}

std::string name_in(const Dataset& dataset, std::string_view table) {
  return quoted(dataset.connection.dialect(), dataset.table(table));
}

std::string timestamp_placeholder(const Dataset& dataset, int n) {
  return fmt::format(fmt::runtime(dataset.connection.dialect().moment), placeholder(n));
}

}  // namespace

TableName Dataset::table(std::string_view table) const {
  return {.catalog = connection.catalog(), .schema = name, .table = std::string(table)};
}

Result<std::optional<StoredSchema>> newest_schema(const Dataset& dataset, const std::string& schema_name) {
  Result<bool> there = have_tables(dataset, {schema::version_table_name});
  if (!there) return fail(std::move(there.error()));
  if (!*there) return std::nullopt;
  // The version first: versions only grow, and a clock may go back.
  const Value values[] = {schema_name};
  auto rows = dataset.connection.rows(
      fmt::format(R"(SELECT "version", "engine_version", "schema_name", "version_hash", "schema" FROM {} )"
                  R"(WHERE "schema_name" = {} ORDER BY "version" DESC, "inserted_at" DESC LIMIT 1)",
                  name_in(dataset, schema::version_table_name), placeholder(1)),
      values);
  if (!rows) return fail(std::move(rows.error()).in(fmt::format("read the stored schema {}", schema_name)));
  if (rows->empty()) return std::nullopt;
  TextRow& row = rows->front();
  return StoredSchema{.version = integer(row.at(0)),
                      .engine_version = integer(row.at(1)),
                      .name = row.at(2).value_or(""),
                      .version_hash = row.at(3).value_or(""),
                      .document = row.at(4).value_or("")};
}

Result<std::vector<std::string>> newest_schemas(const Dataset& dataset) {
  const Result<bool> there = have_tables(dataset, {schema::version_table_name});
  if (!there) return fail(there.error());
  std::vector<std::string> documents;
  if (!*there) return documents;
  auto rows = dataset.connection.rows(
      fmt::format(R"(SELECT "schema" FROM (SELECT "schema", "inserted_at", ROW_NUMBER() OVER (PARTITION BY )"
                  R"("schema_name" ORDER BY "version" DESC, "inserted_at" DESC) AS "place" FROM {}) AS s )"
                  R"(WHERE "place" = 1 ORDER BY "inserted_at" DESC)",
                  name_in(dataset, schema::version_table_name)),
      {});
  if (!rows) return fail(std::move(rows.error()).in("read the stored schemas of " + dataset.name));
  for (TextRow& row : *rows) documents.push_back(row.at(0).value_or(""));
  return documents;
}

Result<std::optional<StoredState>> newest_state(const Dataset& dataset, const std::string& pipeline) {
  Result<bool> there = have_tables(dataset, {schema::pipeline_state_table_name, schema::loads_table_name});
  if (!there) return fail(std::move(there.error()));
  if (!*there) return std::nullopt;
  const Value values[] = {pipeline};
  auto rows = dataset.connection.rows(
      fmt::format(R"(SELECT s."version", s."engine_version", s."pipeline_name", s."state", s."version_hash", )"
                  R"(s."_dlt_load_id" FROM {} AS s JOIN {} AS l ON l."load_id" = s."_dlt_load_id" )"
                  R"(WHERE s."pipeline_name" = {} AND l."status" = 0 ORDER BY l."load_id" DESC LIMIT 1)",
                  name_in(dataset, schema::pipeline_state_table_name), name_in(dataset, schema::loads_table_name),
                  placeholder(1)),
      values);
  if (!rows) return fail(std::move(rows.error()).in(fmt::format("read the stored state of pipeline {}", pipeline)));
  if (rows->empty()) return std::nullopt;
  TextRow& row = rows->front();
  return StoredState{.version = integer(row.at(0)),
                     .engine_version = integer(row.at(1)),
                     .pipeline = row.at(2).value_or(""),
                     .state = row.at(3).value_or(""),
                     .version_hash = row.at(4).value_or(""),
                     .load_id = row.at(5).value_or("")};
}

Result<bool> has_load(const Dataset& dataset, const std::string& load_id) {
  Result<bool> there = have_tables(dataset, {schema::loads_table_name});
  if (!there || !*there) return there;
  const Value values[] = {load_id};
  auto rows = dataset.connection.rows(fmt::format(R"(SELECT "load_id" FROM {} WHERE "load_id" = {} AND "status" = 0)",
                                                  name_in(dataset, schema::loads_table_name), placeholder(1)),
                                      values);
  if (!rows) return fail(std::move(rows.error()).in(fmt::format("look for load {}", load_id)));
  return !rows->empty();
}

std::string hold_of_load(const Dataset& dataset, const std::string& load_id) {
  return fmt::format("outfall load {}.{}", dataset.name, load_id);
}

std::string hold_of_rows(const Dataset& dataset, std::string_view table) {
  return fmt::format("outfall rows {}.{}", dataset.name, table);
}

std::string hold_of_tables(const Dataset& dataset) {
  return fmt::format("outfall tables {}", dataset.name);
}

Result<bool> has_load_for_good(const Dataset& dataset, const std::string& load_id) {
  if (dataset.connection.dialect().lock.empty()) return has_load(dataset, load_id);
  Result<Transaction> transaction = Transaction::begin(dataset.connection);
  if (!transaction) return fail(std::move(transaction.error()));
  Status held = transaction->bound_waits();
  if (held) held = transaction->take_over(hold_of_load(dataset, load_id));
  if (!held) return fail(std::move(held.error()));
  return has_load(dataset, load_id);
}

Result<std::vector<std::string>> recorded_loads(const Dataset& dataset, std::string_view schema_name) {
  const Result<bool> there = have_tables(dataset, {schema::loads_table_name});
  if (!there) return fail(there.error());
  std::vector<std::string> loads;
  if (!*there) return loads;
  const Value name[] = {std::string(schema_name)};
  auto rows = dataset.connection.rows(
      fmt::format(R"(SELECT "load_id" FROM {} WHERE "status" = 0 AND ({} = '' OR "schema_name" = {}))",
                  name_in(dataset, schema::loads_table_name), placeholder(1), placeholder(1)),
      name);
  if (!rows) return fail(std::move(rows.error()).in("look for the loads of " + dataset.name));
  for (TextRow& row : *rows) loads.push_back(row.at(0).value_or(""));
  return loads;
}

Status store_schema(Transaction& transaction, const Dataset& dataset, const SchemaRow& row) {
  std::string table = name_in(dataset, schema::version_table_name);
  const Value hash[] = {row.version_hash};
  auto stored = transaction.rows(
      fmt::format(R"(SELECT "version" FROM {} WHERE "version_hash" = {} LIMIT 1)", table, placeholder(1)), hash);
  if (!stored) return fail(std::move(stored.error()).in("look for the schema's version"));
  if (!stored->empty()) return {};
  const Value values[] = {row.schema.version,
                          schema::schema_engine_version,
                          timestamp_text(row.inserted_at_us),
                          row.schema.name,
                          row.version_hash,
                          row.document};
  auto inserted = transaction.execute(
      fmt::format(
          R"(INSERT INTO {} ("version", "engine_version", "inserted_at", "schema_name", "version_hash", "schema") )"
          "VALUES ({}, {}, {}, {}, {}, {})",
          table, placeholder(1), placeholder(2), timestamp_placeholder(dataset, 3), placeholder(4), placeholder(5),
          placeholder(6)),
      values);
  if (!inserted) return fail(std::move(inserted.error()).in("store the schema"));
  return {};
}

Status store_load(Transaction& transaction, const Dataset& dataset, const LoadRow& row) {
  const Value values[] = {row.load_id, row.schema_name, std::int64_t{0}, timestamp_text(row.inserted_at_us),
                          row.schema_version_hash};
  auto inserted = transaction.execute(
      fmt::format(R"(INSERT INTO {} ("load_id", "schema_name", "status", "inserted_at", "schema_version_hash") )"
                  "VALUES ({}, {}, {}, {}, {})",
                  name_in(dataset, schema::loads_table_name), placeholder(1), placeholder(2), placeholder(3),
                  timestamp_placeholder(dataset, 4), placeholder(5)),
      values);
  if (!inserted) return fail(std::move(inserted.error()).in("record the load"));
  return {};
}

std::string timestamp_text(std::int64_t microseconds) {
  using namespace std::chrono;
  sys_time<std::chrono::microseconds> moment{std::chrono::microseconds(microseconds)};
  auto day = floor<days>(moment);
  year_month_day date{day};
  hh_mm_ss time{moment - day};
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02}.{:06}+00:00", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), time.hours().count(),
                     time.minutes().count(), time.seconds().count(), time.subseconds().count());
}

}  // namespace outfall::sql
