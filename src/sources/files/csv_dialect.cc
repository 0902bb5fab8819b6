// SPDX-License-Identifier: Apache-2.0
//
// The dialect is the one under which the first records have most fields and all the same number of them; or, where
// some records are bad under every dialect, nearly all the same.
#include "sources/files/csv_dialect.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <tuple>
#include <unordered_set>
#include <utility>

#include "base/utf8.h"

namespace outfall::sources {
namespace {

using columnar::CsvDialect;

constexpr std::size_t records_looked_at_max = 100;
constexpr std::array delimiters{',', ';', '\t', '|'};
constexpr std::array quotes{'"', '\''};

/// `\r` alone ends lines only where there is no `\n`.
char line_end_of(std::string_view begin) {
  return begin.find('\n') == std::string_view::npos && begin.find('\r') != std::string_view::npos ? '\r' : '\n';
}

std::string_view without_line_end(std::string_view record, const CsvDialect& dialect) {
  if (dialect.line_end == '\n' && record.ends_with('\r')) record.remove_suffix(1);
  return record;
}

/// The first line where it says the delimiter, as spreadsheets write it: `sep=;`. Empty: it does not.
std::string_view delimiter_line(std::string_view begin, char line_end) {
  constexpr std::string_view word = "sep=";
  const bool is_word = begin.size() > word.size() + 1 && ascii_lower(begin.substr(0, word.size())) == word;
  const std::string_view line = begin.substr(0, begin.find(line_end));
  const std::size_t size = line.ends_with('\r') ? line.size() - 1 : line.size();
  return is_word && size == word.size() + 1 && line.size() < begin.size() ? line : std::string_view();
}

/// How well a dialect explains the first records; larger is better.
struct Fit {
  bool consistent = false;
  bool nearly = false;  ///< of four records at least three have as many fields as the first, and it has several
  std::size_t fields = 0;
  bool expected = false;

  auto operator<=>(const Fit&) const = default;
};

Fit fit_of(std::string_view begin, bool whole, const CsvDialect& dialect) {
  Fit fit{.consistent = true};
  columnar::CsvRecord record;
  std::size_t at = 0;
  std::size_t records = 0;
  std::size_t first_fields = 0;
  std::size_t like_first = 0;
  while (records < records_looked_at_max && at < begin.size()) {
    std::size_t end = columnar::csv_record_end(begin, at, dialect);
    if (end == std::string_view::npos) {
      if (!whole && records > 0) break;
      end = begin.size();
    }
    const std::string_view text = without_line_end(begin.substr(at, end - at), dialect);
    at = end + 1;
    if (text.empty()) continue;
    ++records;
    if (record.split(text, dialect) != columnar::CsvFault::none) {
      fit.consistent = false;
      continue;
    }
    const std::size_t fields = record.fields().size();
    if (records == 1) first_fields = fields;
    like_first += fields == first_fields ? 1 : 0;
    if (fit.fields != 0 && fields != fit.fields) fit.consistent = false;
    fit.fields = std::max(fit.fields, fields);
  }
  // One column is what every wrong delimiter finds.
  if (fit.fields < 2) fit.consistent = false;
  fit.nearly = first_fields >= 2 && like_first * 4 >= records * 3;
  return fit;
}

CsvDialect fitting_dialect(std::string_view begin, bool whole, const CsvOptions& options, char expected) {
  CsvDialect best{.delimiter = options.delimiter.value_or(expected),
                  .quote = options.quote.value_or(quotes.front()),
                  .line_end = line_end_of(begin)};
  Fit best_fit = fit_of(begin, whole, best);
  best_fit.expected = true;
  for (const char delimiter : delimiters) {
    if (options.delimiter && delimiter != *options.delimiter) continue;
    for (const char quote : quotes) {
      if (options.quote && quote != *options.quote) continue;
      // Where the usual quote stands anywhere, the other one is an apostrophe.
      if (!options.quote && quote != quotes.front() && begin.contains(quotes.front())) continue;
      const CsvDialect dialect{.delimiter = delimiter, .quote = quote, .line_end = best.line_end};
      Fit fit = fit_of(begin, whole, dialect);
      fit.expected = delimiter == expected && quote == quotes.front();
      if ((fit.consistent || fit.nearly) && fit > best_fit) std::tie(best, best_fit) = std::pair(dialect, fit);
    }
  }
  return best;
}

}  // namespace

CsvDialect detect_dialect(std::string_view begin, bool whole, const CsvOptions& options, char expected) {
  const std::string_view line = delimiter_line(begin, line_end_of(begin));
  if (line.empty()) return fitting_dialect(begin, whole, options, expected);
  CsvOptions stated = options;
  if (!stated.delimiter) stated.delimiter = line[line.find('=') + 1];
  CsvDialect dialect = fitting_dialect(begin.substr(line.size() + 1), whole, stated, expected);
  dialect.names_delimiter = true;
  return dialect;
}

Result<std::vector<std::string>> column_names(std::string_view begin, const CsvDialect& dialect, CsvHeader header,
                                              std::string_view input) {
  std::size_t at = dialect.names_delimiter ? begin.find(dialect.line_end) + 1 : 0;
  std::string_view text;
  while (text.empty() && at < begin.size()) {
    const std::size_t end = std::min(columnar::csv_record_end(begin, at, dialect), begin.size());
    text = without_line_end(begin.substr(at, end - at), dialect);
    at = end + 1;
  }
  std::vector<std::string> names;
  if (text.empty()) return names;
  columnar::CsvRecord record;
  if (record.split(text, dialect) != columnar::CsvFault::none) {
    return fail(fmt::format("{}, column {}: the quoted field that begins here does not end properly", input,
                            record.fault_offset() + 1),
                "--quote says which quote the file uses");
  }
  std::unordered_set<std::string_view> seen;
  names.reserve(record.fields().size());
  for (const columnar::CsvField& field : record.fields()) {
    const bool is_named = header == CsvHeader::first_record && !field.text.empty();
    names.push_back(is_named ? std::string(field.text) : fmt::format("column{}", names.size()));
    if (seen.insert(names.back()).second) continue;
    return fail(fmt::format("{}, line {}: the header has the name \"{}\" twice", input, dialect.names_delimiter ? 2 : 1,
                            names.back()),
                "rename one of the two columns, or --no-header calls them column0, column1 and so on");
  }
  return names;
}

}  // namespace outfall::sources
