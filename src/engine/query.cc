// SPDX-License-Identifier: Apache-2.0
//
// Hands the rows over.
#include "outfall/query.h"

#include <utility>

#include "columnar/arrow_writer.h"
#include "engine/question.h"

namespace outfall {
namespace {

Status hand_over(sql::TextCursor& cursor, const QueryReader& reader, QueryReport& report) {
  std::vector<QueryColumn> columns;
  for (const sql::ColumnHeader& column : cursor.columns()) columns.push_back({column.name, column.type});
  if (reader.columns) reader.columns(columns);
  sql::TextRow row;
  std::vector<QueryCell> cells(columns.size());
  while (true) {
    const Result<bool> more = cursor.next(row);
    if (!more) return fail(more.error());
    if (!*more) return {};
    for (std::size_t i = 0; i < cells.size(); ++i) cells[i] = row[i] ? QueryCell(*row[i]) : std::nullopt;
    ++report.rows;
    if (reader.row && !reader.row(cells)) {
      report.complete = false;
      return {};
    }
  }
}

}  // namespace

Result<QueryReport> query(const QueryOptions& options, const QueryReader& reader) {
  Result<engine::Question> question = engine::prepare_question(options);
  if (!question) return fail(std::move(question.error()));
  QueryReport& report = question->report;
  auto cursor = question->destination->query(question->request);
  if (!cursor) return fail(engine::with_query_hint(std::move(cursor.error()), report));
  if (Status handed = hand_over(**cursor, reader, report); !handed) {
    return fail(engine::with_query_hint(std::move(handed.error()).in("query"), report));
  }
  return std::move(report);
}

Result<QueryReport> query_into(const QueryOptions& options, RowsFormat format, int descriptor) {
  Result<engine::Question> question = engine::prepare_question(options);
  if (!question) return fail(std::move(question.error()));
  QueryReport& report = question->report;
  ArrowArrayStream rows{};
  if (Status asked = question->destination->query_rows(question->request, &rows); !asked) {
    return fail(engine::with_query_hint(std::move(asked.error()), report));
  }
  const Result<columnar::WrittenRows> written = columnar::write_rows(&rows, format, descriptor);
  if (!written) {
    Error error = written.error();
    if (options.stop.stop_requested()) error.blame = Blame::interrupted;
    return fail(engine::with_query_hint(std::move(error).in("query"), report));
  }
  report.rows = written->rows;
  report.complete = written->complete;
  return std::move(report);
}

}  // namespace outfall
