// SPDX-License-Identifier: Apache-2.0
#include "sources/sql/read_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <set>
#include <utility>
#include <variant>

#include "base/edit_distance.h"
#include "base/utf8.h"
#include "sql/dialect.h"
#include "sql/sql_states.h"

namespace outfall::sources {
namespace {

Error usage(std::string message, std::string hint) {
  return {.message = std::move(message), .hint = std::move(hint), .blame = Blame::usage};
}

/// Without what ends it: it stands inside other statements. A comment at its end ends with its line.
std::string trimmed(const std::string& query) {
  const std::size_t end = query.find_last_not_of("; \t\r\n");
  return end == std::string::npos ? std::string() : query.substr(0, end + 1) + "\n";
}

bool begins_like_a_query(const std::string& query) {
  const std::size_t begin = std::min(query.find_first_not_of(" \t\r\n("), query.size());
  if (query.compare(begin, 2, "--") == 0 || query.compare(begin, 2, "/*") == 0) return true;
  const std::string word =
      ascii_lower(query.substr(begin, std::min(query.find_first_of(" \t\r\n(*", begin), query.size()) - begin));
  constexpr std::array words{"select", "with", "values", "table", "from"};
  return std::ranges::find(words, word) != words.end();
}

/// The column `name` of the relation as it is read, beside the same in full.
sql::ReadColumn read_column(const sql::Dialect& dialect, const sql::ColumnHeader& column) {
  std::string name = sql::quoted(dialect, column.name);
  if (dialect.reading.column == nullptr) return {std::move(name)};
  return dialect.reading.column(std::move(name), column.type);
}

Reading select(const sql::Dialect& dialect, const Relation& relation, const std::string& condition) {
  Reading reading{.statement = "SELECT "};
  for (std::size_t i = 0; i < relation.columns.size(); ++i) {
    const sql::ColumnHeader& column = relation.columns[i];
    sql::ReadColumn read = read_column(dialect, column);
    reading.statement +=
        fmt::format("{}{} AS {}", i == 0 ? "" : ", ", read.expression, sql::quoted(dialect, column.name));
    if (read.written) reading.written.emplace(column.name, *read.written);
  }
  reading.statement += fmt::format(" FROM {}", relation.from);
  if (!condition.empty()) reading.statement += fmt::format(" WHERE {}", condition);
  return reading;
}

/// Whether a column holds values of its type alone; else each value says what it is.
bool is_typed(const sql::Dialect& dialect) {
  return dialect.reading.value_kind == "'text'";
}

/// Whether every column comes as it is.
bool is_plain(const sql::Dialect& dialect, const Relation& relation) {
  return std::ranges::all_of(relation.columns, [&](const sql::ColumnHeader& column) {
    const sql::ReadColumn read = read_column(dialect, column);
    return !read.written && read.expression == sql::quoted(dialect, column.name);
  });
}

/// The cursor of a relation, in the database's words.
class Cursor {
 public:
  Cursor(sql::Connection& connection, const Relation& relation, const CursorQuestion& question)
      : connection_(connection),
        dialect_(connection.dialect()),
        relation_(relation),
        question_(question),
        column_(sql::quoted(dialect_, question.column)),
        type_(relation.find(question.column)->type) {}

  Result<CursorPlan> plan() {
    if (Status complete = check_no_nulls(); !complete) return fail(std::move(complete.error()));
    if (Status begun = find_begin(); !begun) return fail(std::move(begun.error()));
    Result<std::optional<CursorValue>> newest = find_newest();
    if (!newest) return fail(std::move(newest.error()));
    CursorPlan plan{.parts = {}, .newest = std::move(*newest)};
    if (!plan.newest) return plan;
    const std::string end = literal(*plan.newest);
    if (!question_.last || question_.lag) {
      add(plan, CursorPart::Rows::between, and_begun(fmt::format("{} < {}", column_, end)));
      add(plan, CursorPart::Rows::at_newest, fmt::format("{} = {}", column_, end));
      if (!question_.last) return plan;
      const Result<bool> is_behind = is_true(fmt::format("{} < {}", end, literal(*question_.last)));
      if (!is_behind) return fail(is_behind.error());
      plan.is_behind = *is_behind;
      return plan;
    }
    if (plan.newest == question_.last) {
      add(plan, CursorPart::Rows::at_both, fmt::format("{} = {}", column_, end));
      return plan;
    }
    const std::string last = literal(*question_.last);
    add(plan, CursorPart::Rows::at_last, fmt::format("{} = {}", column_, last));
    add(plan, CursorPart::Rows::between, fmt::format("{0} > {1} AND {0} < {2}", column_, last, end));
    add(plan, CursorPart::Rows::at_newest, fmt::format("{} = {}", column_, end));
    return plan;
  }

 private:
  void add(CursorPlan& plan, CursorPart::Rows rows, const std::string& condition) const {
    plan.parts.push_back({.rows = rows, .reading = select(dialect_, relation_, condition)});
  }

  std::string and_begun(const std::string& condition) const {
    return begin_.empty() ? condition : fmt::format("{} >= {} AND {}", column_, begin_, condition);
  }

  Error cannot_ask(Error error) const {
    return std::move(error).in(fmt::format("look for the newest {} of {}", question_.column, relation_.called));
  }

  Status check_no_nulls() {
    const auto found =
        connection_.rows(fmt::format("SELECT 1 FROM {} WHERE {} IS NULL LIMIT 1", relation_.from, column_), {});
    if (!found) return fail(cannot_ask(found.error()));
    if (found->empty()) return {};
    return fail(fmt::format("{} has rows whose {} is null: whether they are new, the cursor cannot tell",
                            relation_.called, question_.column),
                fmt::format("leave them out with a --query that says WHERE {} IS NOT NULL, or give them a value: "
                            "coalesce({}, ...)",
                            question_.column, question_.column));
  }

  /// From where on rows are read.
  Status find_begin() {
    if (!question_.last) return {};
    begin_ = literal(*question_.last);
    if (!question_.lag) return {};
    const bool is_number = std::holds_alternative<std::int64_t>(*question_.lag);
    if (!is_typed(dialect_) && is_number != question_.last->is_number) return no_lag();
    if (const auto* number = std::get_if<std::int64_t>(&*question_.lag)) {
      begin_ = fmt::format("({} - {})", begin_, *number);
      return {};
    }
    const std::chrono::seconds lag = std::get<std::chrono::seconds>(*question_.lag);
    begin_ =
        fmt::format(fmt::runtime(dialect_.reading.before), fmt::arg("value", begin_), fmt::arg("seconds", lag.count()));
    const Result<bool> is_none = is_true(fmt::format("({}) IS NULL", begin_));
    if (!is_none) return fail(is_none.error());
    return *is_none ? no_lag() : Status();
  }

  Status no_lag() const {
    return fail(usage(fmt::format("{} of {} was last {}, and --cursor-lag cannot be taken from that", question_.column,
                                  relation_.called, question_.last->text),
                      "a number takes a number (100), a moment a time: 90s, 15m, 2h or 7d"));
  }

  Result<std::optional<CursorValue>> find_newest() {
    const sql::ReadWords& words = dialect_.reading;
    const std::string value = fmt::format(fmt::runtime(words.value), column_);
    const std::string kind = fmt::format(fmt::runtime(words.value_kind), column_);
    const std::string condition = begin_.empty() ? "" : fmt::format(" WHERE {} >= {}", column_, begin_);
    // Under other names, or it would be ordered by the texts.
    const auto found = connection_.rows(
        fmt::format("SELECT {} AS outfall_value, {} AS outfall_kind FROM {}{} ORDER BY {} DESC LIMIT 1", value, kind,
                    relation_.from, condition, column_),
        {});
    if (!found) return fail(cannot_ask(found.error()));
    if (found->empty()) return std::nullopt;
    const std::string kind_found = found->front().at(1).value_or("");
    if (kind_found == "blob") {
      return fail(usage(fmt::format("{} of {} has bytes, and they are no cursor", question_.column, relation_.called),
                        "a cursor is a number, a moment or a text that grows"));
    }
    return CursorValue{.text = found->front().at(0).value_or(""),
                       .is_number = kind_found == "integer" || kind_found == "real"};
  }

  std::string literal(const CursorValue& value) const {
    if (value.is_number) return value.text;
    return fmt::format(fmt::runtime(dialect_.reading.literal), fmt::arg("text", sql::text_literal(value.text)),
                       fmt::arg("type", type_));
  }

  Result<bool> is_true(const std::string& condition) {
    const auto found = connection_.rows(fmt::format("SELECT CASE WHEN {} THEN 1 ELSE 0 END", condition), {});
    if (!found) return fail(cannot_ask(found.error()));
    return found->front().at(0) == "1";
  }

  sql::Connection& connection_;
  const sql::Dialect& dialect_;
  const Relation& relation_;
  const CursorQuestion& question_;
  const std::string column_;
  const std::string& type_;
  std::string begin_;  ///< an expression; empty: from the first row on
};

Error no_such_column(const Relation& relation, const std::string& column) {
  std::string near;
  std::size_t nearest = std::max<std::size_t>(1, column.size() / 3) + 1;
  for (const sql::ColumnHeader& other : relation.columns) {
    const std::size_t distance = edit_distance(ascii_lower(column), ascii_lower(other.name));
    if (distance >= nearest) continue;
    nearest = distance;
    near = other.name;
  }
  constexpr std::size_t columns_named_max = 10;
  std::string known;
  for (std::size_t i = 0; i < std::min(columns_named_max, relation.columns.size()); ++i) {
    known += (i == 0 ? "" : ", ") + relation.columns[i].name;
  }
  if (relation.columns.size() > columns_named_max) known += ", ...";
  return usage(fmt::format("{} has no column {} for --cursor", relation.called, column),
               near.empty() ? fmt::format("it has {}", known) : fmt::format("did you mean {}?", near));
}

Status check_names(const Relation& relation) {
  std::set<std::string> names;
  for (const sql::ColumnHeader& column : relation.columns) {
    if (names.insert(column.name).second) continue;
    return fail(usage(fmt::format("{} gives two columns that are called {}", relation.called, column.name),
                      fmt::format("call one otherwise: ... AS other_{}", column.name)));
  }
  return {};
}

}  // namespace

const sql::ColumnHeader* Relation::find(const std::string& column) const {
  const auto found = std::ranges::find(columns, column, &sql::ColumnHeader::name);
  return found == columns.end() ? nullptr : &*found;
}

Result<Relation> describe_table(sql::Connection& connection, std::string called, std::string quoted_name) {
  auto columns = connection.describe("SELECT * FROM " + quoted_name);
  if (!columns) return fail(std::move(columns.error()).in("read " + called));
  return Relation{.called = std::move(called), .from = std::move(quoted_name), .columns = std::move(*columns)};
}

Result<Relation> describe_query(sql::Connection& connection, std::string called, const std::string& query) {
  Relation relation{.called = std::move(called), .query = trimmed(query)};
  if (!begins_like_a_query(relation.query)) {
    return fail(usage("--query is no query that only reads", "it is one SELECT: --query 'select id, name from users'"));
  }
  relation.from = fmt::format("({}) AS outfall_query", relation.query);
  auto columns = connection.describe("SELECT * FROM " + relation.from);
  if (!columns) {
    Error error = std::move(columns.error()).in("--query");
    if (error.blame != Blame::run || !sql::is_of_statement(error)) return fail(std::move(error));
    return fail(usage(std::move(error.message), "it is one SELECT: --query 'select id, name from users'"));
  }
  relation.columns = std::move(*columns);
  if (relation.columns.empty()) return fail(usage("--query gives no columns", "it is one SELECT that only reads"));
  if (Status alone = check_names(relation); !alone) return fail(std::move(alone.error()));
  return relation;
}

Reading read_all(const sql::Dialect& dialect, const Relation& relation) {
  if (relation.query.empty() || !is_plain(dialect, relation)) return select(dialect, relation, "");
  return {.statement = relation.query};
}

Status check_cursor(const sql::Dialect& dialect, const Relation& relation, const std::string& column,
                    const std::optional<CursorLag>& lag) {
  const sql::ColumnHeader* found = relation.find(column);
  if (found == nullptr) return fail(no_such_column(relation, column));
  if (!lag || !is_typed(dialect)) return {};
  const std::optional<schema::ColumnType> type = sql::named_type(dialect, found->type);
  const bool is_moment = type && (type->type == DataType::timestamp || type->type == DataType::date);
  const bool is_number =
      type && (type->type == DataType::bigint || type->type == DataType::double_ || schema::is_decimal(*type));
  const bool has_seconds = std::holds_alternative<std::chrono::seconds>(*lag);
  if (has_seconds ? is_moment : is_number) return {};
  if (is_moment || is_number) {
    return fail(usage(fmt::format("--cursor-lag is {}, and {} of {} is {}", has_seconds ? "a time" : "a number", column,
                                  relation.called, is_moment ? "a moment" : "a number"),
                      is_moment ? "say 90s, 15m, 2h or 7d" : "say a number: --cursor-lag 100"));
  }
  return fail(usage(fmt::format("--cursor-lag: {} of {} is a {}, from which nothing can be taken", column,
                                relation.called, found->type),
                    "a lag is for numbers and moments"));
}

Result<CursorPlan> plan_cursor(sql::Connection& connection, const Relation& relation, const CursorQuestion& question) {
  return Cursor(connection, relation, question).plan();
}

}  // namespace outfall::sources
