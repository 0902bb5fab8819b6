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

#include "base/utf8.h"
#include "delivery/package_tables.h"
#include "delivery/refused_documents.h"
#include "delivery/staged_tables.h"
#include "sql/catalog.h"
#include "sql/constraints.h"
#include "sql/dialect.h"

namespace outfall::delivery {
namespace {

using Kind = sql::Constraint::Kind;

/// Characters of a value, and of a long word for a type, that a reason repeats.
constexpr std::size_t sample_max = 80;

/// Rounds in which the database tells documents with equal keys apart. One settles all that are in nobody's way but
/// their own; what is left then are chains, in which each is in the way of the next.
constexpr int rounds_max = 4;

/// Tables that refer to each other in a row, of which the first loses a row.
constexpr int reference_rounds_max = 100;

/// A name without its quotes; expressions as they are.
std::string shown(std::string_view expression) {
  const bool is_quoted = expression.size() > 2 && expression.starts_with('"') && expression.ends_with('"');
  if (!is_quoted) return std::string(expression);
  std::string name(expression.substr(1, expression.size() - 2));
  for (std::size_t at = 0; (at = name.find("\"\"", at)) != std::string::npos; ++at) name.erase(at, 1);
  return name;
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
  std::vector<std::string> unasked{};           ///< rules that cannot be held against rows beforehand
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

  void leave_unasked(const sql::Constraint& constraint) {
    const std::string rule = fmt::format("{} of {}", constraint.text, constraint.table);
    if (std::ranges::find(unasked, rule) == unasked.end()) unasked.push_back(rule);
  }

  Status refuse_where(const StagedTable& table, const sql::Constraint& constraint, std::string_view condition,
                      std::string_view why) {
    const std::optional<std::string> known = known_rows(table, constraint);
    if (!known) {
      leave_unasked(constraint);
      return {};
    }
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

  /// A row that refers to one which neither the table has nor this load brings.
  Status refuse_references(const StagedTable& table, const sql::Constraint& constraint) {
    const auto is_referenced = [&](const ledger::JobRecord& job) {
      return sql::is_same_name(dialect(), job.table, constraint.referenced_table);
    };
    const auto loaded = std::ranges::find_if(request.package.jobs, is_referenced);
    const bool is_loaded = loaded != request.package.jobs.end();
    const StagedTable* brought = is_loaded ? staged->find(loaded->table) : nullptr;
    // In which order rows of one table go in nobody says.
    if (is_loaded && (brought == nullptr || brought == &table)) {
      leave_unasked(constraint);
      return {};
    }
    std::string is_whole = "true";
    std::string is_same = "true";
    std::vector<std::string> values;
    for (std::size_t i = 0; i < std::min(constraint.columns.size(), constraint.referenced_columns.size()); ++i) {
      values.push_back(row_of(table) + "." + constraint.columns[i]);
      is_whole += fmt::format(" AND {} IS NOT NULL", values.back());
      is_same += " AND " + are_same("_outfall_there." + constraint.referenced_columns[i], values.back());
    }
    std::string is_there = fmt::format("EXISTS (SELECT 1 FROM {} AS _outfall_there WHERE {})",
                                       target(constraint.referenced_table), is_same);
    if (brought != nullptr) {
      is_there = fmt::format("({} OR EXISTS (SELECT 1 FROM {} AS _outfall_there WHERE {} AND {}))", is_there,
                             candidates(*brought), is_same, staged->is_left(*brought, "_outfall_there"));
    }
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
    if (!keys) {
      leave_unasked(constraint);
      return {};
    }
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
          refused = refuse_where(table, constraint, fmt::format(fmt::runtime(dialect().is_false), constraint.condition),
                                 reason(table, constraint.text));
        } else if (constraint.kind == Kind::not_null) {
          refused = refuse_nulls(table, constraint);
        } else if (constraint.kind == Kind::collated) {
          leave_unasked(constraint);
        }
        if (!refused) return refused;
      }
    }
    return {};
  }

  /// Each row that is refused may be the one that others refer to.
  Status refuse_by_reference() {
    Result<std::uint64_t> before = staged->count_refused();
    for (int round = 0; before && round < reference_rounds_max; ++round) {
      for (const StagedTable& table : staged->tables()) {
        for (const sql::Constraint& constraint : constraints_of(*table.table)) {
          if (constraint.kind != Kind::foreign_key) continue;
          if (Status refused = refuse_references(table, constraint); !refused) return refused;
        }
      }
      const Result<std::uint64_t> after = staged->count_refused();
      if (!after) return fail(after.error());
      if (*after == *before) return {};
      before = after;
    }
    return before ? fail("rows refer to rows that are refused, too many times over") : fail(before.error());
  }

  /// Behind the others, because a document that is refused has no keys. Of several with one key the first has it that
  /// nothing else is in the way of.
  Status refuse_by_key() {
    Status refused = for_each_key([this](const auto&... key) { return refuse_keys_there(key...); });
    for (int round = 0; refused && round < rounds_max; ++round) {
      refused = propose_equal_keys();
      if (!refused) return refused;
      const Result<bool> settled = staged->settle();
      if (!settled) return fail(settled.error());
      if (!*settled) return {};
    }
    if (refused) refused = propose_equal_keys();
    return refused ? refuse_in_order() : refused;
  }

  Status propose_equal_keys() {
    return for_each_key([this](const auto&... key) { return propose_keys_before(key...); });
  }

  /// A key that several rows have: the number of its constraint, and the place of the first row that has it.
  using SharedKey = std::pair<std::size_t, std::uint64_t>;
  using DocumentKeys = std::map<std::uint64_t, std::vector<SharedKey>>;  ///< by document

  /// Document by document: who has a key that one before it has is refused.
  Status refuse_in_order() {
    std::map<std::size_t, DocumentKeys> roots;
    std::size_t number = 0;
    Status read = for_each_key([&](const StagedTable& table, const sql::Constraint& constraint) {
      return read_shared_keys(table, constraint, number++, roots[table.root]);
    });
    if (!read) return read;
    for (const auto& [root, keys_of_documents] : roots) {
      std::set<SharedKey> taken;
      std::vector<std::uint64_t> refused;
      for (const auto& [document, keys] : keys_of_documents) {
        const std::set<SharedKey> own(keys.begin(), keys.end());
        const bool is_in_the_way = own.size() < keys.size() ||
                                   std::ranges::any_of(own, [&](const SharedKey& key) { return taken.contains(key); });
        if (is_in_the_way)
          refused.push_back(document);
        else
          taken.insert(own.begin(), own.end());
      }
      if (Status settled = staged->settle(root, refused); !settled) return settled;
    }
    return {};
  }

  Status read_shared_keys(const StagedTable& table, const sql::Constraint& constraint, std::size_t number,
                          DocumentKeys& found) {
    const std::optional<Keys> keys = keys_of(table, constraint);
    if (!keys) return {};
    const auto shared = transaction.rows(fmt::format(
        "SELECT document, holder FROM (SELECT k.{0} AS document, min(k.{1}) OVER (PARTITION BY {2}) AS holder, "
        "count(*) OVER (PARTITION BY {2}) AS holders FROM {3} AS k) AS k WHERE k.holders > 1",
        quoted(document_column), quoted(place_column), keys->parts, keys->rows));
    if (!shared) return fail(shared.error());
    for (const sql::TextRow& row : *shared) {
      found[std::stoull(row.at(0).value_or("0"))].emplace_back(number, std::stoull(row.at(1).value_or("0")));
    }
    return {};
  }

  /// Each document is one row of its root table.
  Status count_refused() {
    for (const StagedTable& table : staged->tables()) {
      const auto counted =
          transaction.rows(fmt::format("SELECT count(*) FROM {} AS s WHERE s.{}", table.name, quoted(refused_column)));
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
          transaction.rows(fmt::format("SELECT _outfall_mark.reason FROM {} AS s {} ORDER BY s.{} LIMIT 1", table.name,
                                       staged->join_refused(table, "s"), quoted(place_column)));
      if (!first) return fail(first.error());
      if (!first->empty()) return first->at(0).at(0).value_or("");
    }
    return std::string();
  }
};

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
  const sql::LookIn looking(transaction.connection(), dataset.name);
  if (!looking.status()) return fail(looking.status().error());
  if (Status refused = parts->refuse_by_value(); !refused) return fail(std::move(refused.error()));
  if (Status refused = parts->refuse_by_reference(); !refused) return fail(std::move(refused.error()));
  if (Status refused = parts->refuse_by_key(); !refused) return fail(std::move(refused.error()));
  if (Status refused = parts->refuse_by_reference(); !refused) return fail(std::move(refused.error()));
  if (Status marked = parts->staged->mark_rows(); !marked) return fail(std::move(marked.error()));
  if (Status counted = parts->count_refused(); !counted) return fail(std::move(counted.error()));
  return RowSieve(std::move(parts));
}

std::uint64_t RowSieve::documents() const {
  return parts_->documents;
}

std::string RowSieve::unasked() const {
  constexpr std::size_t told_max = 3;
  const std::vector<std::string>& rules = parts_->unasked;
  std::string text = fmt::format(
      "{}",
      fmt::join(rules.begin(), rules.begin() + static_cast<std::ptrdiff_t>(std::min(rules.size(), told_max)), "; "));
  if (rules.size() > told_max) text += fmt::format(" and {} more", rules.size() - told_max);
  return text;
}

Status RowSieve::tell(Refusals& refusals) {
  const Result<std::string> first_reason = parts_->first_reason();
  if (!first_reason) return fail(first_reason.error());
  if (Status begun = refusals.begin(parts_->documents, parts_->rows, *first_reason); !begun) return begun;
  if (Status told = tell_refused(parts_->transaction, *parts_->staged, parts_->rows, refusals); !told) return told;
  return refusals.keep();
}

bool RowSieve::holds(std::string_view table) const {
  return parts_->staged->find(table) != nullptr;
}

Result<std::uint64_t> RowSieve::insert(const ledger::JobRecord& job, const sql::DefaultValues& defaults) {
  const StagedTable& table = *parts_->staged->find(job.table);
  const StagedJob& staged = *std::ranges::find(table.jobs, job.file, &StagedJob::file);
  return parts_->transaction.insert_selected(parts_->dataset.table(job.table), {staged.columns, &defaults},
                                             parts_->staged->rows_of(table, staged, StagedTables::Rows::taken));
}

Result<std::uint64_t> RowSieve::refused(const ledger::JobRecord& job) {
  const StagedTable& table = *parts_->staged->find(job.table);
  const StagedJob& staged = *std::ranges::find(table.jobs, job.file, &StagedJob::file);
  const auto counted = parts_->transaction.rows("SELECT count(*) FROM " +
                                                parts_->staged->rows_of(table, staged, StagedTables::Rows::refused));
  if (!counted) return fail(counted.error());
  return std::stoull(counted->at(0).at(0).value_or("0"));
}

Status RowSieve::drop() {
  return parts_->staged->drop();
}

}  // namespace outfall::delivery
