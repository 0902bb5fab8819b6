// SPDX-License-Identifier: Apache-2.0
//
// Parquet through Arrow's reader: page after page, so that a row group may be larger than the memory.
#include <arrow/io/file.h>
#include <fmt/format.h>
#include <parquet/arrow/reader.h>
#include <parquet/exception.h>
#include <parquet/properties.h>

#include <utility>

#include "base/file.h"
#include "columnar/arrow_batches.h"

namespace outfall::columnar {
namespace {

constexpr std::int64_t page_buffer_bytes = std::int64_t{256} << 10;
constexpr std::int64_t batch_rows = 16'384;

Error damaged(const std::string& name, std::string_view answer) {
  const bool is_packed = name.ends_with(".gz") || name.ends_with(".zst");
  return {.message = fmt::format("cannot read {}: it is not a Parquet file, or it is damaged ({})", name, answer),
          .hint = is_packed ? "Parquet is read from its end, so it is not read packed: unpack it first"
                            : "write or fetch it again; --input-format says what an input is where its name does not"};
}

class ParquetReader final : public BatchReader {
 public:
  ParquetReader(std::string name, std::shared_ptr<const std::vector<ArrowField>> fields, std::uint64_t size,
                std::unique_ptr<parquet::arrow::FileReader> file, std::unique_ptr<arrow::RecordBatchReader> batches)
      : BatchReader(std::move(name), std::move(fields)),
        size_(size),
        file_(std::move(file)),
        batches_(std::move(batches)),
        rows_(file_->parquet_reader()->metadata()->num_rows()) {}

  std::uint64_t bytes_read() const override {
    if (rows_ == 0) return size_;
    const double share = static_cast<double>(rows_read_) / static_cast<double>(rows_);
    return static_cast<std::uint64_t>(share * static_cast<double>(size_));
  }

 protected:
  Result<std::shared_ptr<arrow::RecordBatch>> read_batch() override try {
    std::shared_ptr<arrow::RecordBatch> batch;
    if (const arrow::Status read = batches_->ReadNext(&batch); !read.ok()) return fail(damaged(name(), read.message()));
    if (batch != nullptr) {
      rows_read_ += batch->num_rows();
    } else if (rows_read_ != rows_) {
      return fail(damaged(name(), fmt::format("it has {} of the {} rows that it names", rows_read_, rows_)));
    }
    return batch;
  } catch (const std::exception& error) {
    return fail(damaged(name(), error.what()));
  }

 private:
  std::uint64_t size_;
  std::unique_ptr<parquet::arrow::FileReader> file_;  // batches_ reads from it
  std::unique_ptr<arrow::RecordBatchReader> batches_;
  std::int64_t rows_;
  std::int64_t rows_read_ = 0;
};

Result<std::unique_ptr<ArrowReader>> open(const std::string& path, std::string name) {
  const Result<FileStat> found = stat_file(path);
  if (!found) return fail(found.error());
  const auto bytes = arrow::io::ReadableFile::Open(path);
  if (!bytes.ok()) return fail(fmt::format("cannot open {}: {}", name, bytes.status().message()));

  parquet::ReaderProperties properties = parquet::default_reader_properties();
  properties.enable_buffered_stream();
  properties.set_buffer_size(page_buffer_bytes);
  parquet::ArrowReaderProperties arrow_properties(/*use_threads=*/false);
  arrow_properties.set_batch_size(batch_rows);
  arrow_properties.set_pre_buffer(false);
  parquet::arrow::FileReaderBuilder builder;
  if (const arrow::Status opened = builder.Open(*bytes, properties); !opened.ok()) {
    return fail(damaged(name, opened.message()));
  }
  auto file = builder.properties(arrow_properties)->Build();
  if (!file.ok()) return fail(damaged(name, file.status().message()));
  if ((*file)->parquet_reader()->metadata()->num_columns() > limits::arrow_columns_max) {
    return fail(fmt::format("{} has more than {} columns", name, limits::arrow_columns_max));
  }
  std::shared_ptr<arrow::Schema> schema;
  if (const arrow::Status known = (*file)->GetSchema(&schema); !known.ok()) return fail(damaged(name, known.message()));
  auto fields = describe_fields(*schema, name);
  if (!fields) return fail(std::move(fields.error()));
  auto batches = (*file)->GetRecordBatchReader();
  if (!batches.ok()) return fail(damaged(name, batches.status().message()));
  return std::make_unique<ParquetReader>(std::move(name), std::move(*fields), found->size, std::move(*file),
                                         std::move(*batches));
}

}  // namespace

Result<std::unique_ptr<ArrowReader>> open_parquet(const std::string& path, std::string name) try {
  return open(path, name);
} catch (const std::exception& error) {
  return fail(damaged(name, error.what()));
}

}  // namespace outfall::columnar
