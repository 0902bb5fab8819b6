// SPDX-License-Identifier: Apache-2.0
#include "sql/merge_plan.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
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
    if (!chain_.primary_key.empty()) remove_duplicates();
    switch (chain_.strategy) {
      case MergeStrategy::delete_insert:
        find_doomed();
        delete_nested();
        delete_doomed_roots();
        forget_deleted();
        insert_all();
        break;
      case MergeStrategy::upsert:
        find_doomed();
        delete_nested();
        delete_hard_deleted();
        forget_deleted();
        update_roots();
        insert_missing_roots();
        insert_nested();
        break;
      case MergeStrategy::insert_only:
        forget_deleted();
        forget_known();
        insert_all();
        break;
    }
    drop_temporary();
    return std::move(steps_);
  }

 private:
  std::string name(const TableName& table) const { return quoted(dialect_, table); }
  std::string column(std::string_view alias, std::string_view column) const {
    return fmt::format("{}.{}", alias, quoted(dialect_, column));
  }
  std::string id(std::string_view alias) const { return column(alias, schema::id_column_name); }
  std::string parent_id(std::string_view alias) const { return column(alias, schema::parent_id_column_name); }

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
  std::string make_temporary(std::string_view word, std::string_view query, Counted counted = Counted::nothing) {
    const TableName table = temporary_table(word);
    temporary_.push_back(name(table));
    step(fmt::format("CREATE TEMPORARY TABLE {} AS {}", name(table), query), counted);
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

  /// Rows of the target `t` with a key that is staged, each kind of key by itself: a join by either of two is a loop.
  std::vector<std::string> matches() const {
    const std::string staged = name(root_.staging);
    std::vector<std::string> conditions;
    if (!chain_.primary_key.empty()) {
      conditions.push_back(
          fmt::format("EXISTS (SELECT 1 FROM {} AS s WHERE {})", staged, are_equal(chain_.primary_key, "s", "t")));
    }
    if (!chain_.merge_key.empty() && chain_.strategy == MergeStrategy::delete_insert) {
      conditions.push_back(
          fmt::format("EXISTS (SELECT 1 FROM {} AS s WHERE {})", staged, are_equal(chain_.merge_key, "s", "t")));
      conditions.push_back(fmt::format("{} AND EXISTS (SELECT 1 FROM {} AS s WHERE {} AND {})",
                                       has_null(chain_.merge_key, "t"), staged, has_null(chain_.merge_key, "s"),
                                       are_same(chain_.merge_key, "s", "t")));
    }
    return conditions;
  }

  /// What a database that knows nothing of new tables needs to know before it joins with them.
  void help_planner() {
    const std::vector<std::string>& keys = chain_.primary_key.empty() ? chain_.merge_key : chain_.primary_key;
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

  /// Of the staged rows with one key the last one stays, or the first in the order that is asked for.
  void remove_duplicates() {
    std::string order;
    if (chain_.dedup_sort) {
      order = fmt::format("{} {}, ", column("s", chain_.dedup_sort->column),
                          chain_.dedup_sort->is_descending ? "DESC" : "ASC");
    }
    const std::string staged = name(root_.staging);
    const std::string places = make_temporary(
        "duplicates",
        fmt::format("SELECT place FROM (SELECT s.{0} AS place, ROW_NUMBER() OVER (PARTITION BY {1} ORDER BY {2}s.{0} "
                    "DESC) AS number FROM {3} AS s) AS numbered WHERE number > 1",
                    dialect_.row_place, quoted_list(chain_.primary_key, "s"), order, staged));
    step(fmt::format("DELETE FROM {} WHERE {}", staged,
                     fmt::format(fmt::runtime(dialect_.is_at_place), fmt::arg("places", places))),
         Counted::duplicates);
    forget_orphans();
  }

  /// Staged nested rows whose parent is staged no more, if the step before took any away. Of documents with one key,
  /// rows may have the same ids.
  void forget_orphans() {
    for (std::size_t i = 1; i < chain_.tables.size(); ++i) {
      const MergeTable& table = chain_.tables[i];
      step(fmt::format("DELETE FROM {} AS s WHERE NOT EXISTS (SELECT 1 FROM {} AS p WHERE {} = {} AND ({} IS NULL OR "
                       "{} = {}))",
                       name(table.staging), name(chain_.tables[table.parent].staging), id("p"), parent_id("s"),
                       origin("s"), origin("p"), origin("s")),
           Counted::nothing, Kind::if_changed);
    }
  }

  bool has_nested(std::size_t place) const {
    return std::ranges::any_of(chain_.tables.begin() + 1, chain_.tables.end(),
                               [&](const MergeTable& table) { return table.parent == place; });
  }

  /// The ids of rows of the target that go, or become others, with all that is nested in them.
  void find_doomed() {
    doomed_.assign(chain_.tables.size(), "");
    if (chain_.tables.size() == 1) return;
    std::string query;
    for (const std::string& condition : matches()) {
      query += fmt::format("{}SELECT {} AS id FROM {} AS t WHERE {}", query.empty() ? "" : " UNION ", id("t"),
                           name(root_.target), condition);
    }
    if (query.empty()) return;
    doomed_[0] = make_temporary("doomed_0", query);
    for (std::size_t i = 1; i < chain_.tables.size(); ++i) {
      if (!has_nested(i)) continue;
      const MergeTable& table = chain_.tables[i];
      doomed_[i] = make_temporary(fmt::format("doomed_{}", i),
                                  fmt::format("SELECT {} AS id FROM {} AS t WHERE {} IN (SELECT id FROM {})", id("t"),
                                              name(table.target), parent_id("t"), doomed_[table.parent]));
    }
  }

  /// From the deepest up.
  void delete_nested() {
    for (std::size_t i = chain_.tables.size(); i-- > 1;) {
      const MergeTable& table = chain_.tables[i];
      if (doomed_[table.parent].empty()) continue;
      step(fmt::format("DELETE FROM {} AS t WHERE {} IN (SELECT id FROM {})", name(table.target), parent_id("t"),
                       doomed_[table.parent]));
    }
  }

  void delete_doomed_roots() {
    for (const std::string& condition : matches()) {
      step(fmt::format("DELETE FROM {} AS t WHERE {}", name(root_.target), condition), Counted::removed);
    }
  }

  void delete_hard_deleted() {
    if (!chain_.hard_delete) return;
    step(fmt::format("DELETE FROM {} AS t WHERE EXISTS (SELECT 1 FROM {} AS s WHERE {} AND {})", name(root_.target),
                     name(root_.staging), are_equal(chain_.primary_key, "s", "t"), is_deleted("s")),
         Counted::removed);
  }

  /// Rows that say that their key is to be deleted are no rows.
  void forget_deleted() {
    if (!chain_.hard_delete) return;
    step(fmt::format("DELETE FROM {} AS s WHERE {}", name(root_.staging), is_deleted("s")), Counted::nothing);
    forget_orphans();
  }

  void forget_known() {
    step(fmt::format("DELETE FROM {} AS s WHERE EXISTS (SELECT 1 FROM {} AS t WHERE {})", name(root_.staging),
                     name(root_.target), are_equal(chain_.primary_key, "t", "s")));
    forget_orphans();
  }

  void update_roots() {
    const std::vector<std::string>& columns = chain_.updated.empty() ? root_.columns : chain_.updated;
    std::string set;
    for (const std::string& one : columns) {
      if (std::ranges::find(chain_.primary_key, one) != chain_.primary_key.end()) continue;
      set += fmt::format("{}{} = {}", set.empty() ? "" : ", ", quoted(dialect_, one), column("s", one));
    }
    if (set.empty()) return;
    step(fmt::format("UPDATE {} AS t SET {} FROM {} AS s WHERE {}", name(root_.target), set, name(root_.staging),
                     are_equal(chain_.primary_key, "s", "t")),
         Counted::updated);
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
    for (const std::string& table : temporary_) step("DROP TABLE " + table);
  }

  const Dialect& dialect_;
  const MergeChain& chain_;
  const std::string& prefix_;
  const MergeTable& root_;
  std::vector<MergeStep> steps_;
  std::vector<std::string> temporary_;
  std::vector<std::string> doomed_;  ///< by table: where its doomed ids are; empty: nobody needs them
};

}  // namespace

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
