// SPDX-License-Identifier: Apache-2.0
#include "columnar/result_reader.h"

#include <arrow/array.h>
#include <arrow/array/concatenate.h>
#include <arrow/c/bridge.h>
#include <arrow/extension_type.h>
#include <arrow/record_batch.h>
#include <arrow/util/decimal.h>
#include <arrow/util/key_value_metadata.h>

#include <algorithm>
#include <deque>
#include <optional>
#include <string>
#include <utility>

#include "columnar/arrow_batch.h"
#include "columnar/arrow_values.h"
#include "columnar/cell_value.h"

namespace outfall::columnar {
namespace {

/// What values of some rows borrow from.
struct Texts {
  arrow::RecordBatchVector batches{};
  std::deque<std::string> made{};  ///< of values that Arrow has no text of
};

/// PostgreSQL's driver hands numbers without a size over as texts, and says what they are.
bool is_number_in_text(const arrow::Field& field) {
  if (field.metadata() == nullptr) return false;
  const auto type = field.metadata()->Get("ADBC:postgresql:typname");
  return type.ok() && *type == "numeric";
}

RowsColumn column_of(const ArrowField& field, const arrow::Field& arrow_field) {
  return {.name = field.name, .type = is_number_in_text(arrow_field) ? DataType::decimal : field.type.type};
}

/// The number that a text is; nothing for NaN, infinities, and what has more digits than 256 bits.
std::optional<Decimal> decimal_in(std::string_view text) {
  arrow::Decimal256 number;
  std::int32_t precision = 0;
  std::int32_t scale = 0;
  if (!arrow::Decimal256::FromString(text, &number, &precision, &scale).ok()) return std::nullopt;
  if (scale < 0) {
    const auto whole = number.Rescale(scale, 0);
    if (!whole.ok()) return std::nullopt;
    number = *whole;
    scale = 0;
  }
  return Decimal{.unscaled = number.little_endian_array(), .scale = scale};
}

/// Whether value_of knows how the array has a value of the kind.
bool is_direct(DataType kind, const arrow::DataType& type) {
  switch (kind) {
    case DataType::text:
      return type.id() == arrow::Type::STRING || type.id() == arrow::Type::LARGE_STRING ||
             type.id() == arrow::Type::STRING_VIEW;
    case DataType::json:
      return type.id() == arrow::Type::STRING;
    case DataType::bigint:
      return type.id() != arrow::Type::UINT64;
    case DataType::decimal:
    case DataType::wei:
      return arrow::is_decimal(type.id());
    default:
      return true;
  }
}

/// A column of a batch, whatever its values are wrapped in.
class ColumnCells {
 public:
  ColumnCells(DataType kind, const arrow::Array& column)
      : kind_(kind), column_(column), values_(ColumnValues::of(storage_of(column))) {}

  Value at(std::int64_t row, Texts& texts) const {
    const std::optional<ArrowPlace> place = values_.at(row);
    if (!place) return Null{};
    if (is_uuid_ || !is_direct(kind_, *place->array->type())) return made(*place, row, texts);
    return value_of(kind_, *place->array, place->row);
  }

 private:
  const arrow::Array& storage_of(const arrow::Array& column) {
    if (column.type_id() != arrow::Type::EXTENSION) return column;
    is_uuid_ = static_cast<const arrow::ExtensionType&>(*column.type()).extension_name() == "arrow.uuid";
    return *static_cast<const arrow::ExtensionArray&>(column).storage();
  }

  /// What Arrow has in another form than a Value.
  Value made(const ArrowPlace& place, std::int64_t row, Texts& texts) const {
    std::string& text = texts.made.emplace_back();
    if (kind_ == DataType::json) {
      append_arrow_json(text, *place.array, place.row);
      return JsonText{text};
    }
    append_arrow_text(text, is_uuid_ ? column_ : *place.array, is_uuid_ ? row : place.row);
    if (kind_ == DataType::bigint && place.array->type_id() == arrow::Type::UINT64) {
      const std::int64_t number = integer_of(*place.array, place.row);
      if (number >= 0) return number;
    }
    const bool is_number = kind_ == DataType::bigint || kind_ == DataType::decimal;
    if (const std::optional<Decimal> number = is_number ? decimal_in(text) : std::nullopt) return *number;
    return std::string_view(text);
  }

  DataType kind_;
  const arrow::Array& column_;
  bool is_uuid_ = false;
  ColumnValues values_;
};

}  // namespace

struct ResultReader::Impl {
  std::shared_ptr<arrow::RecordBatchReader> reader{};
  std::vector<RowsColumn> columns{};
  std::shared_ptr<arrow::RecordBatch> batch{};  ///< the rest of the one in hand; null: it is used up
  bool is_done = false;                         ///< the stream has ended, and is not asked again

  /// The next rows as they lie in one batch; null: there are no more.
  Result<std::shared_ptr<arrow::RecordBatch>> next(std::uint64_t rows_max) {
    while (batch == nullptr || batch->num_rows() == 0) {
      if (is_done) return nullptr;
      if (const arrow::Status read = reader->ReadNext(&batch); !read.ok()) return fail(read.message());
      is_done = batch == nullptr;
    }
    const std::int64_t rows =
        static_cast<std::int64_t>(std::min(rows_max, static_cast<std::uint64_t>(batch->num_rows())));
    std::shared_ptr<arrow::RecordBatch> part = batch->Slice(0, rows);
    batch = rows == batch->num_rows() ? nullptr : batch->Slice(rows);
    return part;
  }
};

ResultReader::ResultReader(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ResultReader::ResultReader(ResultReader&&) noexcept = default;
ResultReader& ResultReader::operator=(ResultReader&&) noexcept = default;
ResultReader::~ResultReader() = default;

Result<ResultReader> ResultReader::open(ArrowArrayStream* stream) {
  const auto reader = arrow::ImportRecordBatchReader(stream);
  if (!reader.ok()) {
    if (stream->release != nullptr) stream->release(stream);
    return fail(reader.status().message());
  }
  auto impl = std::make_unique<Impl>();
  impl->reader = *reader;
  const auto fields = describe_fields(*impl->reader->schema());
  if (!fields) return fail(fields.error().message, "cast it in the query, to a number, a timestamp or a text");
  for (std::size_t i = 0; i < (*fields)->size(); ++i) {
    impl->columns.push_back(column_of((**fields)[i], *impl->reader->schema()->field(static_cast<int>(i))));
  }
  return ResultReader(std::move(impl));
}

std::span<const RowsColumn> ResultReader::columns() const {
  return impl_->columns;
}

Result<ResultValues> ResultReader::values(std::uint64_t rows_max) {
  ResultValues found;
  const auto texts = std::make_shared<Texts>();
  found.texts = texts;
  while (found.rows < rows_max) {
    const Result<std::shared_ptr<arrow::RecordBatch>> part = impl_->next(rows_max - found.rows);
    if (!part) return fail(part.error());
    if (*part == nullptr) break;
    texts->batches.push_back(*part);
    std::vector<ColumnCells> cells;
    for (std::size_t i = 0; i < impl_->columns.size(); ++i)
      cells.emplace_back(impl_->columns[i].type, *(*part)->column(static_cast<int>(i)));
    for (std::int64_t row = 0; row < (*part)->num_rows(); ++row) {
      for (const ColumnCells& column : cells) found.values.push_back(column.at(row, *texts));
    }
    found.rows += static_cast<std::uint64_t>((*part)->num_rows());
  }
  return found;
}

Result<bool> ResultReader::batch(std::uint64_t rows_max, ArrowArray* rows, ArrowSchema* schema) {
  arrow::RecordBatchVector parts;
  std::uint64_t taken = 0;
  while (taken < rows_max) {
    const Result<std::shared_ptr<arrow::RecordBatch>> part = impl_->next(rows_max - taken);
    if (!part) return fail(part.error());
    if (*part == nullptr) break;
    taken += static_cast<std::uint64_t>((*part)->num_rows());
    parts.push_back(*part);
  }
  if (parts.empty()) return false;
  const auto joined = parts.size() == 1 ? parts.front() : arrow::ConcatenateRecordBatches(parts);
  if (!joined.ok()) return fail(joined.status().message());
  if (const arrow::Status given = arrow::ExportRecordBatch(**joined, rows, schema); !given.ok())
    return fail(given.message());
  return true;
}

namespace {

/// What is left of a batch, then the batches behind it.
class Rest final : public arrow::RecordBatchReader {
 public:
  Rest(std::shared_ptr<arrow::RecordBatch> first, std::shared_ptr<arrow::RecordBatchReader> others)
      : first_(std::move(first)), others_(std::move(others)) {}
  std::shared_ptr<arrow::Schema> schema() const override { return others_->schema(); }
  arrow::Status ReadNext(std::shared_ptr<arrow::RecordBatch>* out) override {
    if (first_ == nullptr) return others_->ReadNext(out);
    *out = std::exchange(first_, nullptr);
    return arrow::Status::OK();
  }

 private:
  std::shared_ptr<arrow::RecordBatch> first_;
  std::shared_ptr<arrow::RecordBatchReader> others_;
};

}  // namespace

Status ResultReader::give_away(ArrowArrayStream* out) {
  auto rest = std::make_shared<Rest>(std::move(impl_->batch), std::move(impl_->reader));
  impl_->is_done = true;
  const arrow::Status given = arrow::ExportRecordBatchReader(std::move(rest), out);
  return given.ok() ? Status() : fail(given.message());
}

}  // namespace outfall::columnar
