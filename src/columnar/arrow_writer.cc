// SPDX-License-Identifier: Apache-2.0
#include "columnar/arrow_writer.h"

#include <arrow/buffer.h>
#include <arrow/c/bridge.h>
#include <arrow/io/interfaces.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <parquet/arrow/writer.h>
#include <parquet/properties.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <utility>

#include "base/file.h"

namespace outfall::columnar {
namespace {

/// Arrow's view of a descriptor, which stays the caller's.
class Descriptor final : public arrow::io::OutputStream {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}

  using OutputStream::Write;

  arrow::Status Write(const void* data, std::int64_t count) override {
    const auto* bytes = static_cast<const char*>(data);
    while (count > 0) {
      const ssize_t written = ::write(descriptor_, bytes, static_cast<std::size_t>(count));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) {
        problem_ = errno;
        return arrow::Status::IOError("write");
      }
      bytes += written;
      count -= written;
      position_ += written;
    }
    return arrow::Status::OK();
  }

  arrow::Status Close() override { return arrow::Status::OK(); }
  bool closed() const override { return false; }
  arrow::Result<std::int64_t> Tell() const override { return position_; }

  /// errno of the write that failed, or 0.
  int problem() const { return problem_; }

 private:
  int descriptor_;
  int problem_ = 0;
  std::int64_t position_ = 0;
};

template <class Writer>
arrow::Result<std::uint64_t> copy(arrow::RecordBatchReader& batches, Writer& writer) {
  std::uint64_t rows = 0;
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    ARROW_RETURN_NOT_OK(batches.ReadNext(&batch));
    if (batch == nullptr) break;
    ARROW_RETURN_NOT_OK(writer.WriteRecordBatch(*batch));
    rows += static_cast<std::uint64_t>(batch->num_rows());
  }
  ARROW_RETURN_NOT_OK(writer.Close());
  return rows;
}

arrow::Result<std::uint64_t> write(ArrowArrayStream* stream, RowsFormat format,
                                   const std::shared_ptr<Descriptor>& out) {
  ARROW_ASSIGN_OR_RAISE(const auto batches, arrow::ImportRecordBatchReader(stream));
  if (format == RowsFormat::arrow) {
    ARROW_ASSIGN_OR_RAISE(const auto writer, arrow::ipc::MakeStreamWriter(out, batches->schema()));
    return copy(*batches, *writer);
  }
  const auto properties = parquet::WriterProperties::Builder().compression(arrow::Compression::SNAPPY)->build();
  // Types that Parquet does not tell apart come back as they went in.
  const auto arrow_properties = parquet::ArrowWriterProperties::Builder().store_schema()->build();
  ARROW_ASSIGN_OR_RAISE(const auto writer,
                        parquet::arrow::FileWriter::Open(*batches->schema(), arrow::default_memory_pool(), out,
                                                         properties, arrow_properties));
  return copy(*batches, *writer);
}

}  // namespace

Result<WrittenRows> write_rows(ArrowArrayStream* stream, RowsFormat format, int descriptor) try {
  const auto out = std::make_shared<Descriptor>(descriptor);
  const arrow::Result<std::uint64_t> rows = write(stream, format, out);
  if (rows.ok()) return WrittenRows{.rows = *rows};
  if (stream->release != nullptr) stream->release(stream);
  if (out->problem() == EPIPE) return WrittenRows{.complete = false};
  if (out->problem() != 0) return fail(system_error("write", "the rows", out->problem()));
  return fail(rows.status().message());
} catch (const std::exception& error) {  // Parquet's writer has some of its own
  return fail(fmt::format("write the rows: {}", error.what()));
}

}  // namespace outfall::columnar
