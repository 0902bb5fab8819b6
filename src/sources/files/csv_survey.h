// SPDX-License-Identifier: Apache-2.0
//
// The first reading of separated text: its dialect, its columns, and the forms of all cells, from which the types of
// the columns follow before a row is shaped.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "columnar/byte_stream.h"
#include "schema/cell_form.h"
#include "sources/files/csv_dialect.h"

namespace outfall::sources {

struct CsvSurvey {
  columnar::CsvDialect dialect;
  std::vector<std::string> names;
  std::vector<schema::CellForms> forms;  ///< by column
  columnar::RawContent content;          ///< what was read
};

struct CsvSurveyRequest {
  std::function<Result<std::unique_ptr<columnar::ByteStream>>()> open;
  std::string name;  ///< how messages call the input
  char delimiter_expected = ',';
  const CsvOptions& options;
  bool is_stated = false;  ///< that it is separated text; else its name says so
  int workers = 1;
  std::size_t chunk_bytes = std::size_t{1} << 20;
  std::stop_token stop{};
  std::function<void(std::uint64_t raw_bytes)> progress{};  ///< from any of the workers, one at a time
};

/// Reads the input to its end, unless all columns are to be text. Records that have a fault say nothing here; shaping
/// finds them again.
///
/// Errors: also where only the name says that it is separated text, and the first line is a JSON document.
Result<CsvSurvey> survey_csv(const CsvSurveyRequest& request);

}  // namespace outfall::sources
