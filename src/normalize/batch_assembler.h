// SPDX-License-Identifier: Apache-2.0
//
// BatchAssembler: the rows of some chunks as Arrow batches with the columns that the package has for the table so far.
//
// Rows that have their documents beside their cells have them in a column of their own, schema::document_column_name.
// Once a table has it, all its batches do, and those of rows without documents have nulls there. No batch has rows of
// both kinds.
//
// Rows are held back until there are enough of them: a batch costs something for each of its columns. A table's columns
// only grow while a package is made. A batch has a null column for each that its rows do not have, so job files change
// their columns only when a new one appears. Where most of a batch would be nulls, as in a table of thousands of
// columns of which a row has a handful, the columns with few values are run-end encoded from then on: then memory and
// files grow with the values and not with rows times columns.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "columnar/table_batch.h"
#include "normalize/shaped_chunk.h"
#include "outfall/arrow.h"
#include "schema/schema.h"

namespace outfall::limits {
/// Rows of one table that are a batch of their own: what a batch costs no longer counts. Less than most chunks have for
/// their largest table, so that its rows are not copied to stand beside others.
inline constexpr std::size_t batch_bytes_min = std::size_t{1} << 20;
/// Rows of all tables together that wait for more.
inline constexpr std::size_t held_rows_bytes_max = std::size_t{8} << 20;
/// What the nulls of one batch may take; beyond it columns become run-end encoded. More than the rows themselves take,
/// so that ordinary tables with optional columns stay plain.
inline constexpr std::size_t batch_null_bytes_max = std::size_t{16} << 20;
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

  /// Takes the rows of one table of a merged chunk, which loses its cells.
  /// Errors: what `write` says; abandon: a column that must be set in every row is not.
  Status add(ShapedTable& shaped);

  /// Hands on what is held back.
  Status finish();

  /// The columns of tables that were handed on, by table.
  std::map<std::string, std::set<std::string>> columns() const;

 private:
  struct PackageTable {
    std::vector<columnar::BatchColumn> columns;  ///< in the schema's order
    bool has_documents = false;                  ///< some of its rows so far
    ArrowSchema schema{};
    ShapedTable held;                                      ///< rows that wait for more
    std::unordered_map<std::string, std::size_t> by_name;  ///< places in held.columns
    std::size_t held_bytes = 0;
  };

  static void hold(PackageTable& table, ShapedTable& shaped);
  Status hand_on(PackageTable& table);
  Status write(PackageTable& table);
  void grow(PackageTable& table) const;
  void encode_sparse(PackageTable& table) const;
  void take(PackageTable& table, const columnar::BatchColumn& column, ArrowArray* out) const;
  void take_documents(PackageTable& table, ArrowArray* out) const;
  bool is_required(const PackageTable& table, const columnar::BatchColumn& column) const;
  Status check_is_set(const PackageTable& table, const columnar::BatchColumn& column, const ArrowArray& cells) const;
  static void describe(PackageTable& table);
  static columnar::ColumnBuilder* held_cells(PackageTable& table, const std::string& column);

  const schema::Schema& schema_;
  std::string load_id_;
  WriteBatch write_;
  std::deque<PackageTable> tables_;  // in the order of their first rows
  std::unordered_map<std::string, PackageTable*> by_name_;
  std::size_t held_bytes_ = 0;
};

}  // namespace outfall::normalize
