// SPDX-License-Identifier: Apache-2.0
#include "delivery/row_sieve.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <ranges>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/json.h"
#include "delivery/package_tables.h"
#include "delivery/staged_tables.h"
#include "sql/catalog.h"
#include "sql/constraints.h"
#include "sql/dialect.h"

namespace outfall::delivery {
namespace {

using Kind = sql::Constraint::Kind;

/// The place of a row of a staged table, in what is compared with constraints.
constexpr std::string_view place_name = "_outfall_place";

/// What of a long word is repeated in a reason.
constexpr std::size_t word_shown_max = 60;

std::string shown(std::string_view expression) {
  const bool is_quoted = expression.size() > 2 && expression.starts_with('"') && expression.ends_with('"');
  return std::string(is_quoted ? expression.substr(1, expression.size() - 2) : expression);
}

}  // namespace

struct RowSieve::Parts {
  sql::Transaction& transaction;
  const sql::Dataset& dataset;
  const LoadRequest& request;
  sql::ExistingDataset there{};
  std::vector<sql::Constraint> constraints{};
  std::optional<StagedTables> staged{};
  std::uint64_t documents = 0;

  const sql::Dialect& dialect() const { return dataset.connection.dialect(); }
  std::string quoted(std::string_view name) const { return sql::quoted(dialect(), name); }
  std::string target(std::string_view table) const { return sql::quoted(dialect(), dataset.table(table)); }

  std::vector<sql::Constraint> constraints_of(const schema::Table& table) const {
    std::vector<sql::Constraint> own;
    std::ranges::copy_if(constraints, std::back_inserter(own), [&](const sql::Constraint& constraint) {
      return sql::is_same_name(dialect(), constraint.table, table.name);
    });
    return own;
  }

  const std::string* word_of(const schema::Table& table, std::string_view column) const {
    const sql::ExistingTable* existing = there.find(dialect(), table.name);
    if (existing == nullptr) return nullptr;
    const auto found = existing->columns.find(sql::folded(dialect(), column));
    return found == existing->columns.end() ? nullptr : &found->second;
  }

  /// The database's word for a column that is like none of ours, so that a value may not become one; null: it is like.
  const std::string* foreign_word(const schema::Table& table, const schema::Column& column) const {
    const std::string* word = word_of(table, column.name);
    if (word == nullptr || !column.type) return nullptr;
    return sql::is_named(dialect(), schema::column_type(column), *word) ? nullptr : word;
  }

  bool has_default(const schema::Table& table, std::string_view column) const {
    const sql::ExistingTable* existing = there.find(dialect(), table.name);
    return existing != nullptr && existing->defaults.contains(sql::folded(dialect(), column));
  }

  bool can_refuse(const schema::Table& table) const {
    const auto may_fail = [&](const schema::Column& column) { return foreign_word(table, column) != nullptr; };
    return std::ranges::any_of(table.columns, may_fail) || !constraints_of(table).empty();
  }

  Status read_rules() {
    Result<std::optional<sql::ExistingDataset>> read = sql::read_dataset(dataset.connection, dataset.name);
    if (!read) return fail(std::move(read.error()));
    if (*read) there = std::move(**read);
    Result<std::vector<sql::Constraint>> rules = sql::read_constraints(dataset.connection, dataset.name);
    if (!rules) return fail(std::move(rules.error()));
    constraints = std::move(*rules);
    return {};
  }

  /// How deep a table is nested.
  std::size_t depth_of(const schema::Table& table) const {
    std::size_t depth = 0;
    for (const schema::Table* at = &table; at != nullptr && !at->parent.empty() && depth < request.schema.tables.size();
         at = request.schema.tables.find(at->parent)) {
      ++depth;
    }
    return depth;
  }

  /// Parents before what is nested in them.
  Result<std::vector<const schema::Table*>> tables_to_stage() const {
    const schema::Schema& schema = request.schema;
    const Result<std::vector<const schema::Table*>> loaded = tables_to_make(request.package, schema);
    if (!loaded) return fail(loaded.error());
    std::set<std::string_view> roots;
    for (const schema::Table* table : *loaded) {
      if (!schema::is_system_name(table->name) && can_refuse(*table)) roots.insert(schema.root_of(table->name));
    }
    std::vector<const schema::Table*> chosen;
    for (const schema::Table& table : schema.tables) {
      const bool has_rows =
          std::ranges::find(request.package.jobs, table.name, &ledger::JobRecord::table) != request.package.jobs.end();
      if (has_rows && roots.contains(schema.root_of(table.name))) chosen.push_back(&table);
    }
    std::ranges::stable_sort(chosen, {}, [this](const schema::Table* table) { return depth_of(*table); });
    return chosen;
  }

  /// The rows of a staged table as the database would have them, with their places; NULL for what cannot be so, and for
  /// what only a default would say.
  std::string candidates(const StagedTable& table) const {
    std::string list = fmt::format("{} AS {}", staged->place(table, "s"), place_name);
    const sql::ExistingTable* existing = there.find(dialect(), table.table->name);
    for (const auto& [column, word] : existing->columns) {
      const bool is_staged = std::ranges::any_of(
          table.columns, [&](const schema::Column* own) { return sql::is_same_name(dialect(), own->name, column); });
      const std::string value = is_staged ? fmt::format("s.{}", quoted(column)) : "NULL";
      list += fmt::format(", {} AS {}", fmt::format(fmt::runtime(dialect().try_cast), value, word), quoted(column));
    }
    return fmt::format("(SELECT {} FROM {} AS s)", list, table.name);
  }

  std::string reason(const StagedTable& table, std::string_view words) const {
    return sql::text_literal(fmt::format("the table {} refuses it: {}", table.table->name, words));
  }

  Status refuse_where(const StagedTable& table, std::string_view condition, std::string_view reason) {
    return staged->refuse(
        table, fmt::format("c.{0}, {1} FROM {2} AS c WHERE ({3}) AND {4}", place_name, reason, candidates(table),
                           condition, staged->is_left(table, fmt::format("c.{}", place_name))));
  }

  Status refuse_values(const StagedTable& table) {
    for (const schema::Column* column : table.columns) {
      const std::string* word = foreign_word(*table.table, *column);
      if (word == nullptr) continue;
      const std::string value = fmt::format("s.{}", quoted(column->name));
      const std::string place = staged->place(table, "s");
      const std::string words =
          fmt::format("{} || CAST({} AS {}) || {}", sql::text_literal("the value "), value, dialect().types.text,
                      sql::text_literal(fmt::format(" does not fit the column {} of {} ({})", column->name,
                                                    table.table->name, word->substr(0, word_shown_max))));
      Status refused = staged->refuse(
          table,
          fmt::format("{}, {} FROM {} AS s WHERE {} IS NOT NULL AND {} IS NULL AND {}", place, words, table.name, value,
                      fmt::format(fmt::runtime(dialect().try_cast), value, *word), staged->is_left(table, place)));
      if (!refused) return refused;
    }
    return {};
  }

  Status refuse_nulls(const StagedTable& table, const sql::Constraint& constraint) {
    for (const std::string& column : constraint.columns) {
      if (has_default(*table.table, shown(column))) continue;
      Status refused = refuse_where(table, fmt::format("c.{} IS NULL", column),
                                    reason(table, fmt::format("{} may not be null", shown(column))));
      if (!refused) return refused;
    }
    return {};
  }

  /// A key that the table has already, or that an earlier row of the load has.
  Status refuse_keys(const StagedTable& table, const sql::Constraint& constraint) {
    std::string keys;
    std::string is_whole = "true";
    std::string is_same = "true";
    std::string told = "''";
    for (std::size_t i = 0; i < constraint.columns.size(); ++i) {
      const std::string& expression = constraint.columns[i];
      keys += fmt::format(", {} AS _outfall_key_{}", expression, i);
      is_whole += fmt::format(" AND k._outfall_key_{} IS NOT NULL", i);
      is_same += fmt::format(" AND t._outfall_key_{0} = k._outfall_key_{0}", i);
      told += fmt::format(" || {} || CAST(k._outfall_key_{} AS {})",
                          sql::text_literal(fmt::format("{}{} = ", i == 0 ? "" : ", ", shown(expression))), i,
                          dialect().types.text);
    }
    const std::string own_keys =
        fmt::format("SELECT {0}{1} FROM {2} AS c WHERE {3}", place_name, keys, candidates(table),
                    staged->is_left(table, fmt::format("c.{}", place_name)));
    std::string key_list;
    for (std::size_t i = 0; i < constraint.columns.size(); ++i)
      key_list += fmt::format("{}_outfall_key_{}", i == 0 ? "" : ", ", i);
    const std::string is_there = fmt::format("EXISTS (SELECT 1 FROM (SELECT {} FROM {}) AS t WHERE {})", keys.substr(2),
                                             target(table.table->name), is_same);
    return staged->refuse(
        table,
        fmt::format("k.{0}, {1} || {2} || CASE WHEN k.is_there THEN ' is there already' ELSE ' came before in this "
                    "load' END FROM (SELECT k.*, row_number() OVER (PARTITION BY {3} ORDER BY {0}) AS nth, {4} AS "
                    "is_there FROM ({5}) AS k WHERE {6}) AS k WHERE k.nth > 1 OR k.is_there",
                    place_name, reason(table, constraint.text + ", and "), told, key_list, is_there, own_keys,
                    is_whole));
  }

  /// A row that refers to one which is not there. Rows of this load that it may refer to are not there yet: then the
  /// database has to say.
  Status refuse_references(const StagedTable& table, const sql::Constraint& constraint) {
    const auto is_referenced = [&](const ledger::JobRecord& job) {
      return sql::is_same_name(dialect(), job.table, constraint.referenced_table);
    };
    if (std::ranges::any_of(request.package.jobs, is_referenced)) return {};
    std::string is_whole = "true";
    std::string is_same = "true";
    std::string told = "''";
    for (std::size_t i = 0; i < std::min(constraint.columns.size(), constraint.referenced_columns.size()); ++i) {
      const std::string& column = constraint.columns[i];
      is_whole += fmt::format(" AND c.{} IS NOT NULL", column);
      is_same += fmt::format(" AND t.{} = c.{}", constraint.referenced_columns[i], column);
      told += fmt::format(" || {} || CAST(c.{} AS {})",
                          sql::text_literal(fmt::format("{}{} = ", i == 0 ? "" : ", ", shown(column))), column,
                          dialect().types.text);
    }
    const std::string is_there =
        fmt::format("EXISTS (SELECT 1 FROM {} AS t WHERE {})", target(constraint.referenced_table), is_same);
    return refuse_where(table, fmt::format("{} AND NOT {}", is_whole, is_there),
                        reason(table, constraint.text + ", and there is none for ") + " || " + told);
  }

  Status refuse_by_value() {
    for (const StagedTable& table : staged->tables()) {
      if (Status refused = refuse_values(table); !refused) return refused;
      for (const sql::Constraint& constraint : constraints_of(*table.table)) {
        Status refused;
        if (constraint.kind == Kind::check) {
          refused =
              refuse_where(table, fmt::format("CAST(({}) AS {}) = false", constraint.condition, dialect().types.bool_),
                           reason(table, constraint.text));
        } else if (constraint.kind == Kind::not_null) {
          refused = refuse_nulls(table, constraint);
        } else if (constraint.kind == Kind::foreign_key) {
          refused = refuse_references(table, constraint);
        }
        if (!refused) return refused;
      }
    }
    return staged->refuse_whole_documents();
  }

  /// Behind the others: a row that is refused does not have its key.
  Status refuse_by_key() {
    for (const StagedTable& table : staged->tables()) {
      for (const sql::Constraint& constraint : constraints_of(*table.table)) {
        if (constraint.kind != Kind::unique && constraint.kind != Kind::primary_key) continue;
        if (Status refused = refuse_keys(table, constraint); !refused) return refused;
      }
    }
    return staged->refuse_whole_documents();
  }

  Status count_documents() {
    for (const StagedTable& table : staged->tables()) {
      if (table.parent >= 0) continue;
      const auto counted = transaction.rows(
          fmt::format("SELECT count(*) FROM {} AS s {}", table.name, staged->join_refused(table, "s")));
      if (!counted) return fail(counted.error());
      documents += std::stoull(counted->at(0).at(0).value_or("0"));
    }
    return {};
  }

  Result<std::string> first_reason() const {
    for (const StagedTable& table : staged->tables()) {
      if (table.parent >= 0) continue;
      const auto first = transaction.rows(fmt::format("SELECT r.reason FROM {} AS s {} ORDER BY r.place LIMIT 1",
                                                      table.name, staged->join_refused(table, "s")));
      if (!first) return fail(first.error());
      if (!first->empty()) return first->at(0).at(0).value_or("");
    }
    return std::string();
  }
};

namespace {

/// As JSON has it: numbers and what is JSON already as they are, everything else as a text.
void append_value(std::string& out, DataType type, const std::string& text) {
  const bool is_finite = !text.empty() && (text.back() >= '0' && text.back() <= '9');
  switch (type) {
    case DataType::bigint:
    case DataType::decimal:
    case DataType::wei:
    case DataType::double_:
      if (is_finite) {
        out += text;
        return;
      }
      break;
    case DataType::bool_:
    case DataType::json:
      out += text;
      return;
    default:
      break;
  }
  append_json_string(out, text);
}

/// What a nested table is called inside the rows of its parent.
std::string_view key_in_parent(std::string_view table, std::string_view parent) {
  if (!table.starts_with(parent)) return table;
  std::string_view key = table.substr(parent.size());
  for (const std::string_view between : {"__", "▶"}) {
    if (key.starts_with(between) && key.size() > between.size()) return key.substr(between.size());
  }
  return table;
}

/// Members of JSON objects by the id of the row that they belong to.
using MembersOfRows = std::map<std::string, std::string, std::less<>>;

void add_member(std::string& members, std::string_view key, std::string_view value) {
  if (!members.empty()) members += ',';
  append_json_string(members, key);
  members += ':';
  members += value;
}

struct RefusedRow {
  std::uint64_t place = 0;
  std::string reason;
  std::string parent_id;
  std::string json;
};

/// The refused rows of a table in their order, each with what is nested in it.
Result<std::vector<RefusedRow>> refused_rows(sql::Transaction& transaction, const StagedTables& staged,
                                             const StagedTable& table, const MembersOfRows& nested) {
  const sql::Dialect& dialect = transaction.connection().dialect();
  const auto column_or_null = [&](std::string_view name) {
    return table.has(name) ? fmt::format("s.{}", sql::quoted(dialect, name)) : std::string("NULL");
  };
  std::vector<const schema::Column*> told;
  std::ranges::copy_if(table.columns, std::back_inserter(told),
                       [](const schema::Column* column) { return !schema::is_system_name(column->name); });
  std::string list = fmt::format("r.place, r.reason, {}, {}", column_or_null(schema::id_column_name),
                                 column_or_null(schema::parent_id_column_name));
  const std::size_t first = 4;
  for (const schema::Column* column : told) list += fmt::format(", s.{}", sql::quoted(dialect, column->name));
  const auto rows = transaction.rows(
      fmt::format("SELECT {} FROM {} AS s {} ORDER BY {}r.place", list, table.name, staged.join_refused(table, "s"),
                  table.has(schema::list_idx_column_name) ? column_or_null(schema::list_idx_column_name) + ", " : ""));
  if (!rows) return fail(rows.error());
  std::vector<RefusedRow> found;
  found.reserve(rows->size());
  for (const sql::TextRow& row : *rows) {
    std::string members;
    for (std::size_t i = 0; i < told.size(); ++i) {
      const sql::TextCell& cell = row.at(first + i);
      if (!cell) continue;
      std::string value;
      append_value(value, *told[i]->type, *cell);
      add_member(members, told[i]->name, value);
    }
    const auto inner = nested.find(row.at(2).value_or(""));
    if (inner != nested.end()) members += (members.empty() ? "" : ",") + inner->second;
    found.push_back({.place = std::stoull(row.at(0).value_or("0")),
                     .reason = row.at(1).value_or(""),
                     .parent_id = row.at(3).value_or(""),
                     .json = "{" + members + "}"});
  }
  return found;
}

}  // namespace

RowSieve::RowSieve(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
RowSieve::RowSieve(RowSieve&&) noexcept = default;
RowSieve::~RowSieve() = default;

Result<RowSieve> RowSieve::make(sql::Transaction& transaction, const sql::Dataset& dataset,
                                const LoadRequest& request) {
  auto parts = std::make_unique<Parts>(Parts{.transaction = transaction, .dataset = dataset, .request = request});
  if (Status read = parts->read_rules(); !read) return fail(std::move(read.error()));
  const auto tables = parts->tables_to_stage();
  if (!tables) return fail(tables.error());
  Result<StagedTables> staged = StagedTables::fill(transaction, dataset, request, *tables);
  if (!staged) return fail(std::move(staged.error()));
  parts->staged.emplace(std::move(*staged));
  if (Status refused = parts->refuse_by_value(); !refused) return fail(std::move(refused.error()));
  if (Status refused = parts->refuse_by_key(); !refused) return fail(std::move(refused.error()));
  if (Status counted = parts->count_documents(); !counted) return fail(std::move(counted.error()));
  return RowSieve(std::move(parts));
}

std::uint64_t RowSieve::documents() const {
  return parts_->documents;
}

Status RowSieve::tell(Refusals& refusals) {
  const Result<std::string> first_reason = parts_->first_reason();
  if (!first_reason) return fail(first_reason.error());
  if (Status begun = refusals.begin(parts_->documents, *first_reason); !begun) return begun;
  const std::vector<StagedTable>& tables = parts_->staged->tables();
  std::vector<MembersOfRows> nested(tables.size());
  std::map<std::size_t, std::vector<RefusedRow>> roots;  // in the order of the tables
  for (const StagedTable& table : tables | std::views::reverse) {
    auto rows = refused_rows(parts_->transaction, *parts_->staged, table, nested[table.number]);
    if (!rows) return fail(std::move(rows.error()));
    if (table.parent < 0) {
      roots.emplace(table.number, std::move(*rows));
      continue;
    }
    const auto parent = static_cast<std::size_t>(table.parent);
    MembersOfRows lists;
    for (const RefusedRow& row : *rows) {
      std::string& list = lists[row.parent_id];
      list += (list.empty() ? "" : ",") + row.json;
    }
    const std::string_view key = key_in_parent(table.table->name, tables[parent].table->name);
    for (const auto& [id, list] : lists) {
      std::string member;
      add_member(member, key, "[" + list + "]");
      std::string& members = nested[parent][id];
      members = members.empty() ? member : member + "," + members;  // the last table comes first here
    }
  }
  for (auto& [number, rows] : roots) {
    for (RefusedRow& row : rows) {
      Status taken = refusals.take({.table = tables[number].table->name,
                                    .row = row.place,
                                    .reason = std::move(row.reason),
                                    .text = std::move(row.json)});
      if (!taken) return taken;
    }
  }
  return refusals.keep();
}

bool RowSieve::holds(std::string_view table) const {
  return parts_->staged->find(table) != nullptr;
}

Result<std::uint64_t> RowSieve::insert(const ledger::JobRecord& job, const sql::DefaultValues& defaults) {
  const StagedTable& table = *parts_->staged->find(job.table);
  const StagedJob& staged = *std::ranges::find(table.jobs, job.file, &StagedJob::file);
  return parts_->transaction.insert_selected(parts_->dataset.table(job.table), {staged.columns, &defaults},
                                             parts_->staged->left_of(table, staged));
}

Result<std::uint64_t> RowSieve::refused(const ledger::JobRecord& job) {
  const StagedTable& table = *parts_->staged->find(job.table);
  const StagedJob& staged = *std::ranges::find(table.jobs, job.file, &StagedJob::file);
  const auto counted = parts_->transaction.rows(
      fmt::format("SELECT count(*) FROM {} AS s {} WHERE r.place >= {} AND r.place < {}", table.name,
                  parts_->staged->join_refused(table, "s"), staged.begin, staged.end));
  if (!counted) return fail(counted.error());
  return std::stoull(counted->at(0).at(0).value_or("0"));
}

Status RowSieve::drop() {
  return parts_->staged->drop();
}

}  // namespace outfall::delivery
