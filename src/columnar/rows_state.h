// SPDX-License-Identifier: Apache-2.0
//
// Arrow's side of Rows, for the files of this folder that read through Arrow C++.
#pragma once

#include <arrow/record_batch.h>
#include <arrow/result.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "columnar/arrow_batch.h"
#include "columnar/ipc_file_state.h"
#include "columnar/row_texts.h"
#include "outfall/rows.h"

namespace outfall {

struct Rows::State {
  const columnar::IpcFileReader::State& file;
  std::vector<RowsColumn> columns{};
  std::vector<int> fields{};  ///< of each column, its place in the file
  std::unordered_map<std::string_view, std::size_t> places{};

  int batch_index = -1;
  std::shared_ptr<arrow::RecordBatch> batch{};  ///< of the file
  std::shared_ptr<arrow::RecordBatch> rows{};   ///< those in hand, of all columns of the file
  std::vector<columnar::ColumnValues> values{};
  std::uint64_t first = 0;
  columnar::RowTexts* texts = nullptr;
  std::string json{};
  std::string typed_json{};
  std::string row_json{};

  arrow::Status select(std::int64_t begin, std::int64_t end);
  /// Those in hand, of the columns alone, one value for each row: who reads them need not know of runs and
  /// dictionaries.
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> plain_rows() const;
  std::string_view text_of(columnar::RowTextForm form, std::uint64_t begin, std::uint64_t end, std::string& out) const;
};

}  // namespace outfall
