// SPDX-License-Identifier: Apache-2.0
//
// RowKeys: the primary keys of rows of a job file, as text that is the same for the same values.
//
// A key is a JSON object of the columns that are the key, in the order of the schema, with the values that the row is
// kept with: `{"shop":"Oslo","number":7}`. Whether a file has columns or documents makes no difference.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/document_keys.h"
#include "columnar/ipc_file.h"
#include "columnar/row_texts.h"
#include "outfall/error.h"
#include "schema/table.h"

namespace outfall::delivery {

/// The columns of a table that are its key. None: it has none, or not all of them have got a type yet.
std::vector<columnar::RowTextColumn> key_columns(const schema::Table& table);

/// The key that these values make, by column, as JSON writes them. Empty: one of them is null. A key that is longer
/// than limits::primary_key_bytes_max goes by its hash.
std::string key_text(const std::vector<columnar::RowTextColumn>& columns, const std::vector<std::string_view>& values);

/// Used by one thread at a time.
class RowKeys {
 public:
  /// The file must be open as long. `columns`: key_columns, not none.
  static Result<RowKeys> open(const columnar::IpcFileReader& file, std::vector<columnar::RowTextColumn> columns);

  /// Empty: the row has no value for one of its columns.
  ///
  /// Errors: abandon: the file is damaged.
  Result<std::string> of(std::uint64_t row);

 private:
  RowKeys(std::vector<columnar::RowTextColumn> columns, columnar::RowTexts texts);

  std::vector<columnar::RowTextColumn> columns_;
  columnar::RowTexts texts_;         ///< of these columns
  columnar::DocumentKeys places_{};  ///< in `columns_`
  std::string row_;
  std::vector<std::string_view> values_;
};

}  // namespace outfall::delivery
