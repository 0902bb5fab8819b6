// SPDX-License-Identifier: Apache-2.0
#include "delivery/staged_tables.h"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <utility>

#include "columnar/ipc_file.h"
#include "package/package_reader.h"
#include "sql/dialect.h"

namespace outfall::delivery {
namespace {

using schema::id_column_name;
using schema::parent_id_column_name;

constexpr std::string_view marks_name = "_outfall_refused";

}  // namespace

bool StagedTable::has(std::string_view column) const {
  return std::ranges::find(columns, column, &schema::Column::name) != columns.end();
}

Result<StagedTables> StagedTables::fill(sql::Transaction& transaction, const sql::Dataset& dataset,
                                        const LoadRequest& request, const std::vector<const schema::Table*>& tables) {
  StagedTables staged(transaction, dataset);
  if (Status made = staged.make_marks(); !made) return fail(std::move(made.error()));
  for (const schema::Table* table : tables) {
    StagedTable& added = staged.tables_.emplace_back();
    added.table = table;
    added.number = staged.tables_.size() - 1;
    const StagedTable* parent = staged.find(table->parent);
    if (parent != nullptr) added.parent = static_cast<int>(parent->number);
    added.name =
        sql::quoted(dataset.connection.dialect(), staged.temporary(fmt::format("_outfall_rows_of_{}", added.number)));
    if (Status filled = staged.stage(added, request); !filled) return fail(std::move(filled.error()));
  }
  return staged;
}

const StagedTable* StagedTables::find(std::string_view table) const {
  const auto found = std::ranges::find_if(tables_, [&](const StagedTable& one) { return one.table->name == table; });
  return found == tables_.end() ? nullptr : &*found;
}

Status StagedTables::make_marks() {
  marks_ = sql::quoted(connection_->dialect(), temporary(marks_name));
  const auto made =
      transaction_->execute(fmt::format("CREATE TEMPORARY TABLE {} (number INTEGER, place BIGINT, reason {})", marks_,
                                        connection_->dialect().types.text));
  return made ? Status() : fail(made.error());
}

Status StagedTables::stage(StagedTable& table, const LoadRequest& request) {
  const sql::Dialect& dialect = connection_->dialect();
  std::string definitions;
  for (const schema::Column& column : table.table->columns) {
    if (!column.type) continue;
    // Texts that are to become JSON are texts until then.
    const auto word = column.type == DataType::json ? Result<std::string>(std::string(dialect.types.text))
                                                    : sql::type_name(dialect, schema::column_type(column));
    if (!word) return fail(word.error());
    definitions += fmt::format("{}{} {}", definitions.empty() ? "" : ", ", quoted(column.name), *word);
    table.columns.push_back(&column);
  }
  const auto made = transaction_->execute(fmt::format("CREATE TEMPORARY TABLE {} ({})", table.name, definitions));
  if (!made) return fail(made.error());
  for (const ledger::JobRecord& job : request.package.jobs) {
    if (job.table != table.table->name) continue;
    if (Status staged = stage(table, request, job); !staged) return staged;
  }
  const auto first = transaction_->rows(fmt::format("SELECT coalesce(min({}), 0) FROM {}", dialect.row_id, table.name));
  if (!first) return fail(first.error());
  table.first_row_id = std::stoll(first->at(0).at(0).value_or("0"));
  return {};
}

Status StagedTables::stage(StagedTable& table, const LoadRequest& request, const ledger::JobRecord& job) {
  const Result<columnar::IpcFileReader> reader = package::open_job(request.folder, job, request.check);
  if (!reader) return fail(reader.error());
  Result<std::vector<std::string>> columns = package::column_names(*reader);
  if (!columns) return fail(std::move(columns.error()));
  ArrowArrayStream stream{};
  if (Status opened = reader->stream(&stream, 0); !opened) return opened;
  const auto staged =
      transaction_->insert_stream(temporary(fmt::format("_outfall_rows_of_{}", table.number)), {*columns}, &stream);
  if (!staged) return fail(staged.error());
  const std::uint64_t begin = table.jobs.empty() ? 0 : table.jobs.back().end;
  if (*staged != job.rows) {
    return fail(fmt::format("look at the rows of table {}: {} were sealed in {}, the database took {}", job.table,
                            job.rows, job.file, *staged));
  }
  table.jobs.push_back({.file = job.file, .columns = std::move(*columns), .begin = begin, .end = begin + job.rows});
  return {};
}

std::string StagedTables::quoted(std::string_view identifier) const {
  return sql::quoted(connection_->dialect(), identifier);
}

sql::TableName StagedTables::temporary(std::string_view name) const {
  const auto& [catalog, schema] = connection_->dialect().temporary;
  return {.catalog = std::string(catalog), .schema = std::string(schema), .table = std::string(name)};
}

std::string StagedTables::place(const StagedTable& table, std::string_view alias) const {
  return fmt::format("({}.{} - {})", alias, connection_->dialect().row_id, table.first_row_id);
}

std::string StagedTables::join_refused(const StagedTable& table, std::string_view alias) const {
  return fmt::format("JOIN {} AS r ON r.number = {} AND r.place = {}", marks_, table.number, place(table, alias));
}

std::string StagedTables::is_left(const StagedTable& table, std::string_view place) const {
  return fmt::format("NOT EXISTS (SELECT 1 FROM {} AS m WHERE m.number = {} AND m.place = {})", marks_, table.number,
                     place);
}

Status StagedTables::refuse(const StagedTable& table, std::string_view selection) {
  const auto refused =
      transaction_->execute(fmt::format("INSERT INTO {} SELECT {}, {}", marks_, table.number, selection));
  return refused ? Status() : fail(refused.error());
}

Status StagedTables::refuse_whole_documents() {
  const std::string id = quoted(id_column_name);
  const std::string parent_id = quoted(parent_id_column_name);
  for (const StagedTable& nested : tables_ | std::views::reverse) {
    if (nested.parent < 0) continue;
    const StagedTable& parent = tables_[static_cast<std::size_t>(nested.parent)];
    const std::string place_of_parent = place(parent, "p");
    Status refused =
        refuse(parent, fmt::format("{}, min(r.reason) FROM {} AS p JOIN {} AS n ON n.{} = p.{} {} WHERE {} "
                                   "GROUP BY 2",
                                   place_of_parent, parent.name, nested.name, parent_id, id, join_refused(nested, "n"),
                                   is_left(parent, place_of_parent)));
    if (!refused) return refused;
  }
  for (const StagedTable& nested : tables_) {
    if (nested.parent < 0) continue;
    const StagedTable& parent = tables_[static_cast<std::size_t>(nested.parent)];
    const std::string place_of_nested = place(nested, "n");
    Status refused = refuse(nested, fmt::format("{}, r.reason FROM {} AS n JOIN {} AS p ON n.{} = p.{} {} WHERE {}",
                                                place_of_nested, nested.name, parent.name, parent_id, id,
                                                join_refused(parent, "p"), is_left(nested, place_of_nested)));
    if (!refused) return refused;
  }
  return {};
}

std::string StagedTables::left_of(const StagedTable& table, const StagedJob& job) const {
  const std::string at = place(table, "s");
  return fmt::format("{0} AS s WHERE {1} >= {2} AND {1} < {3} AND {4} ORDER BY s.{5}", table.name, at, job.begin,
                     job.end, is_left(table, at), connection_->dialect().row_id);
}

Status StagedTables::drop() {
  std::vector<std::string> names{marks_};
  for (const StagedTable& table : tables_) names.push_back(table.name);
  for (const std::string& name : names) {
    if (const auto dropped = transaction_->execute("DROP TABLE " + name); !dropped) return fail(dropped.error());
  }
  return {};
}

}  // namespace outfall::delivery
