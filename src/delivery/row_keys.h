// SPDX-License-Identifier: Apache-2.0
//
// RowKeys: the primary keys of rows of a job file, as text that is the same for the same values.
//
// A key is a JSON object of the columns that are the key, in the order of the schema, with the values that these
// columns have: `{"shop":"Oslo","number":7}`. How a document has written them makes no difference: a moment is one in
// UTC, a number has no zeros behind its last digit. What its column does not take is as it was written.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "columnar/document_keys.h"
#include "columnar/ipc_file.h"
#include "columnar/row_texts.h"
#include "outfall/error.h"
#include "outfall/types.h"
#include "schema/table.h"

namespace outfall::delivery {

struct KeyColumn {
  std::string name;
  std::optional<DataType> type{};  ///< none: it has none yet
};

/// The columns of a table that are its key. None: it has none, or not all of them have got a type yet.
std::vector<KeyColumn> key_columns(const schema::Table& table);

/// The key that these values make, by column, as JSON writes them. Empty: one of them is null. A key that is longer
/// than limits::primary_key_bytes_max goes by its hash.
std::string key_text(const std::vector<KeyColumn>& columns, const std::vector<std::string_view>& values);

/// A key that was made when the columns may have had other types, or none, as it is made now. A hash stays. None: it is
/// of other columns.
std::optional<std::string> same_key_as(const std::vector<KeyColumn>& columns, const std::string& key);

/// Used by one thread at a time.
class RowKeys {
 public:
  /// The file must be open as long. `columns`: key_columns, not none.
  static Result<RowKeys> open(const columnar::IpcFileReader& file, std::vector<KeyColumn> columns);

  /// Empty: the row has no value for one of its columns.
  ///
  /// Errors: abandon: the file is damaged.
  Result<std::string> of(std::uint64_t row);

 private:
  void take_values(std::string_view row);
  RowKeys(std::vector<KeyColumn> columns, columnar::RowTexts texts);

  std::vector<KeyColumn> columns_;
  columnar::RowTexts texts_;         ///< of these columns
  columnar::DocumentKeys places_{};  ///< in `columns_`; of other columns of the file none of these
  std::string cells_;
  std::string document_;
  std::vector<std::string_view> values_;
};

}  // namespace outfall::delivery
