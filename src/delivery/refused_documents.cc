// SPDX-License-Identifier: Apache-2.0
#include "delivery/refused_documents.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <ranges>
#include <utility>
#include <vector>

#include "base/json.h"
#include "delivery/nested_text.h"
#include "sql/dialect.h"

namespace outfall::delivery {
namespace {

/// Characters of refused documents that are in memory at once.
constexpr std::uint64_t characters_at_once = 16 << 20;

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

struct RefusedRow {
  std::uint64_t place = 0;
  std::string reason;
  std::string parent_id;
  std::string json;
};

struct RefusedQuestion {
  const StagedTables& staged;
  const StagedTable& table;
  DocumentRange documents;
  bool wants_texts = true;
};

/// The refused rows of a table in their order. Each takes what is nested in it out of `nested`.
Result<std::vector<RefusedRow>> refused_rows(sql::Transaction& transaction, const RefusedQuestion& question,
                                             MembersOfRows& nested) {
  const StagedTable& table = question.table;
  const sql::Dialect& dialect = transaction.connection().dialect();
  const auto quoted = [&dialect](std::string_view name) { return "s." + sql::quoted(dialect, name); };
  const auto column_or_null = [&](std::string_view name) {
    return table.has(name) ? quoted(name) : std::string("NULL");
  };
  std::vector<const schema::Column*> told;
  if (question.wants_texts) {
    std::ranges::copy_if(table.columns, std::back_inserter(told),
                         [](const schema::Column* column) { return !schema::is_system_name(column->name); });
  }
  std::string list = fmt::format("{}, _outfall_mark.reason, {}, {}", quoted(place_column),
                                 column_or_null(schema::id_column_name), column_or_null(schema::parent_id_column_name));
  const std::size_t first = 4;
  for (const schema::Column* column : told) {
    const bool is_binary = column->type == DataType::binary;
    list += ", " + (is_binary ? fmt::format(fmt::runtime(dialect.types.binary_as_hex),
                                            fmt::arg("column", quoted(column->name)))
                              : quoted(column->name));
  }
  const std::string index = table.has(schema::list_idx_column_name) ? quoted(schema::list_idx_column_name) + ", " : "";
  const auto rows =
      transaction.rows(fmt::format("SELECT {} FROM {} AS s {} WHERE {} BETWEEN {} AND {} ORDER BY {}{}", list,
                                   table.name, question.staged.join_refused(table, "s"), quoted(document_column),
                                   question.documents.first, question.documents.last, index, quoted(place_column)));
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
    if (const auto inner = nested.extract(row.at(2).value_or("")); !inner.empty()) {
      members += (members.empty() ? "" : ",") + inner.mapped();
    }
    found.push_back({.place = std::stoull(row.at(0).value_or("0")),
                     .reason = row.at(1).value_or(""),
                     .parent_id = row.at(3).value_or(""),
                     .json = "{" + members + "}"});
  }
  return found;
}

/// Documents as they are handed over, with a count of all their rows: none may be missing from what is kept of them.
class Telling {
 public:
  Telling(sql::Transaction& transaction, const StagedTables& staged, Refusals& refusals)
      : transaction_(transaction), staged_(staged), refusals_(refusals), wants_texts_(refusals.wants_texts()) {}

  Status tell(const StagedTable& root) {
    const auto parts = wants_texts_ ? StagedTables::Parts::all : StagedTables::Parts::root;
    const auto ranges = staged_.refused_ranges(root, parts, characters_at_once);
    if (!ranges) return fail(ranges.error());
    for (const DocumentRange& range : *ranges) {
      if (Status told = tell(root, range); !told) return told;
    }
    return {};
  }

  /// Errors: other rows were handed over than those that are to be left out.
  Status check(const std::map<std::string, std::uint64_t>& rows) const {
    for (const StagedTable& table : staged_.tables()) {
      if (!wants_texts_ && table.parent >= 0) continue;
      const auto told = told_.find(table.table->name);
      const std::uint64_t count = told == told_.end() ? 0 : told->second;
      if (count == rows.at(table.table->name)) continue;
      return fail(fmt::format("{} rows of {} are refused, and {} of them could be kept", rows.at(table.table->name),
                              table.table->name, count));
    }
    return {};
  }

 private:
  Status tell(const StagedTable& root, const DocumentRange& range) {
    const std::vector<StagedTable>& tables = staged_.tables();
    std::vector<MembersOfRows> nested(tables.size());
    for (const StagedTable& table : tables | std::views::reverse) {
      if (table.parent < 0 || table.root != root.number || !wants_texts_) continue;
      if (Status read = read_nested(table, range, nested); !read) return read;
    }
    auto rows = refused_rows(transaction_, question(root, range), nested[root.number]);
    if (!rows) return fail(std::move(rows.error()));
    for (const MembersOfRows& left : nested) {
      if (!left.empty()) return fail("rows are nested in rows that are not there");
    }
    for (RefusedRow& row : *rows) {
      Status taken = refusals_.take({.table = root.table->name,
                                     .row = row.place,
                                     .reason = std::move(row.reason),
                                     .text = wants_texts_ ? std::move(row.json) : std::string()});
      if (!taken) return taken;
      ++told_[root.table->name];
    }
    return {};
  }

  /// The rows of a nested table become a member of the rows that they are nested in.
  Status read_nested(const StagedTable& table, const DocumentRange& range, std::vector<MembersOfRows>& nested) {
    const auto rows = refused_rows(transaction_, question(table, range), nested[table.number]);
    if (!rows) {
      Error error(rows.error());
      if (error.hint.empty()) error.hint = "--on-reject drop leaves refused documents out and keeps nothing of them";
      return fail(std::move(error).in("read what is nested in a refused document"));
    }
    told_[table.table->name] += rows->size();
    const auto parent = static_cast<std::size_t>(table.parent);
    MembersOfRows lists;
    for (const RefusedRow& row : *rows) add_to_list(lists[row.parent_id], row.json);
    nest(lists, key_in_parent(table.table->name, staged_.tables()[parent].table->name), nested[parent]);
    return {};
  }

  RefusedQuestion question(const StagedTable& table, const DocumentRange& range) const {
    return {.staged = staged_, .table = table, .documents = range, .wants_texts = wants_texts_};
  }

  sql::Transaction& transaction_;
  const StagedTables& staged_;
  Refusals& refusals_;
  const bool wants_texts_;
  std::map<std::string, std::uint64_t> told_;  ///< rows by table
};

}  // namespace

Status tell_refused(sql::Transaction& transaction, const StagedTables& staged,
                    const std::map<std::string, std::uint64_t>& rows, Refusals& refusals) {
  Telling telling(transaction, staged, refusals);
  for (const StagedTable& table : staged.tables()) {
    if (table.parent >= 0) continue;
    if (Status told = telling.tell(table); !told) return told;
  }
  return telling.check(rows);
}

}  // namespace outfall::delivery
