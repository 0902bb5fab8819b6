// SPDX-License-Identifier: Apache-2.0
//
// SqlSource: the rows of tables and queries of a database, as they were at one moment, batch after batch.
//
// A run reads in one transaction that sees one state of the database; it ends before anything is loaded. Where there is
// a cursor, only what is new is read: the pipeline's state says what was given before, and is kept with the rows.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "normalize/document_source.h"
#include "sources/sql/boundary_rows.h"
#include "sources/sql/read_plan.h"
#include "sources/sql/table_choice.h"
#include "sql/connection.h"

namespace outfall::sources {

struct SqlSourceOptions {
  std::string called;           ///< the database in messages: its address without what is secret, or its name
  std::string place;            ///< what tells it from others, whoever asks
  bool is_new_address = false;  ///< it is the one whose values are known, at another place
  std::function<Result<std::unique_ptr<sql::Connection>>()> open;
  std::vector<std::string> tables{};  ///< as table_choice.h reads them
  std::string query{};                ///< in their place
  std::string table{};                ///< that the rows go to; empty: the table of the name that they come from
  std::string cursor{};               ///< a column; empty: everything is read each time
  std::optional<CursorLag> lag{};
  /// Columns that tell rows with one value of the cursor apart. None, or where one is not there under this name: all.
  std::vector<std::string> key{};
  std::stop_token stop;
};

class SqlSource final : public normalize::DocumentSource {
 public:
  /// Looks at what there is, and lets go of the database again.
  ///
  /// Errors: usage: no such table or column, a query that is none; those of the database.
  static Result<std::unique_ptr<SqlSource>> make(SqlSourceOptions options);
  ~SqlSource() override;

  const std::vector<normalize::SourceInput>& inputs() const override { return inputs_; }
  const std::vector<std::string>& left_out() const override { return left_out_; }
  Status go_on_from(const schema::PipelineState& state) override;
  Status keep_progress(schema::PipelineState& state) override;
  /// Errors: always: nothing recognizes rows of a database.
  Result<normalize::InputContent> survey(std::size_t input) override;
  void skip(std::size_t input) override { reads_[input].skipped = true; }
  Result<std::optional<normalize::Chunk>> next() override;
  void recycle(normalize::Chunk) override {}
  /// The transaction goes on, so the same rows come.
  Status rewind() override;
  void cancel() override { cancelled_.request_stop(); }
  /// What the rows take in memory: what the database sent nobody says.
  std::uint64_t bytes_read() const override { return bytes_read_; }
  normalize::InputContent content(std::size_t input) const override {
    return {.bytes = reads_[input].bytes, .hash = ""};
  }
  std::string note(std::size_t input) const override;

  /// How messages call the database.
  const std::string& called() const { return options_.called; }

  /// The tables that the inputs are, in their order; none where it is a query.
  const std::vector<DatabaseTable>& tables() const { return tables_; }

 private:
  /// One input, and how far it is read.
  struct Read {
    Relation relation;
    std::string place;  ///< of the relation in the database
    std::optional<CursorState> before{};
    bool skipped = false;
    bool is_planned = false;
    std::vector<CursorPart> parts{};
    std::size_t part = 0;
    std::optional<CursorValue> newest{};  ///< to be kept; none: what is kept stays
    std::optional<BoundaryRows> boundary{};
    std::uint64_t rows = 0;
    std::uint64_t bytes = 0;
  };

  explicit SqlSource(SqlSourceOptions options);

  Status list(sql::Connection& connection);
  Status list_tables(sql::Connection& connection);
  Status list_query(sql::Connection& connection);
  void add(Relation relation, std::string place, std::string table);
  Status open();
  void close();
  CursorPlace cursor_place(std::size_t input) const;
  Status plan(Read& read);
  Status open_part(Read& read);
  Result<std::optional<columnar::ArrowRows>> next_rows(Read& read);
  Status take(Read& read, columnar::ArrowRows rows);
  Error told(Error error) const;

  SqlSourceOptions options_;
  std::stop_source cancelled_;  ///< also when the caller's stop is requested
  std::stop_callback<std::function<void()>> on_stop_;
  std::vector<normalize::SourceInput> inputs_;
  std::vector<std::string> left_out_;
  std::vector<DatabaseTable> tables_;
  std::vector<Read> reads_;  ///< one an input
  std::size_t current_ = 0;
  std::unique_ptr<sql::Connection> connection_;
  std::optional<std::stop_callback<std::function<void()>>> cancel_connection_;
  std::unique_ptr<columnar::ArrowReader> reader_;  ///< of the part that is being read
  std::vector<columnar::ArrowRows> pieces_;        ///< read, and not yet given; the last one first
  std::atomic<std::uint64_t> bytes_read_{0};
};

}  // namespace outfall::sources
