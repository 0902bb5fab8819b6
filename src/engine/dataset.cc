// SPDX-License-Identifier: Apache-2.0
//
// Reads what a dataset says of itself, and the rows of loads, by statements of a client.
#include "outfall/dataset.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/json_time.h"
#include "base/report_json.h"
#include "engine/sql_client_state.h"
#include "schema/schema.h"
#include "schema/stored_text.h"
#include "schema/table.h"
#include "sql/catalog.h"
#include "sql/dialect.h"
#include "sql/system_tables.h"

namespace outfall {
namespace {

std::unexpected<SqlError> refuse(std::string message, std::string hint) {
  return std::unexpected(SqlError{engine::usage_error(std::move(message), std::move(hint)), SqlErrorKind::terminal});
}

/// What is there, under the names that the database compares.
struct Catalog {
  const sql::Dialect* dialect = nullptr;
  std::map<std::string, std::set<std::string>> columns{};  ///< by table
  std::vector<DatasetTable> tables{};                      ///< of the stored schemas, dlt's own among them

  bool has_table(std::string_view table) const { return columns.contains(sql::folded(*dialect, table)); }
  bool has_column(std::string_view table, std::string_view column) const {
    const auto found = columns.find(sql::folded(*dialect, table));
    return found != columns.end() && found->second.contains(sql::folded(*dialect, column));
  }
  const DatasetTable* find(std::string_view table) const {
    const auto found = std::ranges::find_if(
        tables, [&](const DatasetTable& one) { return sql::is_same_name(*dialect, one.name, table); });
    return found == tables.end() ? nullptr : &*found;
  }
};

Status add_schemas(const sql::Dataset& dataset, Catalog& catalog) {
  const Result<std::vector<std::string>> documents = sql::newest_schemas(dataset);
  if (!documents) return fail(documents.error());
  for (const std::string& stored : *documents) {
    const Result<std::string> document = schema::unpack_text(stored);
    if (!document) return fail(document.error());
    const Result<schema::Schema> read = schema::Schema::parse(*document);
    if (!read) return fail(Error(read.error()).in("read the schema of " + dataset.name));
    for (const schema::Table& table : read->tables) {
      if (catalog.has_table(table.name) && catalog.find(table.name) == nullptr)
        catalog.tables.push_back({.name = table.name, .parent = table.parent});
    }
  }
  return {};
}

Result<Catalog> read_catalog(sql::Connection& session, const std::string& name) {
  Catalog catalog{.dialect = &session.dialect()};
  const auto columns = sql::read_columns(session, name);
  if (!columns) return fail(columns.error());
  for (const schema::ColumnThere& column : *columns) {
    catalog.columns[sql::folded(*catalog.dialect, column.table)].insert(sql::folded(*catalog.dialect, column.name));
  }
  if (Status added = add_schemas({session, name}, catalog); !added) return fail(std::move(added.error()));
  return catalog;
}

/// Numbers the placeholders of load ids behind those that a statement has already.
std::string places_of(std::size_t count) {
  std::vector<std::string> places;
  for (std::size_t i = 1; i <= count; ++i) places.push_back(sql::placeholder(static_cast<int>(i)));
  return fmt::format("({})", fmt::join(places, ", "));
}

}  // namespace

struct Dataset::State {
  SqlClient::State* client = nullptr;

  const std::string& name() const { return client->report.dataset; }
  const sql::Dialect& dialect() const { return client->session->dialect(); }
  std::string quoted(std::string_view identifier) const { return sql::quoted(dialect(), identifier); }
  std::string in(const std::string& dataset, std::string_view table) const {
    return sql::quoted(dialect(), sql::TableName{client->session->catalog(), dataset, std::string(table)});
  }
  std::string in_full(std::string_view table) const { return in(name(), table); }

  SqlResult<Catalog> catalog() {
    if (SqlStatus is_free = client->check_free(); !is_free) return std::unexpected(is_free.error());
    Result<Catalog> read = read_catalog(*client->session, name());
    if (!read) return client->failed(std::move(read.error()));
    return std::move(*read);
  }

  /// The condition on rows of a table that those of its root fulfil: `of_root` is about `_dlt_load_id`. Empty: the
  /// tables do not say which rows they belong to.
  std::string condition(const Catalog& catalog, std::string_view table, const std::string& of_root) const {
    if (catalog.has_column(table, schema::load_id_column_name))
      return fmt::format("{} {}", quoted(schema::load_id_column_name), of_root);
    const DatasetTable* known = catalog.find(table);
    if (known == nullptr || known->parent.empty()) return "";
    const bool knows_root = catalog.has_column(table, schema::root_id_column_name);
    if (!knows_root && !catalog.has_column(table, schema::parent_id_column_name)) return "";
    std::string_view above = known->parent;
    for (const DatasetTable* one = catalog.find(above); knows_root && one != nullptr && !one->parent.empty();
         one = catalog.find(above))
      above = one->parent;
    const std::string inner = condition(catalog, above, of_root);
    if (inner.empty()) return "";
    return fmt::format("{} IN (SELECT {} FROM {} WHERE {})",
                       quoted(knows_root ? schema::root_id_column_name : schema::parent_id_column_name),
                       quoted(schema::id_column_name), in_full(above), inner);
  }

  std::unexpected<SqlError> no_table(std::string_view table) const {
    return refuse(fmt::format("the dataset {} has no table {}", name(), table),
                  "`outfall dataset tables` lists those that it has");
  }

  std::unexpected<SqlError> no_loads(std::string_view table) const {
    return refuse(fmt::format("the table {} does not say which load its rows are of", table), "");
  }

  SqlStatus add_staging(SqlClient& asked, std::vector<Leftover>& found) {
    const std::string staging = client->destination->staging_dataset(name());
    sql::Connection& session = *client->session;
    Status opened =
        client->in_transaction ? Status() : session.open_dataset(staging, sql::Connection::IfMissing::leave);
    if (!opened) return client->failed(std::move(opened.error()));
    const auto columns = sql::read_columns(session, staging);
    if (!columns) return client->failed(columns.error());
    std::set<std::string> tables;
    for (const schema::ColumnThere& column : *columns) tables.insert(column.table);
    for (const std::string& table : tables) {
      const auto rows = asked.execute_sql(fmt::format("SELECT count(*) FROM {}", in(staging, table)));
      if (!rows) return std::unexpected(rows.error());
      found.push_back({.dataset = staging,
                       .table = table,
                       .rows = static_cast<std::uint64_t>((*rows)[0].get<std::int64_t>(0).value_or(0))});
    }
    return {};
  }

  std::string unknown_loads() const {
    return fmt::format("NOT IN (SELECT {0} FROM {1} WHERE {0} IS NOT NULL)", quoted("load_id"),
                       in_full(schema::loads_table_name));
  }
};

SqlResult<Dataset> Dataset::open(const SqlClientOptions& options) {
  SqlResult<SqlClient> client = SqlClient::open(options);
  if (!client) return std::unexpected(std::move(client.error()));
  SqlClient::State* session = client->state_.get();
  if (session->report.dataset.empty()) {
    const std::string others = fmt::format("{}", fmt::join(session->report.others, ", "));
    return refuse(fmt::format("{} has {}", session->report.destination,
                              others.empty() ? "no dataset" : "several datasets, and none is named"),
                  others.empty() ? "load something into it first" : "choose with --dataset: " + others);
  }
  auto state = std::make_shared<State>(State{.client = session});
  const SqlResult<Catalog> catalog = state->catalog();
  if (!catalog) return std::unexpected(catalog.error());
  if (!catalog->has_table(schema::loads_table_name)) {
    return refuse(fmt::format("{} at {} is no dataset: it has no {}", session->report.dataset,
                              session->report.destination, schema::loads_table_name),
                  "load something into it first");
  }
  return Dataset(std::move(*client), std::move(state));
}

SqlResult<std::vector<DatasetTable>> Dataset::tables() {
  SqlResult<Catalog> catalog = state_->catalog();
  if (!catalog) return std::unexpected(std::move(catalog.error()));
  std::erase_if(catalog->tables, [](const DatasetTable& table) { return schema::is_system_name(table.name); });
  return std::move(catalog->tables);
}

SqlResult<std::vector<TableRowCount>> Dataset::row_counts(const RowCountOptions& options) {
  const SqlResult<Catalog> catalog = state_->catalog();
  if (!catalog) return std::unexpected(catalog.error());
  std::vector<std::string> names = options.tables;
  for (const DatasetTable& table : catalog->tables) {
    const bool is_wanted = schema::is_system_name(table.name) ? options.dlt_tables : options.data_tables;
    if (options.tables.empty() && is_wanted) names.push_back(table.name);
  }
  std::vector<TableRowCount> counts;
  for (const std::string& name : names) {
    if (!catalog->has_table(name)) return state_->no_table(name);
    std::vector<Value> values;
    std::string where;
    if (!options.load_id.empty()) {
      const std::string condition = state_->condition(*catalog, name, fmt::format("= {}", sql::placeholder(1)));
      if (condition.empty() && options.tables.empty()) continue;
      if (condition.empty()) return state_->no_loads(name);
      where = " WHERE " + condition;
      values.emplace_back(std::string_view(options.load_id));
    }
    const auto rows =
        client_.execute_sql(fmt::format("SELECT count(*) FROM {}{}", state_->in_full(name), where), values);
    if (!rows) return std::unexpected(rows.error());
    counts.push_back({.table = name, .rows = static_cast<std::uint64_t>((*rows)[0].get<std::int64_t>(0).value_or(0))});
  }
  return counts;
}

SqlResult<SqlCursor> Dataset::table(std::string_view name, std::span<const std::string> load_ids) {
  const SqlResult<Catalog> catalog = state_->catalog();
  if (!catalog) return std::unexpected(catalog.error());
  if (!catalog->has_table(name)) return state_->no_table(name);
  std::string statement = fmt::format("SELECT * FROM {}", state_->in_full(name));
  if (load_ids.empty()) return client_.execute_query(statement);
  const std::string condition = state_->condition(*catalog, name, "IN " + places_of(load_ids.size()));
  if (condition.empty()) return state_->no_loads(name);
  const std::vector<Value> values(load_ids.begin(), load_ids.end());
  return client_.execute_query(fmt::format("{} WHERE {}", statement, condition), values);
}

SqlResult<std::vector<LoadRecord>> Dataset::loads() {
  const std::string load_id = state_->quoted("load_id");
  const auto rows = client_.execute_sql(
      fmt::format("SELECT {}, {}, {}, {}, {} FROM {} ORDER BY 1, 3", load_id, state_->quoted("schema_name"),
                  state_->quoted("status"), state_->quoted("inserted_at"), state_->quoted("schema_version_hash"),
                  state_->in_full(schema::loads_table_name)));
  if (!rows) return std::unexpected(rows.error());
  std::vector<LoadRecord> loads;
  for (std::size_t i = 0; i < rows->size(); ++i) {
    const SqlRow row = (*rows)[i];
    loads.push_back({.load_id = std::string(row.get<std::string_view>(0).value_or("")),
                     .schema_name = std::string(row.get<std::string_view>(1).value_or("")),
                     .status = row.get<std::int64_t>(2).value_or(0),
                     .inserted_at = row.get<Timestamp>(3).value_or(Timestamp{}).at,
                     .schema_version_hash = std::string(row.get<std::string_view>(4).value_or(""))});
  }
  return loads;
}

SqlResult<std::vector<std::string>> Dataset::load_ids() {
  const SqlResult<std::vector<LoadRecord>> all = loads();
  if (!all) return std::unexpected(all.error());
  std::vector<std::string> ids;
  for (const LoadRecord& load : *all) {
    if (load.status == 0 && (ids.empty() || ids.back() != load.load_id)) ids.push_back(load.load_id);
  }
  return ids;
}

SqlResult<std::optional<std::string>> Dataset::latest_load_id() {
  const SqlResult<std::vector<std::string>> ids = load_ids();
  if (!ids) return std::unexpected(ids.error());
  return ids->empty() ? std::nullopt : std::optional(ids->back());
}

SqlResult<LoadRecord> Dataset::advance_load(std::string_view load_id, std::optional<std::int64_t> status) {
  auto transaction = client_.begin_transaction();
  if (!transaction) return std::unexpected(std::move(transaction.error()));
  const SqlResult<std::vector<LoadRecord>> all = loads();
  if (!all) return std::unexpected(all.error());
  const auto is_meant = [&](const LoadRecord& load) { return load.load_id == load_id; };
  const auto newest = std::ranges::find_if(all->rbegin(), all->rend(), is_meant);
  if (newest == all->rend()) {
    return refuse(fmt::format("the dataset {} has no load {}", client_.dataset(), load_id),
                  "`outfall dataset loads` lists those that it has");
  }
  LoadRecord next = *newest;
  next.status = status.value_or(newest->status + 1);
  if (next.status <= newest->status) {
    return refuse(fmt::format("load {} has reached status {}, and was to get {}", load_id, newest->status, next.status),
                  "a status only grows");
  }
  next.inserted_at = Time(std::chrono::microseconds(Env::system().now_us()));
  const Value values[] = {load_id, std::string_view(next.schema_name), next.status, Timestamp{.at = next.inserted_at},
                          std::string_view(next.schema_version_hash)};
  const auto added = client_.execute_sql(
      fmt::format("INSERT INTO {} ({}, {}, {}, {}, {}) VALUES (%s, %s, %s, %s, %s)",
                  state_->in_full(schema::loads_table_name), state_->quoted("load_id"), state_->quoted("schema_name"),
                  state_->quoted("status"), state_->quoted("inserted_at"), state_->quoted("schema_version_hash")),
      values);
  if (!added) return std::unexpected(added.error());
  if (SqlStatus committed = transaction->commit(); !committed) return std::unexpected(std::move(committed.error()));
  return next;
}

SqlResult<std::vector<Leftover>> Dataset::leftovers() {
  const SqlResult<Catalog> catalog = state_->catalog();
  if (!catalog) return std::unexpected(catalog.error());
  std::vector<Leftover> found;
  const std::string load_id = state_->quoted(schema::load_id_column_name);
  for (const DatasetTable& table : catalog->tables) {
    if (!catalog->has_column(table.name, schema::load_id_column_name)) continue;
    const auto rows =
        client_.execute_sql(fmt::format("SELECT {0}, count(*) FROM {1} WHERE {0} {2} GROUP BY {0} ORDER BY {0}",
                                        load_id, state_->in_full(table.name), state_->unknown_loads()));
    if (!rows) return std::unexpected(rows.error());
    for (std::size_t i = 0; i < rows->size(); ++i) {
      found.push_back({.dataset = client_.dataset(),
                       .table = table.name,
                       .load_id = std::string((*rows)[i].get<std::string_view>(0).value_or("")),
                       .rows = static_cast<std::uint64_t>((*rows)[i].get<std::int64_t>(1).value_or(0))});
    }
  }
  if (SqlStatus added = state_->add_staging(client_, found); !added) return std::unexpected(std::move(added.error()));
  return found;
}

SqlResult<std::vector<Leftover>> Dataset::remove_leftovers() {
  // What is there is looked at before and inside: files of other datasets are not opened in a transaction.
  if (const auto before = leftovers(); !before) return std::unexpected(before.error());
  auto transaction = client_.begin_transaction();
  if (!transaction) return std::unexpected(std::move(transaction.error()));
  SqlResult<std::vector<Leftover>> found = leftovers();
  if (!found) return found;
  const SqlResult<Catalog> catalog = state_->catalog();
  if (!catalog) return std::unexpected(catalog.error());
  // Those in others first: they are found by what they are in.
  std::vector<DatasetTable> tables = catalog->tables;
  std::ranges::stable_partition(tables, [](const DatasetTable& table) { return !table.parent.empty(); });
  std::ranges::reverse(tables.begin(), std::ranges::find(tables, "", &DatasetTable::parent));
  for (const DatasetTable& table : tables) {
    const std::string condition = state_->condition(*catalog, table.name, state_->unknown_loads());
    if (condition.empty()) continue;
    const auto removed =
        client_.execute_sql(fmt::format("DELETE FROM {} WHERE {}", state_->in_full(table.name), condition));
    if (!removed) return std::unexpected(removed.error());
  }
  for (const Leftover& one : *found) {
    if (!one.load_id.empty()) continue;
    const auto dropped = client_.execute_sql("DROP TABLE " + state_->in(one.dataset, one.table));
    if (!dropped) return std::unexpected(dropped.error());
  }
  if (SqlStatus committed = transaction->commit(); !committed) return std::unexpected(std::move(committed.error()));
  return found;
}

std::string to_json(const std::vector<TableRowCount>& counts) {
  return to_json(list_json(counts, [](const TableRowCount& one) {
    Json out = Json::object();
    out.set("table", one.table);
    out.set("rows", count_json(one.rows));
    return out;
  }));
}

std::string to_json(const std::vector<LoadRecord>& loads) {
  return to_json(list_json(loads, [](const LoadRecord& load) {
    Json out = Json::object();
    out.set("load_id", load.load_id);
    out.set("schema_name", text_or_null(load.schema_name));
    out.set("status", load.status);
    out.set("inserted_at", time_json(load.inserted_at));
    out.set("schema_version_hash", text_or_null(load.schema_version_hash));
    return out;
  }));
}

std::string to_json(const std::vector<Leftover>& leftovers) {
  return to_json(list_json(leftovers, [](const Leftover& one) {
    Json out = Json::object();
    out.set("dataset", one.dataset);
    out.set("table", one.table);
    out.set("load_id", text_or_null(one.load_id));
    out.set("rows", count_json(one.rows));
    return out;
  }));
}

}  // namespace outfall
