// SPDX-License-Identifier: Apache-2.0
#include "columnar/arrow_writer.h"

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/c/bridge.h>
#include <arrow/io/interfaces.h>
#include <arrow/ipc/writer.h>
#include <arrow/record_batch.h>
#include <arrow/type.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/file.h"
#include "columnar/parquet_writer.h"

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

Error inexact(const std::string& column, std::string_view why) {
  return {.message = fmt::format("the column \"{}\" {}", column, why),
          .hint = fmt::format("make it a text in the query: \"{}\"::varchar", column)};
}

/// Whether a type is one of these, or made of one.
bool has_type(const arrow::DataType& whole, std::initializer_list<arrow::Type::type> wanted) {
  std::vector<const arrow::DataType*> types{&whole};
  for (std::size_t i = 0; i < types.size(); ++i) {
    if (std::ranges::find(wanted, types[i]->id()) != wanted.end()) return true;
    for (const auto& field : types[i]->fields()) types.push_back(field->type().get());
  }
  return false;
}

/// Parquet's writer does not say which column it does not take.
Status check_for_parquet(const arrow::Schema& schema) {
  using arrow::Type;
  for (const auto& field : schema.fields()) {
    if (has_type(*field->type(), {Type::INTERVAL_MONTH_DAY_NANO}))
      return fail(inexact(field->name(), "has values of the type INTERVAL, which Parquet does not hold exactly"));
    if (has_type(*field->type(), {Type::SPARSE_UNION, Type::DENSE_UNION}))
      return fail(inexact(field->name(), "has values of the type UNION, which Parquet does not hold"));
  }
  return {};
}

/// DuckDB hands out a HUGEINT of 39 digits as a decimal of 38, which no reader takes.
Status check_decimals(const arrow::RecordBatch& batch) {
  for (int i = 0; i < batch.num_columns(); ++i) {
    const arrow::Array& column = *batch.column(i);
    if (has_type(*column.type(), {arrow::Type::DECIMAL128}) && !column.ValidateFull().ok())
      return fail(inexact(batch.column_name(i), "has a number of more than 38 digits, which no decimal holds"));
  }
  return {};
}

template <class Writer>
Result<std::uint64_t> copy(arrow::RecordBatchReader& batches, Writer& writer) {
  std::uint64_t rows = 0;
  while (true) {
    std::shared_ptr<arrow::RecordBatch> batch;
    if (const arrow::Status read = batches.ReadNext(&batch); !read.ok()) return fail(read.message());
    if (batch == nullptr) break;
    if (Status exact = check_decimals(*batch); !exact) return fail(std::move(exact.error()));
    if (const arrow::Status written = writer.WriteRecordBatch(*batch); !written.ok()) return fail(written.message());
    rows += static_cast<std::uint64_t>(batch->num_rows());
  }
  if (const arrow::Status closed = writer.Close(); !closed.ok()) return fail(closed.message());
  return rows;
}

Result<std::uint64_t> write(ArrowArrayStream* stream, RowsFormat format, const std::shared_ptr<Descriptor>& out) {
  const auto batches = arrow::ImportRecordBatchReader(stream);
  if (!batches.ok()) return fail(batches.status().message());
  const std::shared_ptr<arrow::Schema> schema = (*batches)->schema();
  if (format == RowsFormat::arrow) {
    const auto writer = arrow::ipc::MakeStreamWriter(out, schema);
    return writer.ok() ? copy(**batches, **writer) : fail(writer.status().message());
  }
  if (Status known = check_for_parquet(*schema); !known) return fail(std::move(known.error()));
  const auto writer = open_parquet_writer(*schema, out);
  return writer.ok() ? copy(**batches, **writer) : fail(writer.status().message());
}

}  // namespace

Result<WrittenRows> write_rows(ArrowArrayStream* stream, RowsFormat format, int descriptor) try {
  const auto out = std::make_shared<Descriptor>(descriptor);
  Result<std::uint64_t> rows = write(stream, format, out);
  if (rows) return WrittenRows{.rows = *rows};
  if (stream->release != nullptr) stream->release(stream);
  if (out->problem() == EPIPE) return WrittenRows{.complete = false};
  if (out->problem() != 0) return fail(system_error("write", "the rows", out->problem()));
  return fail(std::move(rows.error()));
} catch (const std::exception& error) {  // Parquet's writer has some of its own
  return fail(fmt::format("write the rows: {}", error.what()));
}

}  // namespace outfall::columnar
