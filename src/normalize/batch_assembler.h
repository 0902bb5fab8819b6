// SPDX-License-Identifier: Apache-2.0
//
// BatchAssembler: the rows of a chunk as Arrow batches with the columns that the package has for the table so far.
//
// A table's columns only grow while a package is made. A batch has a null column for each that its chunk did not touch,
// so job files change their columns only when a new one appears. Where most of a batch would be nulls, as in a table of
// thousands of columns of which a row has a handful, the columns with few values are run-end encoded from then on: then
// memory and files grow with the values and not with rows times columns.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "columnar/table_batch.h"
#include "normalize/shaped_chunk.h"
#include "outfall/arrow.h"
#include "schema/schema.h"

namespace outfall::limits {
/// What the nulls of one batch may take; beyond it columns become run-end encoded. A few times the size of a chunk, so
/// that ordinary tables with optional columns stay plain.
inline constexpr std::size_t batch_null_bytes_max = std::size_t{4} << 20;
}  // namespace outfall::limits

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
  using CellsByName = std::unordered_map<std::string_view, ShapedColumn*>;

  void grow(PackageTable& table, const ShapedTable& shaped);
  void encode_sparse(PackageTable& table, const ShapedTable& shaped, const CellsByName& cells);
  void take(const columnar::BatchColumn& column, std::uint32_t rows, columnar::ColumnBuilder* cells, ArrowArray* out);
  static void describe(PackageTable& table);

  const schema::Schema& schema_;
  std::string load_id_;
  WriteBatch write_;
  std::unordered_map<std::string, PackageTable> tables_;
};

}  // namespace outfall::normalize
