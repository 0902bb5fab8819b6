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
#include "base/utf8.h"
#include "delivery/package_tables.h"
#include "delivery/staged_tables.h"
#include "sql/catalog.h"
#include "sql/constraints.h"
#include "sql/dialect.h"

namespace outfall::delivery {
namespace {

using Kind = sql::Constraint::Kind;

/// Characters of a value, and of a long word for a type, that a reason repeats.
constexpr std::size_t sample_max = 80;

/// Rounds in which documents with equal keys are told apart. One settles all that are in nobody's way but their own.
constexpr int rounds_max = 100;

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
  sql::ColumnsWithDefaults with_defaults{};
  std::optional<StagedTables> staged{};
  std::uint64_t documents = 0;                  ///< that are refused
  std::map<std::string, std::uint64_t> rows{};  ///< of each table, with all that is nested in these documents

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

  /// Whether a null takes the default of the column.
  bool is_filled(const schema::Table& table, std::string_view column) const {
    const sql::ExistingTable* existing = there.find(dialect(), table.name);
    return existing != nullptr && existing->defaults.contains(sql::folded(dialect(), column));
  }

  bool has_default(const schema::Table& table, std::string_view column) const {
    return with_defaults.contains({sql::folded(dialect(), table.name), sql::folded(dialect(), column)});
  }

  /// Which rows a constraint can be held against, as a condition on candidates; none: what they will have only the
  /// database knows, because a default says it.
  std::optional<std::string> known_rows(const StagedTable& table, const sql::Constraint& constraint) const {
    std::string known = "true";
    for (const std::string& column : constraint.columns) {
      // What an expression is made of is not told: it may be any column.
      if (column.starts_with('(')) {
        const auto is_open = [&](const std::pair<std::string, std::string>& one) {
          return one.first == sql::folded(dialect(), table.table->name) && !brings(table, one.second);
        };
        if (std::ranges::any_of(with_defaults, is_open)) return std::nullopt;
        continue;
      }
      if (!has_default(*table.table, shown(column))) continue;
      if (!brings(table, shown(column))) return std::nullopt;
      if (is_filled(*table.table, shown(column))) known += fmt::format(" AND {}.{} IS NOT NULL", row_of(table), column);
    }
    return known;
  }

  /// Whether all rows of the load bring a column, so that none takes its default for want of it.
  bool brings(const StagedTable& table, std::string_view column) const {
    return std::ranges::any_of(table.columns, [&](const schema::Column* own) {
      return sql::is_same_name(dialect(), own->name, column) && table.all_jobs_have(own->name);
    });
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
    Result<sql::ColumnsWithDefaults> defaults = sql::read_columns_with_defaults(dataset.connection, dataset.name);
    if (!defaults) return fail(std::move(defaults.error()));
    with_defaults = std::move(*defaults);
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

  /// The rows of a staged table as the database would have them; NULL for what cannot be so, and for what only a
  /// default would say.
  std::string candidates(const StagedTable& table) const {
    std::string list = fmt::format("s.{}, s.{}", quoted(place_column), quoted(document_column));
    const sql::ExistingTable* existing = there.find(dialect(), table.table->name);
    for (const auto& [column, word] : existing->columns) {
      const bool is_staged = std::ranges::any_of(
          table.columns, [&](const schema::Column* own) { return sql::is_same_name(dialect(), own->name, column); });
      const std::string value = is_staged ? fmt::format("s.{}", quoted(column)) : "NULL";
      list += fmt::format(", {} AS {}", fmt::format(fmt::runtime(dialect().try_cast), value, word), quoted(column));
    }
    return fmt::format("(SELECT {} FROM {} AS s)", list, table.name);
  }

  static std::string reason(const StagedTable& table, std::string_view words) {
    return sql::text_literal(fmt::format("the table {} refuses it: {}", table.table->name, words));
  }

  std::string as_text(std::string_view value) const {
    return fmt::format("CAST({} AS {})", value, dialect().types.text);
  }

  std::string sample_of(std::string_view value) const {
    return fmt::format("substr({}, 1, {})", as_text(value), sample_max);
  }

  /// Whether two values are one to a key, which looks at each character, whatever the collation of a column.
  std::string are_same(std::string_view a, std::string_view b) const {
    return fmt::format("{} = {} AND {}", a, b, fmt::format(fmt::runtime(dialect().is_same_text), a, b));
  }

  /// What candidates are called: a condition may name its table.
  std::string row_of(const StagedTable& table) const { return quoted(table.table->name); }

  /// The columns of a constraint with the values that a row has there, as a text: `id = 5, name = Ann`.
  std::string told(const sql::Constraint& constraint, const std::vector<std::string>& values) const {
    std::string text = "''";
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::string name = fmt::format("{}{} = ", i == 0 ? "" : ", ", shown(constraint.columns[i]));
      text += fmt::format(" || {} || {}", sql::text_literal(name), sample_of(values[i]));
    }
    return text;
  }

  Status refuse_where(const StagedTable& table, const sql::Constraint& constraint, std::string_view condition,
                      std::string_view why) {
    const std::optional<std::string> known = known_rows(table, constraint);
    if (!known) return {};
    const std::string row = row_of(table);
    return staged->refuse(
        table, fmt::format("{0}.{1}, {2} FROM {3} AS {0} WHERE ({4}) AND {5} AND {6}", row, quoted(document_column),
                           why, candidates(table), condition, *known, staged->is_left(table, row)));
  }

  Status refuse_values(const StagedTable& table) {
    for (const schema::Column* column : table.columns) {
      const std::string* word = foreign_word(*table.table, *column);
      if (word == nullptr) continue;
      const std::string value = fmt::format("s.{}", quoted(column->name));
      const std::string why =
          fmt::format("{} || {} || {}", sql::text_literal("the value "), sample_of(value),
                      sql::text_literal(fmt::format(" does not fit the column {} of {} ({})", column->name,
                                                    table.table->name, utf8_prefix(*word, sample_max))));
      Status refused = staged->refuse(
          table, fmt::format("s.{}, {} FROM {} AS s WHERE {} IS NOT NULL AND {} IS NULL", quoted(document_column), why,
                             table.name, value, fmt::format(fmt::runtime(dialect().try_cast), value, *word)));
      if (!refused) return refused;
    }
    return {};
  }

  Status refuse_nulls(const StagedTable& table, const sql::Constraint& constraint) {
    const std::string& column = constraint.columns.front();
    return refuse_where(table, constraint, fmt::format("{}.{} IS NULL", row_of(table), column),
                        reason(table, fmt::format("{} may not be null", shown(column))));
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
    std::vector<std::string> values;
    for (std::size_t i = 0; i < std::min(constraint.columns.size(), constraint.referenced_columns.size()); ++i) {
      values.push_back(row_of(table) + "." + constraint.columns[i]);
      is_whole += fmt::format(" AND {} IS NOT NULL", values.back());
      is_same += " AND " + are_same("t." + constraint.referenced_columns[i], values.back());
    }
    const std::string is_there =
        fmt::format("EXISTS (SELECT 1 FROM {} AS t WHERE {})", target(constraint.referenced_table), is_same);
    return refuse_where(
        table, constraint, fmt::format("{} AND NOT {}", is_whole, is_there),
        reason(table, constraint.text + ", and there is none for ") + " || " + told(constraint, values));
  }

  struct Keys {
    std::string rows;                 ///< those with a whole key: place, document and the parts of the key
    std::string parts;                ///< of the key, as a list
    std::vector<std::string> values;  ///< the same one by one, of `k`
    std::string of_target;            ///< the parts as the table has them
  };

  /// None: defaults say what the keys will be.
  std::optional<Keys> keys_of(const StagedTable& table, const sql::Constraint& constraint) const {
    const std::optional<std::string> known = known_rows(table, constraint);
    if (!known) return std::nullopt;
    Keys keys;
    std::string selected;
    std::string is_whole;
    for (std::size_t i = 0; i < constraint.columns.size(); ++i) {
      const std::string part = fmt::format("_outfall_key_{}", i);
      selected += fmt::format(", {} AS {}", constraint.columns[i], part);
      keys.of_target += fmt::format("{}{} AS {}", i == 0 ? "" : ", ", constraint.columns[i], part);
      keys.parts += fmt::format("{}{}", i == 0 ? "" : ", ", part);
      is_whole += fmt::format("{}{} IS NOT NULL", i == 0 ? "" : " AND ", part);
      keys.values.push_back("k." + part);
    }
    keys.rows = fmt::format("(SELECT * FROM (SELECT {}, {}{} FROM {} AS {} WHERE {} AND {}) AS w WHERE {})",
                            quoted(place_column), quoted(document_column), selected, candidates(table), row_of(table),
                            *known, staged->is_left(table, row_of(table)), is_whole);
    return keys;
  }

  /// Keys that the table has already.
  Status refuse_keys_there(const StagedTable& table, const sql::Constraint& constraint) {
    const std::optional<Keys> keys = keys_of(table, constraint);
    if (!keys) return {};
    std::string is_same = "true";
    for (std::size_t i = 0; i < keys->values.size(); ++i) {
      is_same += " AND " + are_same(fmt::format("t._outfall_key_{}", i), keys->values[i]);
    }
    return staged->refuse(
        table,
        fmt::format("k.{}, {} || {} || ' is there already' FROM {} AS k WHERE EXISTS (SELECT 1 FROM (SELECT {} FROM "
                    "{}) AS t WHERE {})",
                    quoted(document_column), reason(table, constraint.text + ", and "), told(constraint, keys->values),
                    keys->rows, keys->of_target, target(table.table->name), is_same));
  }

  /// Keys that an earlier row of the load has.
  Status propose_keys_before(const StagedTable& table, const sql::Constraint& constraint) {
    const std::optional<Keys> keys = keys_of(table, constraint);
    if (!keys) return {};
    const std::string window = fmt::format("OVER (PARTITION BY {} ORDER BY k.{})", keys->parts, quoted(place_column));
    return staged->propose(
        table,
        fmt::format("k.{0}, {1} || {2} || ' came before in this load', k.holder FROM (SELECT k.*, row_number() {3} AS "
                    "nth, first_value(k.{0}) {3} AS holder FROM {4} AS k) AS k WHERE k.nth > 1",
                    quoted(document_column), reason(table, constraint.text + ", and "), told(constraint, keys->values),
                    window, keys->rows));
  }

  template <class Apply>
  Status for_each_key(const Apply& apply) {
    for (const StagedTable& table : staged->tables()) {
      for (const sql::Constraint& constraint : constraints_of(*table.table)) {
        if (constraint.kind != Kind::unique && constraint.kind != Kind::primary_key) continue;
        if (Status applied = apply(table, constraint); !applied) return applied;
      }
    }
    return {};
  }

  Status refuse_by_value() {
    for (const StagedTable& table : staged->tables()) {
      if (Status refused = refuse_values(table); !refused) return refused;
      for (const sql::Constraint& constraint : constraints_of(*table.table)) {
        Status refused;
        if (constraint.kind == Kind::check) {
          refused = refuse_where(table, constraint,
                                 fmt::format("CAST(({}) AS {}) = false", constraint.condition, dialect().types.bool_),
                                 reason(table, constraint.text));
        } else if (constraint.kind == Kind::not_null) {
          refused = refuse_nulls(table, constraint);
        } else if (constraint.kind == Kind::foreign_key) {
          refused = refuse_references(table, constraint);
        }
        if (!refused) return refused;
      }
    }
    return {};
  }

  /// Behind the others, because a document that is refused has no keys. Of several with one key the first has it that
  /// nothing else is in the way of.
  Status refuse_by_key() {
    Status refused = for_each_key([this](const auto&... key) { return refuse_keys_there(key...); });
    for (int round = 0; refused && round < rounds_max; ++round) {
      refused = for_each_key([this](const auto&... key) { return propose_keys_before(key...); });
      if (!refused) return refused;
      const Result<bool> settled = staged->settle();
      if (!settled) return fail(settled.error());
      if (!*settled) return {};
    }
    return refused ? fail("equal keys are in each other's way too often") : refused;
  }

  /// Each document is one row of its root table.
  Status count_refused() {
    for (const StagedTable& table : staged->tables()) {
      const auto counted = transaction.rows(
          fmt::format("SELECT count(*) FROM {} AS s {}", table.name, staged->join_refused(table, "s")));
      if (!counted) return fail(counted.error());
      const std::uint64_t count = std::stoull(counted->at(0).at(0).value_or("0"));
      rows[table.table->name] = count;
      if (table.parent < 0) documents += count;
    }
    return {};
  }

  Result<std::string> first_reason() const {
    for (const StagedTable& table : staged->tables()) {
      if (table.parent >= 0) continue;
      const auto first =
          transaction.rows(fmt::format("SELECT r.reason FROM {} AS s {} ORDER BY s.{} LIMIT 1", table.name,
                                       staged->join_refused(table, "s"), quoted(place_column)));
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

/// The refused rows of a table in their order, each with what is nested in it; at most so many.
Result<std::vector<RefusedRow>> refused_rows(sql::Transaction& transaction, const StagedTables& staged,
                                             const StagedTable& table, const MembersOfRows& nested,
                                             std::size_t rows_max) {
  const sql::Dialect& dialect = transaction.connection().dialect();
  const auto quoted = [&dialect](std::string_view name) { return "s." + sql::quoted(dialect, name); };
  const auto column_or_null = [&](std::string_view name) {
    return table.has(name) ? quoted(name) : std::string("NULL");
  };
  std::vector<const schema::Column*> told;
  std::ranges::copy_if(table.columns, std::back_inserter(told),
                       [](const schema::Column* column) { return !schema::is_system_name(column->name); });
  std::string list = fmt::format("{}, r.reason, {}, {}", quoted(place_column), column_or_null(schema::id_column_name),
                                 column_or_null(schema::parent_id_column_name));
  const std::size_t first = 4;
  for (const schema::Column* column : told) {
    const bool is_binary = column->type == DataType::binary;
    list += ", " + (is_binary ? fmt::format(fmt::runtime(dialect.types.binary_as_hex),
                                            fmt::arg("column", quoted(column->name)))
                              : quoted(column->name));
  }
  const std::string index = table.has(schema::list_idx_column_name) ? quoted(schema::list_idx_column_name) + ", " : "";
  const auto rows =
      transaction.rows(fmt::format("SELECT {} FROM {} AS s {} ORDER BY {}{} LIMIT {}", list, table.name,
                                   staged.join_refused(table, "s"), index, quoted(place_column), rows_max));
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
  if (Status counted = parts->count_refused(); !counted) return fail(std::move(counted.error()));
  return RowSieve(std::move(parts));
}

std::uint64_t RowSieve::documents() const {
  return parts_->documents;
}

Status RowSieve::tell(Refusals& refusals) {
  const Result<std::string> first_reason = parts_->first_reason();
  if (!first_reason) return fail(first_reason.error());
  if (Status begun = refusals.begin(parts_->documents, parts_->rows, *first_reason); !begun) return begun;
  const std::vector<StagedTable>& tables = parts_->staged->tables();
  const std::size_t rows_max = refusals.documents_wanted();
  const bool wants_all = parts_->documents <= rows_max;
  std::vector<MembersOfRows> nested(tables.size());
  std::map<std::size_t, std::vector<RefusedRow>> roots;  // in the order of the tables
  for (const StagedTable& table : tables | std::views::reverse) {
    if (table.parent >= 0 && !wants_all) continue;
    auto rows = refused_rows(parts_->transaction, *parts_->staged, table, nested[table.number],
                             table.parent < 0 ? rows_max : sql::limits::catalog_rows_max);
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
      if (!members.empty()) member.append(",").append(members);  // the last table comes first here
      members = std::move(member);
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
  const std::string place = parts_->quoted(place_column);
  const auto counted = parts_->transaction.rows(
      fmt::format("SELECT count(*) FROM {0} AS s {1} WHERE s.{2} >= {3} AND s.{2} < {4}", table.name,
                  parts_->staged->join_refused(table, "s"), place, staged.begin, staged.end));
  if (!counted) return fail(counted.error());
  return std::stoull(counted->at(0).at(0).value_or("0"));
}

Status RowSieve::drop() {
  return parts_->staged->drop();
}

}  // namespace outfall::delivery
