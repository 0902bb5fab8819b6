// SPDX-License-Identifier: Apache-2.0
//
// DictionaryUnion: a file has one dictionary a column, which may grow and not change. Batches with dictionaries of
// their own are rewritten to the union of all so far. For the IPC writer only.
#pragma once

#include <memory>
#include <vector>

#include <arrow/type_fwd.h>

namespace outfall::columnar {

class DictionaryUnion {
 public:
  /// The same rows over dictionaries that begin with those of the batch before. Columns without one are passed on as
  /// they are.
  arrow::Result<std::shared_ptr<arrow::RecordBatch>> extend(std::shared_ptr<arrow::RecordBatch> batch);

 private:
  std::vector<std::shared_ptr<arrow::Array>> dictionaries_;  // by column; empty for those without one
};

}  // namespace outfall::columnar
