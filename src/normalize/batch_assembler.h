// SPDX-License-Identifier: Apache-2.0
//
// BatchAssembler: the rows of a chunk as Arrow batches with the columns that the package has for the table so far.
//
// A table's columns only grow while a package is made. A batch has a null column for each that its chunk did not touch,
// so job files change their columns only when a new one appears.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "columnar/table_batch.h"
#include "normalize/shaped_chunk.h"
#include "outfall/arrow.h"
#include "schema/schema.h"

namespace outfall::normalize {

/// Takes the rows of a table; releases the batch in any case.
using WriteBatch = std::function<Status(std::string_view table, const ArrowSchema& schema, ArrowArray* batch)>;

class BatchAssembler {
 public:
  BatchAssembler(const schema::Schema& schema, std::string load_id, WriteBatch write)
      : schema_(schema), load_id_(std::move(load_id)), write_(std::move(write)) {}
  ~BatchAssembler();
  BatchAssembler(const BatchAssembler&) = delete;
  BatchAssembler& operator=(const BatchAssembler&) = delete;

  /// Hands on the rows of one table of a merged chunk, which loses its cells.
  /// Errors: abandon: a column that must be set in every row is not.
  Status add(ShapedTable& shaped);

 private:
  struct PackageTable {
    std::vector<columnar::BatchColumn> columns;  ///< in the schema's order
    ArrowSchema schema{};
  };

  void grow(PackageTable& table, const ShapedTable& shaped);

  const schema::Schema& schema_;
  std::string load_id_;
  WriteBatch write_;
  std::unordered_map<std::string, PackageTable> tables_;
};

}  // namespace outfall::normalize
