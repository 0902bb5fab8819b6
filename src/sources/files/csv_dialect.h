// SPDX-License-Identifier: Apache-2.0
//
// How an input of separated text is written: delimiter, quote, line ends and the names of its columns.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/csv_record.h"
#include "outfall/error.h"
#include "sources/files/document_cutter.h"

namespace outfall::sources {

/// What the user said; what is left open is detected.
struct CsvOptions {
  std::optional<char> delimiter{};
  std::optional<char> quote{};
  CsvHeader header = CsvHeader::first_record;
  std::vector<std::string> null_texts{};  ///< what stands for no value, besides nothing at all
  std::string encoding{};                 ///< as iconv calls it; empty: UTF-8, or UTF-16 where a mark says so
  bool types = true;                      ///< false: all columns are text
};

/// From the first bytes of an input; `whole`: there are no more. `expected` is the delimiter that the file's name
/// suggests, taken when several would do.
columnar::CsvDialect detect_dialect(std::string_view begin, bool whole, const CsvOptions& options, char expected);

/// The names of the columns: those of the header, `column0` and so on where there is none or a name is empty.
///
/// Errors name the input: a header with a fault, or one that says a name twice.
Result<std::vector<std::string>> column_names(std::string_view begin, const columnar::CsvDialect& dialect,
                                              CsvHeader header, std::string_view input);

}  // namespace outfall::sources
