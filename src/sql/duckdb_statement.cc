// SPDX-License-Identifier: Apache-2.0
//
// Runs statements through DuckDB's prepared statements, so that values never become SQL text.
#include "sql/duckdb_statement.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <string>
#include <thread>

#include "schema/decimal.h"
#include "sql/duckdb_error.h"

namespace outfall::sql {

namespace {

// The prepared statement's error has no class of its own; its text begins with the class's name.
duckdb_error_type class_by_text(std::string_view answer) {
  if (answer.starts_with("TransactionContext Error")) return DUCKDB_ERROR_TRANSACTION;
  if (answer.starts_with("IO Error")) return DUCKDB_ERROR_IO;
  if (answer.starts_with("Out of Memory Error")) return DUCKDB_ERROR_OUT_OF_MEMORY;
  if (answer.starts_with("FATAL Error")) return DUCKDB_ERROR_FATAL;
  if (answer.starts_with("INTERNAL Error")) return DUCKDB_ERROR_INTERNAL;
  if (answer.starts_with("INTERRUPT Error")) return DUCKDB_ERROR_INTERRUPT;
  if (answer.starts_with("Connection Error")) return DUCKDB_ERROR_CONNECTION;
  if (answer.starts_with("HTTP Error")) return DUCKDB_ERROR_HTTP;
  return DUCKDB_ERROR_INVALID;
}

Error error_by_text(const char* answer) {
  std::string_view text = answer != nullptr ? answer : "no reason given";
  return duckdb_error(class_by_text(text), text);
}

// What a person typed may end in a semicolon, or in a comment that would swallow our closing parenthesis.
std::string_view without_end(std::string_view query) {
  while (!query.empty() && (query.back() == ';' || query.back() == ' ' || query.back() == '\n' ||
                            query.back() == '\t' || query.back() == '\r')) {
    query.remove_suffix(1);
  }
  return query;
}

// What DuckDB's parser passes over before a word, and more: no word that is looked for begins so.
bool is_passed_over(char byte) {
  const auto code = static_cast<unsigned char>(byte);
  return code <= ' ' || code == ';' || code >= 0x80;
}

void skip_blanks_and_comments(std::string_view& text) {
  while (!text.empty()) {
    auto skipped = static_cast<std::size_t>(std::ranges::find_if_not(text, is_passed_over) - text.begin());
    if (skipped == 0 && text.starts_with("--")) skipped = text.find('\n');
    if (skipped == 0 && text.starts_with("/*")) {
      skipped = text.find("*/");
      if (skipped != std::string_view::npos) skipped += 2;
    }
    if (skipped == 0) return;
    text.remove_prefix(std::min(skipped, text.size()));
  }
}

/// Takes the word off the front if it is there, with what is blank around it.
bool take_word(std::string_view& text, std::string_view word) {
  skip_blanks_and_comments(text);
  const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
  if (text.size() <= word.size() || !std::ranges::equal(text.substr(0, word.size()), word, same)) return false;
  if (std::isalnum(static_cast<unsigned char>(text[word.size()])) != 0 || text[word.size()] == '_') return false;
  text.remove_prefix(word.size());
  skip_blanks_and_comments(text);
  return true;
}

/// Nothing for one of more than 38 digits.
std::optional<duckdb_decimal> decimal_of(const Decimal& value) {
  if (value.scale > schema::decimal_precision_max) return std::nullopt;
  const auto number = schema::decimal_from_number_text(value.text(), {schema::decimal_precision_max, value.scale});
  if (!number) return std::nullopt;
  return duckdb_decimal{
      .width = schema::decimal_precision_max,
      .scale = static_cast<std::uint8_t>(value.scale),
      .value = {.lower = static_cast<std::uint64_t>(*number), .upper = static_cast<std::int64_t>(*number >> 64)}};
}

struct BindDuckDb {
  const DuckDbApi& api;
  duckdb_prepared_statement prepared;
  idx_t n;

  duckdb_state operator()(std::monostate) const { return api.duckdb_bind_null(prepared, n); }
  duckdb_state operator()(std::int64_t value) const { return api.duckdb_bind_int64(prepared, n, value); }
  duckdb_state operator()(const std::string& value) const {
    return api.duckdb_bind_varchar_length(prepared, n, value.data(), value.size());
  }
  duckdb_state operator()(bool value) const { return api.duckdb_bind_boolean(prepared, n, value); }
  duckdb_state operator()(double value) const { return api.duckdb_bind_double(prepared, n, value); }
  duckdb_state operator()(const Decimal& value) const {
    const std::optional<duckdb_decimal> number = decimal_of(value);
    return number ? api.duckdb_bind_decimal(prepared, n, *number) : DuckDBError;
  }
  duckdb_state operator()(const BinaryValue& value) const {
    return api.duckdb_bind_blob(prepared, n, value.bytes.data(), value.bytes.size());
  }
  duckdb_state operator()(const JsonValue& value) const { return (*this)(value.text); }
  duckdb_state operator()(Date value) const {
    return api.duckdb_bind_date(prepared, n, {static_cast<std::int32_t>(value.time_since_epoch().count())});
  }
  duckdb_state operator()(const TimeOfDay& value) const {
    const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(value.since_midnight);
    return api.duckdb_bind_time(prepared, n, {microseconds.count()});
  }
  duckdb_state operator()(const Timestamp& value) const {
    const std::int64_t microseconds = value.at.time_since_epoch().count();
    if (value.nanoseconds != 0) {
      duckdb_value fine = api.duckdb_create_timestamp_ns({microseconds * 1'000 + value.nanoseconds});
      const duckdb_state state = api.duckdb_bind_value(prepared, n, fine);
      api.duckdb_destroy_value(&fine);
      return state;
    }
    return value.has_zone ? api.duckdb_bind_timestamp_tz(prepared, n, {microseconds})
                          : api.duckdb_bind_timestamp(prepared, n, {microseconds});
  }
};

/// Takes part in the work until the statement is done; false if it failed. DuckDB's own loop asks for more work all the
/// time while other threads do what is left, which keeps a core busy and them from their locks.
bool work_until_done(const DuckDbApi& api, duckdb_pending_result pending) {
  constexpr std::chrono::microseconds wait_min{20};
  constexpr std::chrono::microseconds wait_max{500};
  std::chrono::microseconds wait = wait_min;
  while (true) {
    const duckdb_pending_state state = api.duckdb_pending_execute_task(pending);
    if (state == DUCKDB_PENDING_RESULT_READY || state == DUCKDB_PENDING_ERROR) return state != DUCKDB_PENDING_ERROR;
    if (state == DUCKDB_PENDING_NO_TASKS_AVAILABLE) {
      std::this_thread::sleep_for(wait);
      wait = std::min(wait * 2, wait_max);
    } else {
      wait = wait_min;
    }
  }
}

}  // namespace

Error DuckDbResult::error() {
  const char* answer = api_->duckdb_result_error(&result_);
  std::string_view text = answer != nullptr ? answer : "no reason given";
  duckdb_error_type type = api_->duckdb_result_error_type(&result_);
  return duckdb_error(type == DUCKDB_ERROR_INVALID ? class_by_text(text) : type, text);
}

Result<DuckDbStatement> DuckDbStatement::prepare(const DuckDbApi& api, duckdb_connection connection,
                                                 std::string_view statement) {
  // DuckDB takes the text up to its first NUL: the rest would be dropped without a word.
  if (statement.find('\0') != std::string_view::npos) {
    return fail("a statement contains a NUL byte", "no table and no column may have it in its name");
  }
  duckdb_prepared_statement prepared = nullptr;
  duckdb_state state = api.duckdb_prepare(connection, std::string(statement).c_str(), &prepared);
  DuckDbStatement out(api, prepared);
  if (state != DuckDBSuccess)
    return fail(error_by_text(prepared != nullptr ? api.duckdb_prepare_error(prepared) : nullptr));
  return out;
}

Status DuckDbStatement::bind(std::span<const Value> values) {
  idx_t n = 0;
  for (const Value& value : values) {
    ++n;
    const duckdb_state state = std::visit(BindDuckDb{*api_, prepared_, n}, value);
    if (state != DuckDBSuccess) return fail(fmt::format("bind value {} of a statement: it was refused", n));
  }
  return {};
}

Result<DuckDbResult> DuckDbStatement::run(Fetch fetch) {
  DuckDbResult result(*api_);
  const auto begin =
      fetch == Fetch::all_at_once ? api_->duckdb_pending_prepared : api_->duckdb_pending_prepared_streaming;
  duckdb_pending_result pending = nullptr;
  std::optional<Error> error;
  if (begin(prepared_, &pending) != DuckDBSuccess || !work_until_done(*api_, pending)) {
    error = error_by_text(pending != nullptr ? api_->duckdb_pending_error(pending) : nullptr);
  } else if (api_->duckdb_execute_pending(pending, result.get()) != DuckDBSuccess) {
    error = result.error();
  }
  api_->duckdb_destroy_pending(&pending);
  if (error) return fail(std::move(*error));
  return result;
}

TextReader::TextReader(const DuckDbApi& api, DuckDbResult result)
    : api_(&api), result_(std::move(result)), columns_(api.duckdb_column_count(result_.get())) {}

TextReader::TextReader(TextReader&& other) noexcept
    : api_(other.api_),
      result_(std::move(other.result_)),
      columns_(other.columns_),
      chunk_(std::exchange(other.chunk_, nullptr)),
      size_(other.size_),
      row_(other.row_) {}

TextReader::~TextReader() {
  if (chunk_ != nullptr) api_->duckdb_destroy_data_chunk(&chunk_);
}

Result<bool> TextReader::next_chunk() {
  if (chunk_ != nullptr) api_->duckdb_destroy_data_chunk(&chunk_);
  chunk_ = api_->duckdb_fetch_chunk(*result_.get());
  row_ = 0;
  size_ = chunk_ != nullptr ? api_->duckdb_data_chunk_get_size(chunk_) : 0;
  if (size_ > 0) return true;
  const char* answer = api_->duckdb_result_error(result_.get());
  if (answer != nullptr && *answer != '\0') return fail(result_.error());
  return false;
}

Result<bool> TextReader::next(TextRow& row) {
  if (row_ == size_) {
    Result<bool> more = next_chunk();
    if (!more || !*more) return more;
  }
  row.resize(columns_);
  for (idx_t column = 0; column < columns_; ++column) {
    duckdb_vector vector = api_->duckdb_data_chunk_get_vector(chunk_, column);
    std::uint64_t* validity = api_->duckdb_vector_get_validity(vector);
    if (validity != nullptr && !api_->duckdb_validity_row_is_valid(validity, row_)) {
      row[column].reset();
      continue;
    }
    auto* cell = static_cast<duckdb_string_t*>(api_->duckdb_vector_get_data(vector)) + row_;
    row[column].emplace(api_->duckdb_string_t_data(cell), api_->duckdb_string_t_length(*cell));
  }
  ++row_;
  return true;
}

bool only_reads(duckdb_statement_type type) {
  return type == DUCKDB_STATEMENT_TYPE_SELECT || type == DUCKDB_STATEMENT_TYPE_RELATION ||
         type == DUCKDB_STATEMENT_TYPE_PRAGMA;
}

bool is_export(std::string_view statement) {
  return take_word(statement, "export");
}

std::string_view without_explain(std::string_view statement) {
  if (!take_word(statement, "explain")) return statement;
  take_word(statement, "analyze");
  if (statement.starts_with('(')) statement.remove_prefix(std::min(statement.find(')'), statement.size() - 1) + 1);
  return statement;
}

std::string as_text(std::string_view query) {
  return fmt::format("SELECT CAST(COLUMNS(*) AS VARCHAR) FROM (\n{}\n)", without_end(query));
}

}  // namespace outfall::sql
