// SPDX-License-Identifier: Apache-2.0
//
// CsvLayout: what is known of an input of separated text before its first record is shaped.
#pragma once

#include <string>
#include <vector>

#include "columnar/column_builder.h"
#include "columnar/csv_record.h"

namespace outfall::normalize {

struct CsvLayout {
  struct Column {
    std::string name;         ///< as the header has it
    schema::ColumnType type;  ///< that all cells of the run agree on; counts only where the table has no type yet
    bool has_cells = true;    ///< false: no record of the run has anything there
  };
  columnar::CsvDialect dialect;
  std::vector<Column> columns;
  std::vector<std::string> null_texts;  ///< of unquoted fields, besides nothing at all
};

}  // namespace outfall::normalize
