// SPDX-License-Identifier: Apache-2.0
//
// Arrow's side of Rows, for the files of this folder that read through Arrow C++.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/result.h>

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "columnar/arrow_batch.h"
#include "columnar/document_keys.h"
#include "columnar/document_values.h"
#include "columnar/ipc_file_state.h"
#include "columnar/row_texts.h"
#include "outfall/rows.h"

namespace outfall {

struct Rows::State {
  /// A column of the file that is wanted.
  struct Field {
    int place = 0;  ///< in the file
    DataType type = DataType::text;
  };
  /// The field that has a column's values, and those that have what did not fit it.
  struct Source {
    std::size_t own = 0;
    std::vector<std::size_t> misfits{};
  };
  const columnar::IpcFileReader::State& file;
  std::vector<Field> fields{};
  int document_field = -1;            ///< in the file; -1: it has no documents
  std::vector<RowsColumn> columns{};  ///< what the function sees of them
  std::vector<Source> sources{};      ///< of each column
  std::unordered_map<std::string_view, std::size_t> places{};
  columnar::DocumentKeys keys{};  ///< of columns

  int batch_index = -1;
  std::shared_ptr<arrow::RecordBatch> batch{};        ///< of the file
  std::shared_ptr<arrow::RecordBatch> looked_into{};  ///< the rows in hand lie in it: that one, or parts of several
  std::vector<columnar::ColumnValues> values{};       ///< of the fields, in it
  columnar::ColumnValues documents{};
  std::int64_t offset = 0;     ///< of the first row in hand, in it
  std::int64_t row_count = 0;  ///< of those in hand
  std::uint64_t first = 0;
  columnar::RowTexts* texts = nullptr;
  std::string json{};
  std::string typed_json{};
  std::string row_json{};
  std::vector<Member> members{};
  std::deque<std::string> spelled{};           ///< names of members that are written with escapes
  columnar::DocumentValues document_values{};  ///< by column
  columnar::UnescapedTexts unescaped{};        ///< of the rows in hand

  /// Those in hand become rows [begin, end). Within a batch of the file nothing is made for them.
  arrow::Status select(std::int64_t begin, std::int64_t end);
  /// The batch of the file that has a row becomes the one in hand.
  arrow::Result<columnar::BatchOfRow> take_batch(std::int64_t row);
  void look_into(std::shared_ptr<arrow::RecordBatch> wanted, std::int64_t first_row);
  /// Those in hand, of the columns alone, one value for each row: who reads them need not know of runs and
  /// dictionaries.
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> plain_rows() const;
  std::optional<std::string_view> document(std::size_t row) const;
  /// What the field of the job file has.
  Value value(std::size_t row, std::size_t field) const;
  /// What the column or those of its misfits have.
  Value cell(std::size_t row, std::size_t column) const;
  /// What the row's document says under the key of a column, as it is written. Nothing: it has no value.
  std::optional<std::string_view> written(std::size_t row, std::size_t column);
  /// A cell, where the document has that value: what no column takes has its own type, and what is nested stays JSON.
  Value typed(const Value& cell, std::string_view written);
  /// Whether a cell may have another value as `typed`.
  bool may_be_written(const Value& cell, std::size_t column) const;
  std::string_view text_of(columnar::RowTextForm form, std::uint64_t begin, std::uint64_t end, std::string& out) const;
};

}  // namespace outfall
