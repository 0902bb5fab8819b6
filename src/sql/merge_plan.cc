// SPDX-License-Identifier: Apache-2.0
#include "sql/merge_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "schema/table.h"
#include "sql/dialect.h"

namespace outfall::sql {
namespace {

using Counted = MergeStep::Counted;
using Kind = MergeStep::Kind;

class Planner {
 public:
  Planner(const Dialect& dialect, const MergeChain& chain, const std::string& prefix)
      : dialect_(dialect), chain_(chain), prefix_(prefix), root_(chain.tables.front()) {}

  std::vector<MergeStep> plan() {
    help_planner();
    apply_filter();
    remove_duplicates();
    if (chain_.removes) {
      remove_rows(matches());
    } else {
      merge();
    }
    drop_temporary();
    return std::move(steps_);
  }

 private:
  void merge() {
    switch (chain_.strategy) {
      case MergeStrategy::delete_insert:
        remove_rows(chain_.destination_scope.empty() ? matches() : std::vector{is_in_scope()});
        forget_deleted();
        insert_all();
        break;
      case MergeStrategy::cdc:
        remove_rows(absent());
        upsert();
        break;
      case MergeStrategy::upsert:
        upsert();
        break;
      case MergeStrategy::insert_only:
        forget_deleted();
        forget(exists(name(root_.target), "t", are_equal(chain_.primary_key, "t", "s")));
        insert_all();
        break;
      case MergeStrategy::scd2:
        forget_deleted();
        end_versions();
        begin_versions();
        break;
    }
  }

  void upsert() {
    if (chain_.skips_unchanged && !chain_.row_version.empty()) forget_unchanged();
    delete_nested_of(matches());
    delete_hard_deleted();
    forget_deleted();
    if (chain_.has_repeated_keys) find_repeated();
    if (chain_.uses_merge) {
      merge_roots();
    } else {
      update_roots();
      insert_missing_roots();
    }
    insert_nested();
  }

  std::string name(const TableName& table) const { return quoted(dialect_, table); }
  std::string column(std::string_view alias, std::string_view column) const {
    return fmt::format("{}.{}", alias, quoted(dialect_, column));
  }
  std::string id(std::string_view alias) const { return column(alias, schema::id_column_name); }
  std::string parent_id(std::string_view alias) const { return column(alias, schema::parent_id_column_name); }
  std::string root_id(std::string_view alias) const { return column(alias, schema::root_id_column_name); }

  static bool has_root_ids(const MergeTable& table) {
    return std::ranges::find(table.columns, schema::root_id_column_name) != table.columns.end();
  }

  std::string origin(std::string_view alias) const { return column(alias, schema::origin_column_name); }

  TableName temporary_table(std::string_view word) const {
    return {.catalog = std::string(dialect_.temporary[0]),
            .schema = std::string(dialect_.temporary[1]),
            .table = fmt::format("{}{}", prefix_, word)};
  }

  void step(std::string statement, Counted counted = Counted::nothing, Kind kind = Kind::always) {
    steps_.push_back({.statement = std::move(statement), .kind = kind, .counted = counted});
  }

  /// A table of the session, made by a query.
  std::string make_temporary(std::string_view word, std::string_view query, Kind kind = Kind::always) {
    const TableName table = temporary_table(word);
    temporary_.push_back(name(table));
    step(fmt::format("CREATE TEMPORARY TABLE {} AS {}", name(table), query), Counted::nothing, kind);
    return name(table);
  }

  std::string quoted_list(const std::vector<std::string>& columns, std::string_view alias = "") const {
    std::string list;
    for (const std::string& one : columns) {
      list += list.empty() ? "" : ", ";
      list += alias.empty() ? quoted(dialect_, one) : column(alias, one);
    }
    return list;
  }

  std::string are_equal(const std::vector<std::string>& keys, std::string_view a, std::string_view b) const {
    std::string condition;
    for (const std::string& key : keys) {
      condition += fmt::format("{}{} = {}", condition.empty() ? "" : " AND ", column(a, key), column(b, key));
    }
    return condition;
  }

  /// The same where nulls are equal. Databases find rows for it one by one, so it is held against few of them only.
  std::string are_same(const std::vector<std::string>& keys, std::string_view a, std::string_view b) const {
    std::string condition;
    for (const std::string& key : keys) {
      condition += fmt::format("{0}({1} = {2} OR ({1} IS NULL AND {2} IS NULL))", condition.empty() ? "" : " AND ",
                               column(a, key), column(b, key));
    }
    return condition;
  }

  std::string has_null(const std::vector<std::string>& keys, std::string_view alias) const {
    std::string condition;
    for (const std::string& key : keys) {
      condition += fmt::format("{}{} IS NULL", condition.empty() ? "" : " OR ", column(alias, key));
    }
    return "(" + condition + ")";
  }

  std::string is_deleted(std::string_view alias) const {
    if (!chain_.hard_delete) return "";
    const std::string flag = column(alias, chain_.hard_delete->column);
    return chain_.hard_delete->is_boolean ? fmt::format("({0} IS NOT NULL AND {0})", flag)
                                          : fmt::format("{} IS NOT NULL", flag);
  }

  static std::string exists(std::string_view table, std::string_view alias, std::string_view condition) {
    return fmt::format("EXISTS (SELECT 1 FROM {} AS {} WHERE {})", table, alias, condition);
  }

  /// That rows of the target `t` have a key that is staged, in parts: a join by either of two is a loop.
  std::vector<std::string> matches() const {
    std::vector<std::string> conditions;
    if (!chain_.primary_key.empty()) conditions.push_back(is_staged(chain_.primary_key));
    const bool has_two_keys = chain_.strategy == MergeStrategy::delete_insert || chain_.primary_key.empty();
    if (!chain_.merge_key.empty() && has_two_keys) {
      for (std::string& condition : matches_where_nulls_are_equal(chain_.merge_key)) {
        conditions.push_back(std::move(condition));
      }
    }
    return conditions;
  }

  std::string is_staged(const std::vector<std::string>& key) const {
    return exists(name(root_.staging), "s", are_equal(key, "s", "t"));
  }

  std::vector<std::string> matches_where_nulls_are_equal(const std::vector<std::string>& key) const {
    return {is_staged(key), fmt::format("{} AND {}", has_null(key, "t"),
                                        exists(name(root_.staging), "s",
                                               fmt::format("{} AND {}", has_null(key, "s"), are_same(key, "s", "t"))))};
  }

  /// What the user wrote for rows of the target, where `t` is one. It names columns and tables as they are called.
  std::string is_in_scope() const {
    return fmt::format("{0} IN (SELECT {1} FROM {2} WHERE {3})", column_at_place("t"), dialect_.row_place,
                       name(root_.target), scope());
  }

  std::string scope() const {
    return "(" + scope_with_tables(chain_.destination_scope, name(root_.target), name(root_.staging)) + ")";
  }

  std::string column_at_place(std::string_view alias) const { return fmt::format("{}.{}", alias, dialect_.row_place); }

  /// Which rows of the target `t` a load that has all rows there are may take away, in parts.
  std::vector<std::string> within_scope() const {
    if (!chain_.destination_scope.empty()) return {is_in_scope()};
    if (!chain_.merge_key.empty()) return matches_where_nulls_are_equal(chain_.merge_key);
    return {""};
  }

  std::vector<std::string> absent() const {
    std::vector<std::string> conditions;
    for (const std::string& part : within_scope()) {
      conditions.push_back(fmt::format("NOT {}{}{}", is_staged(chain_.primary_key), part.empty() ? "" : " AND ", part));
    }
    return conditions;
  }

  void apply_filter() {
    if (chain_.source_filter.empty()) return;
    step(fmt::format("DELETE FROM {} WHERE NOT coalesce(({}), false)", name(root_.staging), chain_.source_filter));
    forget_orphans();
  }

  /// What a database that knows nothing of new tables needs to know before it joins with them.
  void help_planner() {
    std::vector<std::string> keys = chain_.primary_key.empty() ? chain_.merge_key : chain_.primary_key;
    if (chain_.versions) keys = {chain_.versions->version};
    if (!dialect_.index_staging.empty() && !keys.empty()) {
      const TableName index = temporary_table("key");
      step(fmt::format(fmt::runtime(dialect_.index_staging), fmt::arg("schema", quoted(dialect_, index.schema)),
                       fmt::arg("index", quoted(dialect_, index.table)),
                       fmt::arg("table", quoted(dialect_, root_.staging.table)),
                       fmt::arg("columns", quoted_list(keys))));
    }
    if (dialect_.analyze.empty()) return;
    for (const MergeTable& table : chain_.tables)
      step(fmt::format(fmt::runtime(dialect_.analyze), name(table.staging)));
  }

  /// Of the staged rows with one key the last one stays, or the first in the order that is asked for. Without a key, of
  /// those that are one version.
  void remove_duplicates() {
    std::vector<std::string> key = chain_.primary_key;
    if (key.empty() && chain_.versions) key = {chain_.versions->version};
    if (key.empty()) return;
    std::string order;
    if (chain_.dedup_sort) {
      order = fmt::format("{} {}, ", column("s", chain_.dedup_sort->column),
                          chain_.dedup_sort->is_descending ? "DESC" : "ASC");
    }
    const std::string staged = name(root_.staging);
    // Most loads have none, and to count the values of a column is cheaper than to number rows.
    const bool is_asked_first = key.size() == 1;
    if (is_asked_first) {
      step(fmt::format("SELECT count(*) - count(DISTINCT {}) FROM {}", quoted(dialect_, key.front()), staged),
           Counted::nothing, Kind::question);
    }
    const Kind kind = is_asked_first ? Kind::if_changed : Kind::always;
    const std::string places = make_temporary(
        "duplicates",
        fmt::format("SELECT place FROM (SELECT s.{0} AS place, ROW_NUMBER() OVER (PARTITION BY {1} ORDER BY {2}s.{0} "
                    "DESC) AS number FROM {3} AS s) AS numbered WHERE number > 1",
                    dialect_.row_place, quoted_list(key, "s"), order, staged),
        kind);
    step(fmt::format("DELETE FROM {} WHERE {}", staged,
                     fmt::format(fmt::runtime(dialect_.is_at_place), fmt::arg("places", places))),
         Counted::duplicates, kind);
    forget_orphans();
  }

  /// Staged nested rows whose document is staged no more, if the step before took any away. They are not told by their
  /// parents: a list may be in a list of objects here and in an object there, so its table has rows of two parents.
  void forget_orphans() {
    for (std::size_t i = 1; i < chain_.tables.size(); ++i) {
      const MergeTable& table = chain_.tables[i];
      step(fmt::format("DELETE FROM {} AS s WHERE {}", name(table.staging),
                       has_root_ids(table) ? has_no_root() : has_no_parent(chain_.tables[table.parent])),
           Counted::nothing, Kind::if_changed);
    }
  }

  /// Of documents with one key, rows may have the same ids.
  std::string has_no_root() const {
    return "NOT " + exists(name(root_.staging), "p",
                           fmt::format("{} = {} AND ({} IS NULL OR {} = {})", id("p"), root_id("s"), origin("s"),
                                       origin("p"), origin("s")));
  }

  std::string has_no_parent(const MergeTable& parent) const {
    return fmt::format(
        "NOT {} AND NOT {}", exists(name(root_.staging), "r", fmt::format("{} = {}", origin("r"), origin("s"))),
        exists(name(parent.staging), "p", fmt::format("{} = {} AND {} IS NULL", id("p"), parent_id("s"), origin("s"))));
  }

  bool has_nested(std::size_t place) const {
    return std::ranges::any_of(chain_.tables.begin() + 1, chain_.tables.end(),
                               [&](const MergeTable& table) { return table.parent == place; });
  }

  /// Deletes all that is nested in the rows of the target for which one of the conditions is true, from the deepest up.
  /// Rows from before the table was merged have no root ids, and go with their parents.
  void delete_nested_of(const std::vector<std::string>& conditions) {
    if (chain_.tables.size() == 1 || conditions.empty()) return;
    const std::vector<std::string> doomed = find_doomed(conditions);
    for (std::size_t i = chain_.tables.size(); i-- > 1;) {
      const MergeTable& table = chain_.tables[i];
      if (has_root_ids(table)) delete_linked(table, root_id("t"), doomed[0]);
      delete_linked(table, parent_id("t"), doomed[table.parent]);
    }
  }

  void delete_linked(const MergeTable& table, const std::string& link, const std::string& doomed) {
    step(fmt::format("DELETE FROM {} AS t WHERE {} IN (SELECT id FROM {})", name(table.target), link, doomed));
  }

  /// By table: where the ids of its rows are that are those, or nested in them. Empty: it has no nested tables.
  std::vector<std::string> find_doomed(const std::vector<std::string>& conditions) {
    std::vector<std::string> doomed(chain_.tables.size());
    std::string query;
    for (const std::string& condition : conditions) {
      query += fmt::format("{}SELECT {} AS id FROM {} AS t WHERE {}", query.empty() ? "" : " UNION ", id("t"),
                           name(root_.target), condition);
    }
    const std::size_t round = rounds_++;
    doomed[0] = make_temporary(fmt::format("doomed_{}_0", round), query);
    for (std::size_t i = 1; i < chain_.tables.size(); ++i) {
      if (!has_nested(i)) continue;
      const MergeTable& table = chain_.tables[i];
      doomed[i] = make_temporary(fmt::format("doomed_{}_{}", round, i),
                                 fmt::format("SELECT {} AS id FROM {} AS t WHERE {} IN (SELECT id FROM {})", id("t"),
                                             name(table.target), parent_id("t"), doomed[table.parent]));
    }
    return doomed;
  }

  void remove_rows(const std::vector<std::string>& conditions) {
    delete_nested_of(conditions);
    for (const std::string& condition : conditions) {
      step(fmt::format("DELETE FROM {} AS t WHERE {}", name(root_.target), condition), Counted::removed);
    }
  }

  void delete_hard_deleted() {
    if (!chain_.hard_delete) return;
    step(fmt::format("DELETE FROM {} AS t WHERE {}", name(root_.target),
                     exists(name(root_.staging), "s",
                            fmt::format("{} AND {}", are_equal(chain_.primary_key, "s", "t"), is_deleted("s")))),
         Counted::removed);
  }

  /// Staged rows `s` for which it is true are no rows.
  void forget(const std::string& condition) {
    step(fmt::format("DELETE FROM {} AS s WHERE {}", name(root_.staging), condition));
    forget_orphans();
  }

  /// Those that say that their key is to be deleted.
  void forget_deleted() {
    if (chain_.hard_delete) forget(is_deleted("s"));
  }

  /// Those that have the version which the target has, unless they say that it is to be deleted.
  void forget_unchanged() {
    const std::string is_there = exists(name(root_.target), "t",
                                        fmt::format("{} AND {} = {}", are_equal(chain_.primary_key, "t", "s"),
                                                    column("t", chain_.row_version), column("s", chain_.row_version)));
    forget(chain_.hard_delete ? fmt::format("NOT {} AND {}", is_deleted("s"), is_there) : is_there);
  }

  std::string is_active(std::string_view alias) const {
    const MergeVersions& versions = *chain_.versions;
    const std::string valid_to = column(alias, versions.valid_to);
    return versions.active_until.empty() ? valid_to + " IS NULL"
                                         : fmt::format("{} = {}", valid_to, versions.active_until);
  }

  std::string are_one_version(std::string_view a, std::string_view b) const {
    return fmt::format("{} = {}", column(a, chain_.versions->version), column(b, chain_.versions->version));
  }

  void end_versions() {
    const MergeVersions& versions = *chain_.versions;
    for (const std::string& part : within_scope()) {
      step(fmt::format("UPDATE {} AS t SET {} = {} WHERE {} AND NOT {}{}{}", name(root_.target),
                       quoted(dialect_, versions.valid_to), versions.boundary, is_active("t"),
                       exists(name(root_.staging), "s", are_one_version("s", "t")), part.empty() ? "" : " AND ", part),
           Counted::ended);
    }
  }

  /// A version that was there before and ended may have rows nested in it, with the same ids.
  void begin_versions() {
    const MergeVersions& versions = *chain_.versions;
    forget(exists(name(root_.target), "t", fmt::format("{} AND {}", are_one_version("t", "s"), is_active("t"))));
    std::vector<std::string> columns;
    std::ranges::copy_if(root_.columns, std::back_inserter(columns), [&](const std::string& one) {
      return one != versions.valid_from && one != versions.valid_to;
    });
    step(fmt::format("INSERT INTO {} ({}, {}, {}) SELECT {}, {}, {} FROM {} AS s", name(root_.target),
                     quoted_list(columns), quoted(dialect_, versions.valid_from), quoted(dialect_, versions.valid_to),
                     quoted_list(columns, "s"), versions.boundary,
                     versions.active_until.empty() ? "NULL" : versions.active_until, name(root_.staging)),
         Counted::inserted);
    for (std::size_t i = 1; i < chain_.tables.size(); ++i) {
      const MergeTable& table = chain_.tables[i];
      insert(table, "NOT " + exists(name(table.target), "t", fmt::format("{} = {}", id("t"), id("s"))),
             Counted::nothing);
    }
  }

  /// The rows of the target whose key a row before them has.
  void find_repeated() {
    repeated_ = make_temporary(
        "repeated",
        fmt::format("SELECT place FROM (SELECT t.{0} AS place, ROW_NUMBER() OVER (PARTITION BY {1} ORDER BY t.{0}) AS "
                    "number FROM {2} AS t WHERE {3}) AS numbered WHERE number > 1",
                    dialect_.row_place, quoted_list(chain_.primary_key, "t"), name(root_.target),
                    is_staged(chain_.primary_key)));
  }

  /// What becomes of a row `t` of the target whose key the staged row `s` has, and of which ones. None: nothing does.
  struct Update {
    std::string set;
    std::string condition;  ///< empty: of all
  };
  std::optional<Update> update_of_roots() const {
    Update update;
    std::string is_changed;
    for (const std::string& one : root_.columns) {
      if (std::ranges::find(chain_.primary_key, one) != chain_.primary_key.end()) continue;
      const std::string there = column("t", one);
      std::string value = column("s", one);
      if (chain_.keeps_missing) value = fmt::format("coalesce({}, {})", value, there);
      if (one == schema::id_column_name && !repeated_.empty()) {
        value = fmt::format("CASE WHEN {} IN (SELECT place FROM {}) THEN {} ELSE {} END", column_at_place("t"),
                            repeated_, there, value);
      }
      update.set += fmt::format("{}{} = {}", update.set.empty() ? "" : ", ", quoted(dialect_, one), value);
      if (schema::is_system_name(one)) continue;
      is_changed += is_changed.empty() ? "" : " OR ";
      is_changed += fmt::format(fmt::runtime(dialect_.is_distinct), value, there);
    }
    if (update.set.empty()) return std::nullopt;
    const bool looks_at_values = chain_.skips_unchanged && chain_.row_version.empty();
    if (looks_at_values && is_changed.empty()) return std::nullopt;
    if (looks_at_values) update.condition = fmt::format(" AND ({})", is_changed);
    return update;
  }

  void update_roots() {
    const std::optional<Update> update = update_of_roots();
    if (!update) return;
    step(fmt::format("UPDATE {} AS t SET {} FROM {} AS s WHERE {}{}", name(root_.target), update->set,
                     name(root_.staging), are_equal(chain_.primary_key, "s", "t"), update->condition),
         Counted::updated);
  }

  /// Updates and inserts in one pass over the target.
  void merge_roots() {
    const std::optional<Update> update = update_of_roots();
    step(fmt::format("MERGE INTO {} AS t USING {} AS s ON {}{} WHEN NOT MATCHED THEN INSERT ({}) VALUES ({})",
                     name(root_.target), name(root_.staging), are_equal(chain_.primary_key, "s", "t"),
                     update ? fmt::format(" WHEN MATCHED{} THEN UPDATE SET {}", update->condition, update->set) : "",
                     quoted_list(root_.columns), quoted_list(root_.columns, "s")),
         Counted::merged);
  }

  void insert(const MergeTable& table, std::string_view condition, Counted counted) {
    step(fmt::format("INSERT INTO {} ({}) SELECT {} FROM {} AS s{}{}", name(table.target), quoted_list(table.columns),
                     quoted_list(table.columns, "s"), name(table.staging), condition.empty() ? "" : " WHERE ",
                     condition),
         counted);
  }

  void insert_missing_roots() {
    insert(root_,
           fmt::format("NOT EXISTS (SELECT 1 FROM {} AS t WHERE {})", name(root_.target),
                       are_equal(chain_.primary_key, "t", "s")),
           Counted::inserted);
  }

  void insert_nested() {
    for (std::size_t i = 1; i < chain_.tables.size(); ++i) insert(chain_.tables[i], "", Counted::nothing);
  }

  void insert_all() {
    insert(root_, "", Counted::inserted);
    insert_nested();
  }

  void drop_temporary() {
    for (const std::string& table : temporary_) step("DROP TABLE IF EXISTS " + table);
  }

  const Dialect& dialect_;
  const MergeChain& chain_;
  const std::string& prefix_;
  const MergeTable& root_;
  std::vector<MergeStep> steps_;
  std::vector<std::string> temporary_;
  std::string repeated_;    ///< where find_repeated keeps them; empty: no key is
  std::size_t rounds_ = 0;  ///< of find_doomed
};

}  // namespace

std::string scope_with_tables(std::string_view scope, const std::string& table, const std::string& staging_table) {
  std::string text;
  for (std::size_t i = 0; i < scope.size(); ++i) {
    const std::string_view rest = scope.substr(i);
    const auto stands_for = [&](std::string_view word, const std::string& name) {
      if (!rest.starts_with(word)) return false;
      text += name;
      i += word.size() - 1;
      return true;
    };
    if (stands_for("{table}", table) || stands_for("{staging_table}", staging_table)) continue;
    if (rest.starts_with("{{") || rest.starts_with("}}")) ++i;
    text += rest.front();
  }
  return text;
}

std::vector<MergeStep> plan_merge(const Dialect& dialect, const MergeChain& chain, const std::string& prefix) {
  return Planner(dialect, chain, prefix).plan();
}

std::string create_staging(const Dialect& dialect, const MergeTable& table) {
  std::string columns;
  for (const std::string& column : table.columns) {
    columns += fmt::format("{}{}", columns.empty() ? "" : ", ", quoted(dialect, column));
  }
  return fmt::format("CREATE TEMPORARY TABLE {} AS SELECT {}, CAST(NULL AS bigint) AS {} FROM {} WHERE 1 = 0",
                     quoted(dialect, table.staging), columns, quoted(dialect, schema::origin_column_name),
                     quoted(dialect, table.target));
}

std::string count_rows_without_key(const Dialect& dialect, const MergeChain& chain) {
  std::string condition;
  for (const std::string& key : chain.primary_key) {
    condition += fmt::format("{}{} IS NULL", condition.empty() ? "" : " OR ", quoted(dialect, key));
  }
  if (condition.empty()) return "";
  return fmt::format("SELECT count(*) FROM {} WHERE {}", quoted(dialect, chain.tables.front().staging), condition);
}

}  // namespace outfall::sql
