// SPDX-License-Identifier: Apache-2.0
//
// CsvRecord: one record of separated text, split into its fields.
//
// A field is quoted if it begins with the quote; inside, two quotes are one, and delimiters and line ends are text.
// Quotes anywhere else are text like any other. Nothing is trimmed.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace outfall::columnar {

struct CsvDialect {
  char delimiter = ',';
  char quote = '"';
  char line_end = '\n';          ///< the last byte of a line end: `\r` only where no line ends with `\n`
  bool names_delimiter = false;  ///< the first line is no record, but says it: `sep=;`

  bool operator==(const CsvDialect&) const = default;
};

struct CsvField {
  std::string_view text;   ///< without quotes
  std::size_t offset = 0;  ///< in the record, of the first byte
  bool quoted = false;     ///< "" is an empty text, and nothing between two delimiters is none
};

/// What a record can have wrong by itself.
enum class CsvFault {
  none,
  open_quote,         ///< a quoted field does not end
  text_behind_quote,  ///< between a closing quote and the next delimiter stands something
};

/// Splits one record after another, without allocating once it has grown.
class CsvRecord {
 public:
  /// `record` comes without its line end. The fields point into it, or into the CsvRecord, until the next split.
  CsvFault split(std::string_view record, const CsvDialect& dialect);

  std::span<const CsvField> fields() const { return fields_; }
  /// Of the field that has the fault.
  std::size_t fault_offset() const { return fault_offset_; }

 private:
  CsvFault split_quoted(std::string_view record, const CsvDialect& dialect, std::size_t& at);

  std::vector<CsvField> fields_;
  std::string unquoted_;
  std::size_t fault_offset_ = 0;
};

/// Where the record that begins at `begin` ends: the place of its line end, or npos if the text ends before. Quoted
/// fields may hold line ends.
std::size_t csv_record_end(std::string_view text, std::size_t begin, const CsvDialect& dialect);

}  // namespace outfall::columnar
