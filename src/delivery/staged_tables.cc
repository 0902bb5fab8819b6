// SPDX-License-Identifier: Apache-2.0
#include "delivery/staged_tables.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>
#include <utility>

#include "columnar/ipc_file.h"
#include "package/package_reader.h"
#include "sql/dialect.h"

namespace outfall::delivery {
namespace {

std::string rows_name(std::size_t number) {
  return fmt::format("_outfall_rows_of_{}", number);
}

std::string places_name(std::size_t number) {
  return fmt::format("_outfall_places_of_{}", number);
}

}  // namespace

bool StagedTable::has(std::string_view column) const {
  return std::ranges::find(columns, column, &schema::Column::name) != columns.end();
}

bool StagedTable::all_jobs_have(std::string_view column) const {
  return std::ranges::all_of(
      jobs, [column](const StagedJob& job) { return std::ranges::find(job.columns, column) != job.columns.end(); });
}

Result<StagedTables> StagedTables::fill(sql::Transaction& transaction, const sql::Dataset& dataset,
                                        const LoadRequest& request, const std::vector<const schema::Table*>& tables) {
  StagedTables staged(transaction, dataset);
  if (Status made = staged.make_marks(); !made) return fail(std::move(made.error()));
  for (const schema::Table* table : tables) {
    const StagedTable* parent = staged.find(table->parent);
    StagedTable added{.table = table, .number = staged.tables_.size()};
    added.parent = parent == nullptr ? -1 : static_cast<int>(parent->number);
    added.root = parent == nullptr ? added.number : parent->root;
    added.name = staged.temporary_name(rows_name(added.number));
    staged.tables_.push_back(std::move(added));
    if (Status filled = staged.stage(staged.tables_.back(), request); !filled) return fail(std::move(filled.error()));
  }
  return staged;
}

const StagedTable* StagedTables::find(std::string_view table) const {
  const auto found = std::ranges::find_if(tables_, [&](const StagedTable& one) { return one.table->name == table; });
  return found == tables_.end() ? nullptr : &*found;
}

Status StagedTables::make_marks() {
  refused_ = temporary_name("_outfall_refused");
  proposed_ = temporary_name("_outfall_proposed");
  const std::string_view text = connection_->dialect().types.text;
  Status made =
      execute(fmt::format("CREATE TEMPORARY TABLE {} (root BIGINT, document BIGINT, reason {})", refused_, text));
  if (!made) return made;
  return execute(fmt::format("CREATE TEMPORARY TABLE {} (root BIGINT, document BIGINT, reason {}, holder BIGINT)",
                             proposed_, text));
}

Status StagedTables::stage(StagedTable& table, const LoadRequest& request) {
  const sql::Dialect& dialect = connection_->dialect();
  const std::string places = temporary_name(places_name(table.number));
  if (Status made =
          execute(fmt::format("CREATE TEMPORARY SEQUENCE {} MINVALUE 0 START 0", quoted(places_name(table.number))));
      !made) {
    return made;
  }
  std::string definitions =
      fmt::format("{} BIGINT DEFAULT nextval({}), {} BIGINT, {} {} DEFAULT false", quoted(place_column),
                  sql::text_literal(places), quoted(document_column), quoted(refused_column), dialect.types.bool_);
  for (const schema::Column& column : table.table->columns) {
    if (!column.type) continue;
    // Texts that are to become JSON are texts until then.
    const auto word = column.type == DataType::json ? Result<std::string>(std::string(dialect.types.text))
                                                    : sql::type_name(dialect, schema::column_type(column));
    if (!word) return fail(word.error());
    definitions += fmt::format(", {} {}", quoted(column.name), *word);
    table.columns.push_back(&column);
  }
  if (Status made = execute(fmt::format("CREATE TEMPORARY TABLE {} ({})", table.name, definitions)); !made) return made;
  for (const ledger::JobRecord& job : request.package.jobs) {
    if (job.table != table.table->name) continue;
    if (Status staged = stage(table, request, job); !staged) return staged;
  }
  return name_documents(table);
}

Status StagedTables::stage(StagedTable& table, const LoadRequest& request, const ledger::JobRecord& job) {
  const Result<columnar::IpcFileReader> reader = package::open_job(request.folder, job, request.check);
  if (!reader) return fail(reader.error());
  Result<std::vector<std::string>> columns = package::column_names(*reader);
  if (!columns) return fail(std::move(columns.error()));
  ArrowArrayStream stream{};
  if (Status opened = reader->stream(&stream, 0); !opened) return opened;
  const auto staged = transaction_->insert_stream(temporary(rows_name(table.number)), {*columns}, &stream);
  if (!staged) return fail(staged.error());
  if (*staged != job.rows) {
    return fail(fmt::format("look at the rows of table {}: {} were sealed in {}, the database took {}", job.table,
                            job.rows, job.file, *staged));
  }
  const std::uint64_t begin = table.jobs.empty() ? 0 : table.jobs.back().end;
  table.jobs.push_back({.file = job.file, .columns = std::move(*columns), .begin = begin, .end = begin + job.rows});
  return {};
}

Status StagedTables::name_documents(const StagedTable& table) {
  const std::string document = quoted(document_column);
  if (table.parent < 0) {
    return execute(fmt::format("UPDATE {} SET {} = {}", table.name, document, quoted(place_column)));
  }
  const StagedTable& parent = tables_[static_cast<std::size_t>(table.parent)];
  const std::string id = quoted(schema::id_column_name);
  const auto twins =
      transaction_->rows(fmt::format("SELECT {0} FROM {1} GROUP BY {0} HAVING count(*) > 1 LIMIT 1", id, parent.name));
  if (!twins) return fail(twins.error());
  if (!twins->empty()) {
    return fail(fmt::format("several rows of {} have the {} {}, so that nobody knows whose the rows of {} are",
                            parent.table->name, schema::id_column_name, twins->front().at(0).value_or(""),
                            table.table->name));
  }
  Status named =
      execute(fmt::format("UPDATE {} AS n SET {} = p.{} FROM {} AS p WHERE n.{} = p.{}", table.name, document, document,
                          parent.name, quoted(schema::parent_id_column_name), quoted(schema::id_column_name)));
  if (!named) return named;
  const auto nameless =
      transaction_->rows(fmt::format("SELECT 1 FROM {} WHERE {} IS NULL LIMIT 1", table.name, document));
  if (!nameless) return fail(nameless.error());
  if (nameless->empty()) return {};
  return fail(fmt::format("rows of {} are nested in rows of {} and in others, so that nobody knows whose they are",
                          table.table->name, parent.table->name));
}

Status StagedTables::execute(const std::string& statement) {
  const auto done = transaction_->execute(statement);
  return done ? Status() : fail(done.error());
}

std::string StagedTables::quoted(std::string_view identifier) const {
  return sql::quoted(connection_->dialect(), identifier);
}

sql::TableName StagedTables::temporary(std::string_view name) const {
  const auto& [catalog, schema] = connection_->dialect().temporary;
  return {.catalog = std::string(catalog), .schema = std::string(schema), .table = std::string(name)};
}

std::string StagedTables::temporary_name(std::string_view name) const {
  return sql::quoted(connection_->dialect(), temporary(name));
}

Status StagedTables::refuse(const StagedTable& table, std::string_view selection) {
  // Each document once: of several reasons any will do, and the first in their alphabet is always the same.
  return execute(
      fmt::format("INSERT INTO {0} SELECT {1}, f.document, min(f.reason) FROM (SELECT {2}) AS f (document, "
                  "reason) WHERE NOT EXISTS (SELECT 1 FROM {0} AS _outfall_mark WHERE _outfall_mark.root = {1} AND "
                  "_outfall_mark.document = f.document) GROUP BY f.document",
                  refused_, table.root, selection));
}

Status StagedTables::propose(const StagedTable& table, std::string_view selection) {
  return execute(fmt::format("INSERT INTO {} SELECT {}, {}", proposed_, table.root, selection));
}

Result<bool> StagedTables::settle() {
  const auto count = transaction_->rows(fmt::format("SELECT count(*) FROM {}", proposed_));
  if (!count) return fail(count.error());
  if (count->at(0).at(0) == "0") return false;
  Status settled = execute(fmt::format(
      "INSERT INTO {0} SELECT p.root, p.document, min(p.reason) FROM {1} AS p WHERE p.holder = p.document OR "
      "NOT EXISTS (SELECT 1 FROM {1} AS o WHERE o.root = p.root AND o.document = p.holder) "
      "GROUP BY p.root, p.document",
      refused_, proposed_));
  if (settled) settled = execute("DELETE FROM " + proposed_);
  if (!settled) return fail(std::move(settled.error()));
  return true;
}

Status StagedTables::settle(std::size_t root, const std::vector<std::uint64_t>& documents) {
  constexpr std::size_t at_once = 1000;
  for (std::size_t begin = 0; begin < documents.size(); begin += at_once) {
    const auto some = std::span(documents).subspan(begin, std::min(at_once, documents.size() - begin));
    Status settled = execute(
        fmt::format("INSERT INTO {} SELECT p.root, p.document, min(p.reason) FROM {} AS p WHERE p.root = {} AND "
                    "p.document IN ({}) GROUP BY p.root, p.document",
                    refused_, proposed_, root, fmt::join(some, ", ")));
    if (!settled) return settled;
  }
  return execute(fmt::format("DELETE FROM {} WHERE root = {}", proposed_, root));
}

Result<std::uint64_t> StagedTables::count_refused() const {
  const auto count = transaction_->rows(fmt::format("SELECT count(*) FROM {}", refused_));
  if (!count) return fail(count.error());
  return std::stoull(count->at(0).at(0).value_or("0"));
}

Status StagedTables::mark_rows() {
  for (const StagedTable& table : tables_) {
    Status marked =
        execute(fmt::format("UPDATE {} AS n SET {} = true FROM {} AS m WHERE m.root = {} AND m.document = n.{}",
                            table.name, quoted(refused_column), refused_, table.root, quoted(document_column)));
    if (!marked) return marked;
  }
  return {};
}

Result<std::vector<DocumentRange>> StagedTables::refused_ranges(const StagedTable& root, Parts parts,
                                                                std::uint64_t characters) const {
  const std::string document = quoted(document_column);
  std::string sizes;
  for (const StagedTable& table : tables_) {
    if (table.number != root.number && (parts == Parts::root || table.root != root.number)) continue;
    std::string size = fmt::format("{}", 50 * (table.columns.size() + 1));  // names, numbers and signs
    for (const schema::Column* column : table.columns) {
      const bool is_binary = column->type == DataType::binary;
      if (is_binary || column->type == DataType::text || column->type == DataType::json) {
        size += fmt::format(" + coalesce({}(s.{}), 0)", is_binary ? "octet_length" : "length", quoted(column->name));
      }
    }
    sizes += fmt::format("{}SELECT s.{} AS document, {} AS size FROM {} AS s WHERE s.{}",
                         sizes.empty() ? "" : " UNION ALL ", document, size, table.name, quoted(refused_column));
  }
  const auto rows = transaction_->rows(fmt::format(
      "SELECT min(document), max(document) FROM (SELECT document, sum(size) OVER (ORDER BY document) AS upto FROM "
      "(SELECT document, sum(size) AS size FROM ({}) AS parts GROUP BY document) AS documents) AS sized "
      "GROUP BY CAST(floor(upto / {}) AS BIGINT) ORDER BY 1",
      sizes, characters));
  if (!rows) return fail(rows.error());
  std::vector<DocumentRange> ranges;
  for (const sql::TextRow& row : *rows) {
    ranges.push_back({.first = std::stoull(row.at(0).value_or("0")), .last = std::stoull(row.at(1).value_or("0"))});
  }
  return ranges;
}

std::string StagedTables::is_left(const StagedTable& table, std::string_view alias) const {
  return fmt::format(
      "NOT EXISTS (SELECT 1 FROM {} AS _outfall_mark WHERE _outfall_mark.root = {} AND _outfall_mark.document = {}.{})",
      refused_, table.root, alias, quoted(document_column));
}

std::string StagedTables::join_refused(const StagedTable& table, std::string_view alias) const {
  return fmt::format("JOIN {} AS _outfall_mark ON _outfall_mark.root = {} AND _outfall_mark.document = {}.{}", refused_,
                     table.root, alias, quoted(document_column));
}

std::string StagedTables::rows_of(const StagedTable& table, const StagedJob& job, Rows rows) const {
  // To sort them would need them all in memory; they stand in their order.
  return fmt::format("{0} AS s WHERE s.{1} >= {2} AND s.{1} < {3} AND {4}s.{5}", table.name, quoted(place_column),
                     job.begin, job.end, rows == Rows::taken ? "NOT " : "", quoted(refused_column));
}

Status StagedTables::drop() {
  for (const std::string& name : {refused_, proposed_}) {
    if (Status dropped = execute("DROP TABLE " + name); !dropped) return dropped;
  }
  for (const StagedTable& table : tables_) {
    if (Status dropped = execute("DROP TABLE " + table.name); !dropped) return dropped;
    if (Status dropped = execute("DROP SEQUENCE " + temporary_name(places_name(table.number))); !dropped)
      return dropped;
  }
  return {};
}

}  // namespace outfall::delivery
