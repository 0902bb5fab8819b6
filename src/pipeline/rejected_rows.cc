// SPDX-License-Identifier: Apache-2.0
#include "pipeline/rejected_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "normalize/csv_layout.h"
#include "pipeline/input_fates.h"

namespace outfall::pipeline {
namespace {

/// Where nothing else was asked for: a hundredth of the rows, and of few rows a hundred.
constexpr double percent_default = 1;
constexpr std::uint64_t rows_default = 100;

std::string csv_field(const std::string& name, const columnar::CsvDialect& dialect) {
  if (name.find_first_of({dialect.delimiter, dialect.quote, '\n', '\r'}) == std::string::npos) return name;
  std::string quoted(1, dialect.quote);
  for (const char byte : name) quoted.append(byte == dialect.quote ? 2 : 1, byte);
  return quoted + dialect.quote;
}

/// The record that names the fields, as the input may have written it.
std::string header_of(const normalize::CsvLayout& layout) {
  std::string header;
  for (const normalize::CsvLayout::Column& column : layout.columns) {
    if (!header.empty()) header += layout.dialect.delimiter;
    header += csv_field(column.name, layout.dialect);
  }
  return header;
}

bool are_too_many(std::uint64_t rejected, std::uint64_t rows, double percent) {
  return static_cast<double>(rejected) * 100 > percent * static_cast<double>(rows);
}

}  // namespace

normalize::BadDocuments bad_documents(const RunOptions& options) {
  return options.on_reject.value_or(OnReject::fail) == OnReject::fail ? normalize::BadDocuments::fail
                                                                      : normalize::BadDocuments::leave_out;
}

std::optional<std::string> exceeded_bound(const RunOptions& options, std::uint64_t rejected, std::uint64_t rows) {
  if (options.bad_rows_max) {
    return rejected > *options.bad_rows_max ? std::optional(fmt::format("{}", *options.bad_rows_max)) : std::nullopt;
  }
  const bool is_default = !options.bad_percent_max;
  if (is_default && rejected <= rows_default) return std::nullopt;
  const double percent = options.bad_percent_max.value_or(percent_default);
  if (!are_too_many(rejected, rows, percent)) return std::nullopt;
  return fmt::format("{}%{}", percent, is_default ? fmt::format(" or {}", rows_default) : "");
}

Status check_has_rows(const RunOptions& options, const std::vector<InputReport>& inputs) {
  if (!options.fail_if_empty) return {};
  const auto had_rows = [](const InputReport& input) {
    const bool is_there = input.fate != InputFate::missing && input.fate != InputFate::bad;
    return is_there && (!is_read(input.fate) || input.documents > 0);
  };
  if (std::ranges::any_of(inputs, had_rows)) return {};
  return fail(inputs.empty() ? "there is no input" : "the inputs have no rows",
              "--fail-if-empty makes this an error; nothing was changed");
}

Status RejectedRows::take(const normalize::RejectedDocument& document) {
  ++count_;
  if (first_.empty()) first_unit_ = inputs_[document.input].unit;
  if (first_.size() < rejects_reported_max) {
    first_.push_back({.input = inputs_[document.input].name,
                      .table = inputs_[document.input].table,
                      .line = document.line,
                      .column = document.column,
                      .reason = std::string(document.message),
                      .hint = std::string(document.hint)});
  }
  if (options_.bad_rows_max && count_ > *options_.bad_rows_max) {
    return fail(too_many(fmt::format("more than {} bad rows", *options_.bad_rows_max),
                         fmt::format("{}", *options_.bad_rows_max)));
  }
  // What a contract rejects is bad only to it: it is kept unless all rejected rows are to be dropped.
  const bool is_kept =
      document.by_contract ? options_.on_reject != OnReject::drop : options_.on_reject == OnReject::dead_letter;
  return letters_ && is_kept ? keep(document) : Status();
}

Status RejectedRows::keep(const normalize::RejectedDocument& document) {
  ledger::Letter letter{.table = inputs_[document.input].table,
                        .input = inputs_[document.input].name,
                        .line = document.line,
                        .column = document.column,
                        .offset = document.offset,
                        .reason = std::string(document.message),
                        .hint = std::string(document.hint),
                        .header = document.csv != nullptr && options_.csv.header ? header_of(*document.csv) : "",
                        .rejected_at = env_.now_us(),
                        .is_csv = document.csv != nullptr,
                        .table_row = static_cast<std::int64_t>(document.rows_before) - 1};
  if (!letter.is_csv) letter.primary_key = keys_.of(letter.table, document.text);
  return letters_->keep(std::move(letter), document.text);
}

Status RejectedRows::check(std::uint64_t accepted) const {
  const std::uint64_t rows = accepted + count_;
  std::optional<std::string> allowed = exceeded_bound(options_, count_, rows);
  if (!allowed) return {};
  return fail(too_many(fmt::format("{} bad rows among {}", count_, rows), std::move(*allowed)));
}

Error RejectedRows::too_many(std::string found, std::string allowed) const {
  const RejectReport& first = first_.front();
  return {.message = fmt::format("{}, and --max-bad-rows allows {}; the first is {}, {}: {}", std::move(found),
                                 std::move(allowed), first.input,
                                 first.column == 0 ? fmt::format("row {}", first.line)
                                                   : normalize::place_text(first_unit_, first.line, first.column),
                                 first.reason),
          .hint = first.hint.empty() ? "mend the input, or allow more: --max-bad-rows N or P%" : first.hint};
}

}  // namespace outfall::pipeline
