// SPDX-License-Identifier: Apache-2.0
#include "sources/sql/sql_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <utility>

#include "sql/dialect.h"

namespace outfall::sources {
namespace {

constexpr const char* read_again_hint = "nothing of it was loaded: the same command reads it again";

Error usage(std::string message, std::string hint) {
  return {.message = std::move(message), .hint = std::move(hint), .blame = Blame::usage};
}

Result<TablesThere> look_at_tables(sql::Connection& connection, const std::string& called) {
  const sql::ReadWords& words = connection.dialect().reading;
  const auto tables = connection.rows(words.tables, {});
  if (!tables) return fail(Error(tables.error()).in("list the tables of " + called));
  const auto schemas = connection.rows(words.schemas, {});
  if (!schemas) return fail(Error(schemas.error()).in("list the tables of " + called));
  TablesThere there{.database = called};
  for (const sql::TextRow& row : *tables) {
    const std::string kind = row.at(2).value_or("");
    there.tables.push_back({.schema = row.at(0).value_or(""),
                            .name = row.at(1).value_or(""),
                            .kind = kind == "VIEW"   ? TableKind::view
                                    : kind == "PART" ? TableKind::part
                                                     : TableKind::table});
  }
  for (const sql::TextRow& row : *schemas) there.schemas.push_back(row.at(0).value_or(""));
  return there;
}

/// Tables of several schemas would become one.
Status check_apart(const std::vector<DatabaseTable>& tables) {
  std::map<std::string, std::string> schemas;
  for (const DatabaseTable& table : tables) {
    const auto [known, is_new] = schemas.emplace(table.name, table.schema);
    if (is_new) continue;
    return fail(
        usage(fmt::format("{0}.{2} and {1}.{2} would both fill the table {2}", known->second, table.schema, table.name),
              "load them one after the other, each with a --table of its own; --table NAME loads all into one"));
  }
  return {};
}

}  // namespace

SqlSource::SqlSource(SqlSourceOptions options)
    : options_(std::move(options)), on_stop_(options_.stop, [this] { cancelled_.request_stop(); }) {}

SqlSource::~SqlSource() {
  close();
}

Result<std::unique_ptr<SqlSource>> SqlSource::make(SqlSourceOptions options) {
  std::unique_ptr<SqlSource> source(new SqlSource(std::move(options)));
  Result<std::unique_ptr<sql::Connection>> connection = source->options_.open();
  if (!connection) return fail(std::move(connection.error()));
  if (Status listed = source->list(**connection); !listed) return fail(std::move(listed.error()));
  return source;
}

Status SqlSource::list(sql::Connection& connection) {
  Status listed = options_.query.empty() ? list_tables(connection) : list_query(connection);
  if (!listed || options_.cursor.empty()) return listed;
  for (const Read& read : reads_) {
    Status good = check_cursor(connection.dialect(), read.relation, options_.cursor, options_.lag);
    if (!good) return good;
  }
  return {};
}

Status SqlSource::list_tables(sql::Connection& connection) {
  const Result<TablesThere> there = look_at_tables(connection, options_.called);
  if (!there) return fail(there.error());
  Result<ChosenTables> chosen = choose_tables(options_.tables, *there);
  if (!chosen) return fail(std::move(chosen.error()));
  left_out_ = std::move(chosen->left_out);
  tables_ = std::move(chosen->tables);
  if (options_.table.empty()) {
    if (Status apart = check_apart(tables_); !apart) return apart;
  }
  for (const DatabaseTable& table : tables_) {
    const std::string name = fmt::format("{}.{}", table.schema, table.name);
    const sql::TableName quoted{.catalog = "", .schema = table.schema, .table = table.name};
    Result<Relation> relation = describe_table(connection, name, sql::quoted(connection.dialect(), quoted));
    if (!relation) return fail(std::move(relation.error()));
    add(std::move(*relation), name, options_.table.empty() ? table.name : options_.table);
  }
  return {};
}

Status SqlSource::list_query(sql::Connection& connection) {
  Result<Relation> relation =
      describe_query(connection, fmt::format("the query for {}", options_.table), options_.query);
  if (!relation) return fail(std::move(relation.error()));
  add(std::move(*relation), "query", options_.table);
  return {};
}

void SqlSource::add(Relation relation, std::string place, std::string table) {
  inputs_.push_back({.path = fmt::format("{}#{}", options_.called, place),
                     .name = relation.called,
                     .table = std::move(table),
                     .is_columns = true,
                     .has_cursor = !options_.cursor.empty()});
  reads_.push_back({.relation = std::move(relation), .place = std::move(place)});
}

CursorPlace SqlSource::cursor_place(std::size_t input) const {
  return {.table = inputs_[input].table, .column = options_.cursor, .relation = reads_[input].place};
}

Status SqlSource::go_on_from(const schema::PipelineState& state) {
  if (options_.cursor.empty()) return {};
  for (std::size_t i = 0; i < reads_.size(); ++i) {
    auto before = read_cursor(state, cursor_place(i));
    if (!before) return fail(std::move(before.error()));
    reads_[i].before = std::move(*before);
    if (!reads_[i].before || options_.is_new_address || reads_[i].before->database == options_.place) continue;
    return fail(usage(
        fmt::format("the cursor {} of {} has come to {} in {}, and now its rows are to come from {}", options_.cursor,
                    inputs_[i].table, reads_[i].before->last.text, reads_[i].before->database, options_.place),
        "rows of another database go by another --table or --pipeline; if it is the same one, and has only "
        "moved, say --new-address"));
  }
  return {};
}

Status SqlSource::keep_progress(schema::PipelineState& state) {
  close();
  for (std::size_t i = 0; i < reads_.size(); ++i) {
    const Read& read = reads_[i];
    if (!read.newest) continue;
    write_cursor(state, cursor_place(i),
                 {.last = *read.newest,
                  .rows = read.boundary->remembered(),
                  .key = read.boundary->key(),
                  .database = options_.place});
  }
  return {};
}

Result<normalize::InputContent> SqlSource::survey(std::size_t input) {
  return fail(inputs_[input].called() + " is not recognized by its content");
}

std::string SqlSource::note(std::size_t input) const {
  const Read& read = reads_[input];
  if (options_.cursor.empty() || !read.is_planned) return "";
  const std::string from = read.before ? fmt::format("rows with {} from {} on", options_.cursor, read.before->last.text)
                                       : fmt::format("all rows, since no {} was read before", options_.cursor);
  const std::string lag = read.before && options_.lag ? ", less the lag: what it reaches comes again" : "";
  const std::string to = read.newest ? fmt::format("; the next run goes on from {}", read.newest->text) : "";
  return fmt::format("{}: {}{}{}", read.relation.called, from, lag, to);
}

Status SqlSource::rewind() {
  reader_.reset();
  pieces_.clear();
  current_ = 0;
  for (Read& read : reads_) {
    read.is_planned = false;
    read.rows = 0;
    read.bytes = 0;
  }
  bytes_read_ = 0;
  return {};
}

Status SqlSource::open() {
  if (connection_) return {};
  Result<std::unique_ptr<sql::Connection>> connection = options_.open();
  if (!connection) return fail(std::move(connection.error()));
  connection_ = std::move(*connection);
  cancel_connection_.emplace(cancelled_.get_token(), [session = connection_.get()] { session->cancel(); });
  if (Status begun = connection_->begin(); !begun) return begun;
  const std::string_view snapshot = connection_->dialect().reading.snapshot;
  if (snapshot.empty()) return {};
  const auto set = connection_->execute(snapshot);
  return set ? Status() : fail(set.error());
}

void SqlSource::close() {
  reader_.reset();
  cancel_connection_.reset();  // it is gone before what it cancels
  connection_.reset();
}

Status SqlSource::plan(Read& read) {
  read.is_planned = true;
  read.part = 0;
  read.newest.reset();
  const bool has_key = std::ranges::all_of(
      options_.key, [&](const std::string& column) { return read.relation.find(column) != nullptr; });
  read.boundary.emplace(has_key ? options_.key : std::vector<std::string>());
  if (options_.cursor.empty()) {
    read.parts = {{.reading = read_all(connection_->dialect(), read.relation)}};
    return {};
  }
  CursorQuestion question{.column = options_.cursor, .lag = options_.lag};
  if (read.before) question.last = read.before->last;
  Result<CursorPlan> plan = plan_cursor(*connection_, read.relation, question);
  if (!plan) return fail(std::move(plan.error()));
  read.parts = std::move(plan->parts);
  if (!plan->is_behind) read.newest = std::move(plan->newest);
  // With a lag rows come again on purpose.
  if (read.before && !options_.lag) read.boundary->leave_out(read.before->rows, read.before->key);
  return {};
}

Status SqlSource::open_part(Read& read) {
  const Reading& reading = read.parts[read.part].reading;
  ArrowArrayStream stream{};
  if (Status asked = connection_->query(reading.statement, &stream); !asked) {
    return fail(std::move(asked.error()).in("read " + read.relation.called));
  }
  auto reader = columnar::open_arrow_stream(&stream, read.relation.called, reading.written);
  if (!reader) return fail(std::move(reader.error()));
  reader_ = std::move(*reader);
  return {};
}

Status SqlSource::take(Read& read, columnar::ArrowRows rows) {
  using Rows = CursorPart::Rows;
  const Rows what = read.parts[read.part].rows;
  if (what == Rows::between) {
    pieces_.push_back(std::move(rows));
    return {};
  }
  const auto remember = what == Rows::at_last ? BoundaryRows::Remember::no : BoundaryRows::Remember::yes;
  pieces_ = read.boundary->take(rows, remember);
  std::ranges::reverse(pieces_);
  if (read.boundary->remembered_count() <= limits::boundary_rows_max) return {};
  return fail(fmt::format("more than {} rows of {} have the newest {}: so many cannot be told apart the next time",
                          limits::boundary_rows_max, read.relation.called, options_.cursor),
              "choose a finer cursor, such as the moment of a change instead of its day");
}

/// The next rows of an input that have to be given; nothing at its end.
Result<std::optional<columnar::ArrowRows>> SqlSource::next_rows(Read& read) {
  while (true) {
    if (!pieces_.empty()) {
      columnar::ArrowRows rows = std::move(pieces_.back());
      pieces_.pop_back();
      return rows;
    }
    if (reader_ == nullptr) {
      if (read.part == read.parts.size()) return std::nullopt;
      if (Status opened = open_part(read); !opened) return fail(std::move(opened.error()));
    }
    Result<std::optional<columnar::ArrowRows>> rows = reader_->next();
    if (!rows) {
      if (rows.error().hint.empty()) rows.error().hint = read_again_hint;
      return rows;
    }
    if (!*rows) {
      reader_.reset();
      ++read.part;
    } else if (Status taken = take(read, std::move(**rows)); !taken) {
      return fail(std::move(taken.error()));
    }
  }
}

Error SqlSource::told(Error error) const {
  if (cancelled_.stop_requested()) return {.message = "stopped", .hint = "", .blame = Blame::interrupted};
  if (error.hint.empty() && error.remedy == Remedy::retry) error.hint = read_again_hint;
  return error;
}

Result<std::optional<normalize::Chunk>> SqlSource::next() {
  if (cancelled_.stop_requested()) return fail(told({}));
  if (Status opened = open(); !opened) return fail(told(std::move(opened.error())));
  for (; current_ < reads_.size(); ++current_) {
    Read& read = reads_[current_];
    if (read.skipped) continue;
    if (!read.is_planned) {
      if (Status planned = plan(read); !planned) return fail(told(std::move(planned.error())));
    }
    Result<std::optional<columnar::ArrowRows>> rows = next_rows(read);
    if (!rows) return fail(told(std::move(rows.error())));
    if (!*rows) continue;
    normalize::Chunk chunk;
    chunk.input = static_cast<std::uint32_t>(current_);
    chunk.first_row = read.rows;
    read.rows += (*rows)->rows();
    read.bytes += (*rows)->bytes();
    bytes_read_ += (*rows)->bytes();
    chunk.rows = std::move(*rows);
    return chunk;
  }
  return std::nullopt;
}

}  // namespace outfall::sources
