// SPDX-License-Identifier: Apache-2.0
#include "columnar/file_rows.h"

#include <arrow/api.h>
#include <arrow/c/bridge.h>

#include <algorithm>
#include <cstddef>
#include <utility>

#include "columnar/arrow_batch.h"
#include "columnar/ipc_file_state.h"

namespace outfall::columnar {

/// The batch that was read last.
struct FileRows::Newest {
  std::shared_ptr<const IpcFileReader::State> file;
  std::shared_ptr<arrow::RecordBatch> batch{};
  BatchOfRow place{};

  arrow::Status take(std::int64_t row) {
    if (batch != nullptr && row >= place.begin && row < place.end) return arrow::Status::OK();
    ARROW_ASSIGN_OR_RAISE(place, find_batch(*file, row));
    ARROW_ASSIGN_OR_RAISE(batch, read_checked_batch(*file, place.index));
    ARROW_ASSIGN_OR_RAISE(batch, plain_batch(batch));
    return arrow::Status::OK();
  }
};

namespace {

/// Slices of the batches that have the rows.
template <class Newest>
class RowBatches final : public arrow::RecordBatchReader {
 public:
  RowBatches(std::shared_ptr<Newest> newest, std::vector<RowRange> rows)
      : newest_(std::move(newest)), schema_(plain_schema(*newest_->file->schema)), rows_(std::move(rows)) {}

  std::shared_ptr<arrow::Schema> schema() const override { return schema_; }

  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* batch) override {
    batch->reset();
    while (next_ < rows_.size() && rows_[next_].begin >= rows_[next_].end) ++next_;
    if (next_ == rows_.size()) return arrow::Status::OK();
    RowRange& range = rows_[next_];
    if (const arrow::Status taken = newest_->take(static_cast<std::int64_t>(range.begin)); !taken.ok()) {
      return taken.WithMessage(damaged(newest_->file->path, taken).message);
    }
    const std::int64_t begin = static_cast<std::int64_t>(range.begin) - newest_->place.begin;
    const std::int64_t end = std::min(static_cast<std::int64_t>(range.end), newest_->place.end) - newest_->place.begin;
    *batch = newest_->batch->Slice(begin, end - begin);
    range.begin += static_cast<std::uint64_t>(end - begin);
    return arrow::Status::OK();
  }

 private:
  std::shared_ptr<Newest> newest_;
  std::shared_ptr<arrow::Schema> schema_;
  std::vector<RowRange> rows_;
  std::size_t next_ = 0;
};

}  // namespace

FileRows::FileRows(const IpcFileReader& file)
    : newest_(std::make_shared<Newest>(Newest{.file = file.shared_state()})) {}

Status FileRows::stream(std::vector<RowRange> rows, ArrowArrayStream* out) {
  auto batches = std::make_shared<RowBatches<Newest>>(newest_, std::move(rows));
  if (const arrow::Status exported = arrow::ExportRecordBatchReader(std::move(batches), out); !exported.ok()) {
    return fail(damaged(newest_->file->path, exported));
  }
  return {};
}

}  // namespace outfall::columnar
