// SPDX-License-Identifier: Apache-2.0
#include "columnar/arrow_rows.h"

#include <arrow/array/concatenate.h>

#include <arrow/array.h>
#include <arrow/extension_type.h>
#include <arrow/util/decimal.h>

#include <cstring>
#include <string>
#include <type_traits>

#include "base/json.h"
#include "base/utf8.h"
#include "columnar/arrow_batch.h"
#include "columnar/arrow_values.h"
#include "schema/decimal.h"
#include "schema/value_text.h"

namespace outfall::columnar {
namespace {

using arrow::Type;
using Fit = ArrowRows::Fit;
using Taken = ArrowRows::Taken;

constexpr std::int64_t no_value = -1;

/// Where the values of rows lie: each finds the place of a row's value, or that it has none.
struct InPlace {
  const arrow::Array& array;
  std::int64_t operator()(std::int64_t row) const { return array.IsValid(row) ? row : no_value; }
};
struct InDictionary {
  const arrow::DictionaryArray& array;
  std::int64_t operator()(std::int64_t row) const {
    if (array.IsNull(row)) return no_value;
    const std::int64_t place = array.GetValueIndex(row);
    return array.dictionary()->IsValid(place) ? place : no_value;
  }
};
struct InRuns {
  const arrow::RunEndEncodedArray& array;
  std::int64_t operator()(std::int64_t row) const {
    const std::int64_t place = run_of(array, row);
    return array.values()->IsValid(place) ? place : no_value;
  }
};

/// The rows of one column on their way into cells.
template <class Find>
class Copy {
 public:
  Copy(const arrow::Array& values, Find find, std::uint32_t begin, std::uint32_t end, ColumnBuilder& cells)
      : values_(values), find_(find), begin_(begin), end_(end), cells_(cells) {}

  Taken all(const ColumnType& type, bool is_json_text) {
    switch (type.type) {
      case DataType::bool_:
        return each([&](std::uint32_t row, std::int64_t at) {
          cells_.set_bool(row, as<arrow::BooleanArray>().Value(at));
          return Fit::all;
        });
      case DataType::bigint:
        return integers();
      case DataType::double_:
        return reals();
      case DataType::text:
        return arrow::is_base_binary_like(values_.type_id()) || arrow::is_binary_view_like(values_.type_id())
                   ? texts()
                   : printed();
      case DataType::binary:
        return each([&](std::uint32_t row, std::int64_t at) {
          cells_.set_text(row, bytes_of(values_, at));
          return Fit::all;
        });
      case DataType::json:
        return is_json_text || is_text() ? json_texts() : nested();
      case DataType::timestamp:
        return timestamps(schema::stores_nanoseconds(type) ? arrow::TimeUnit::NANO : arrow::TimeUnit::MICRO);
      case DataType::date:
        return each([&](std::uint32_t row, std::int64_t at) {
          const std::int64_t days = days_of(values_, at);
          if (days != static_cast<std::int32_t>(days)) return Fit::not_all;
          cells_.set_date(row, static_cast<std::int32_t>(days));
          return Fit::all;
        });
      case DataType::time:
        return times();
      case DataType::decimal:
      case DataType::wei:
        return is_text() ? decimal_texts(schema::decimal_shape(type)) : decimals(schema::decimal_shape(type));
    }
    return {};
  }

 private:
  template <class Array>
  const Array& as() const {
    return static_cast<const Array&>(values_);
  }

  bool is_text() const { return values_.type_id() == Type::STRING; }

  template <class Put>
  Taken each(Put put) {
    for (std::uint32_t row = begin_; row < end_; ++row) {
      const std::int64_t at = find_(row);
      if (at == no_value) continue;
      if (const Fit fit = put(row, at); fit != Fit::all) return {fit, row};
    }
    cells_.skip_to(end_);
    return {};
  }

  template <class Array>
  Taken plain() {
    return each([&](std::uint32_t row, std::int64_t at) {
      cells_.set_int64(row, static_cast<std::int64_t>(as<Array>().Value(at)));
      return Fit::all;
    });
  }

  Taken integers() {
    switch (values_.type_id()) {
      case Type::INT64:
        return plain<arrow::Int64Array>();
      case Type::INT32:
        return plain<arrow::Int32Array>();
      case Type::UINT64:
        return each([&](std::uint32_t row, std::int64_t at) {
          const std::uint64_t value = as<arrow::UInt64Array>().Value(at);
          if (value > static_cast<std::uint64_t>(INT64_MAX)) return Fit::not_all;
          cells_.set_int64(row, static_cast<std::int64_t>(value));
          return Fit::all;
        });
      default:
        return each([&](std::uint32_t row, std::int64_t at) {
          cells_.set_int64(row, integer_of(values_, at));
          return Fit::all;
        });
    }
  }

  Taken reals() {
    if (values_.type_id() == Type::DOUBLE) {
      return each([&](std::uint32_t row, std::int64_t at) {
        cells_.set_double(row, as<arrow::DoubleArray>().Value(at));
        return Fit::all;
      });
    }
    return each([&](std::uint32_t row, std::int64_t at) {
      cells_.set_double(row, *real_of(values_, at));
      return Fit::all;
    });
  }

  Taken texts() {
    if (values_.type_id() == Type::STRING) {
      const bool is_valid = are_texts_valid();
      return each([&](std::uint32_t row, std::int64_t at) {
        const std::string_view text = as<arrow::StringArray>().GetView(at);
        if (!is_valid && !is_valid_utf8(text)) return Fit::broken_text;
        cells_.set_text(row, text);
        return Fit::all;
      });
    }
    return each([&](std::uint32_t row, std::int64_t at) {
      const std::string_view text = bytes_of(values_, at);
      if (!is_valid_utf8(text)) return Fit::broken_text;
      cells_.set_text(row, text);
      return Fit::all;
    });
  }

  /// Looks at all texts in one go, which finds what is wrong but not where. False also for what it does not know.
  bool are_texts_valid() const {
    if (!std::is_same_v<Find, InPlace>) return false;
    const auto& array = as<arrow::StringArray>();
    const auto* bytes = reinterpret_cast<const char*>(array.raw_data());
    const std::int32_t begin = array.value_offset(begin_);
    const std::int32_t end = array.value_offset(end_);
    if (!is_valid_utf8({bytes + begin, static_cast<std::size_t>(end - begin)})) return false;
    // Together they are; no character stands in two of them either.
    for (std::uint32_t row = begin_; row < end_; ++row) {
      const std::int32_t at = array.value_offset(row);
      if (at < end && (static_cast<unsigned char>(bytes[at]) & 0xc0) == 0x80) return false;
    }
    return true;
  }

  /// What has a text column because no type of ours is wide enough.
  Taken printed() {
    return each([&](std::uint32_t row, std::int64_t at) {
      text_.clear();
      append_arrow_text(text_, values_, at);
      cells_.set_text(row, text_);
      return Fit::all;
    });
  }

  Taken nested() {
    return each([&](std::uint32_t row, std::int64_t at) {
      text_.clear();
      if (!append_arrow_json(text_, values_, at)) return Fit::broken_text;
      cells_.set_text(row, text_);
      return Fit::all;
    });
  }

  Taken json_texts() {
    return each([&](std::uint32_t row, std::int64_t at) {
      const std::string_view text = bytes_of(values_, at);
      if (!is_valid_utf8(text)) return Fit::broken_text;
      if (!parse_json(text)) return Fit::not_all;
      cells_.set_text(row, text);
      return Fit::all;
    });
  }

  Taken timestamps(arrow::TimeUnit::type kept_unit) {
    const arrow::TimeUnit::type unit = static_cast<const arrow::TimestampType&>(*values_.type()).unit();
    return each([&](std::uint32_t row, std::int64_t at) {
      std::optional<std::int64_t> moment = as<arrow::TimestampArray>().Value(at);
      if (unit != kept_unit) moment = to_microseconds(*moment, unit, Fraction::refuse);
      if (!moment || !is_on_a_day(*moment, kept_unit)) return Fit::not_all;
      cells_.set_int64(row, *moment);
      return Fit::all;
    });
  }

  Taken times() {
    const arrow::TimeUnit::type unit = static_cast<const arrow::TimeType&>(*values_.type()).unit();
    return each([&](std::uint32_t row, std::int64_t at) {
      const auto microseconds = to_microseconds(integer_of(values_, at), unit, Fraction::refuse);
      if (!microseconds || !is_time_of_day(*microseconds)) return Fit::not_all;
      cells_.set_int64(row, *microseconds);
      return Fit::all;
    });
  }

  /// NaN and infinities are none.
  Taken decimal_texts(const schema::DecimalShape& shape) {
    return each([&](std::uint32_t row, std::int64_t at) {
      const auto value = schema::decimal_from_number_text(as<arrow::StringArray>().GetView(at), shape);
      if (!value) return Fit::not_all;
      cells_.set_decimal(row, *value);
      return Fit::all;
    });
  }

  Taken decimals(const schema::DecimalShape& shape) {
    // Files have room for more digits than a type names, and no database takes them.
    const schema::Int128 bound = schema::power_of_ten(shape.precision);
    const auto put = [this, bound](std::uint32_t row, schema::Int128 value) {
      if (value <= -bound || value >= bound) return Fit::not_all;
      cells_.set_decimal(row, value);
      return Fit::all;
    };
    switch (values_.type_id()) {
      case Type::DECIMAL32:
        return each([&](std::uint32_t row, std::int64_t at) {
          return put(row, arrow::Decimal32(as<arrow::Decimal32Array>().GetValue(at)).value());
        });
      case Type::DECIMAL64:
        return each([&](std::uint32_t row, std::int64_t at) {
          return put(row, arrow::Decimal64(as<arrow::Decimal64Array>().GetValue(at)).value());
        });
      case Type::DECIMAL256:
        return each([&](std::uint32_t row, std::int64_t at) {
          text_ = as<arrow::Decimal256Array>().FormatValue(at);
          const auto& type = static_cast<const arrow::DecimalType&>(*values_.type());
          const auto scaled = schema::decimal_from_number_text(text_, {type.precision(), type.scale()});
          if (!scaled) return Fit::not_all;
          cells_.set_decimal(row, *scaled);
          return Fit::all;
        });
      default:
        return each([&](std::uint32_t row, std::int64_t at) {
          schema::Int128 value = 0;
          std::memcpy(&value, as<arrow::Decimal128Array>().GetValue(at), sizeof value);
          return put(row, value);
        });
    }
  }

  const arrow::Array& values_;
  Find find_;
  std::uint32_t begin_;
  std::uint32_t end_;
  ColumnBuilder& cells_;
  std::string text_;
};

bool is_extension(const arrow::Array& array, std::string_view name) {
  return array.type_id() == Type::EXTENSION &&
         static_cast<const arrow::ExtensionType&>(*array.type()).extension_name() == name;
}

Taken copy(const arrow::Array& array, const ColumnType& type, std::uint32_t begin, std::uint32_t end,
           ColumnBuilder& cells) {
  const bool is_json_text = is_extension(array, "arrow.json");
  if (array.type_id() == Type::EXTENSION && !is_extension(array, "arrow.uuid")) {
    const arrow::Array& storage = *static_cast<const arrow::ExtensionArray&>(array).storage();
    if (!is_json_text) return copy(storage, type, begin, end, cells);
    return Copy(storage, InPlace{storage}, begin, end, cells).all(type, true);
  }
  if (array.type_id() == Type::DICTIONARY) {
    const auto& dictionary = static_cast<const arrow::DictionaryArray&>(array);
    return Copy(*dictionary.dictionary(), InDictionary{dictionary}, begin, end, cells).all(type, false);
  }
  if (array.type_id() == Type::RUN_END_ENCODED) {
    const auto& runs = static_cast<const arrow::RunEndEncodedArray&>(array);
    return Copy(*runs.values(), InRuns{runs}, begin, end, cells).all(type, false);
  }
  return Copy(array, InPlace{array}, begin, end, cells).all(type, false);
}

}  // namespace

std::uint32_t ArrowRows::rows() const {
  return static_cast<std::uint32_t>(batch_->records->num_rows());
}

const std::vector<ArrowField>& ArrowRows::fields() const {
  return *batch_->fields;
}

Taken ArrowRows::append(std::size_t column, std::uint32_t begin, std::uint32_t end, ColumnBuilder& cells) const {
  const arrow::Array& array = *batch_->records->column(static_cast<int>(column));
  return copy(array, fields()[column].type, begin, end, cells);
}

bool ArrowRows::is_null(std::size_t column, std::uint32_t row) const {
  const arrow::Array* array = batch_->records->column(static_cast<int>(column)).get();
  if (array->type_id() == Type::EXTENSION) array = static_cast<const arrow::ExtensionArray&>(*array).storage().get();
  const ArrowPlace place = place_of(*array, row);
  return place.array->IsNull(place.row);
}

std::uint64_t ArrowRows::bytes() const {
  std::uint64_t bytes = 0;
  for (const std::shared_ptr<arrow::Array>& column : batch_->records->columns())
    bytes += cell_bytes(*column, 0, batch_->records->num_rows());
  return bytes;
}

ArrowRows ArrowRows::slice(std::uint32_t begin, std::uint32_t count) const {
  return ArrowRows(std::make_shared<const Batch>(batch_->fields, batch_->records->Slice(begin, count)));
}

Result<ArrowRows> ArrowRows::without(std::span<const std::uint32_t> rows) const {
  const arrow::RecordBatch& all = *batch_->records;
  const std::int64_t kept = all.num_rows() - static_cast<std::int64_t>(rows.size());
  std::vector<std::shared_ptr<arrow::Array>> columns;
  for (const std::shared_ptr<arrow::Array>& column : all.columns()) {
    arrow::ArrayVector parts;
    std::int64_t begin = 0;
    for (const std::uint32_t row : rows) {
      if (row > begin) parts.push_back(column->Slice(begin, row - begin));
      begin = std::int64_t{row} + 1;
    }
    parts.push_back(column->Slice(begin));
    arrow::Result<std::shared_ptr<arrow::Array>> joined = arrow::Concatenate(parts);
    if (!joined.ok()) return fail(Error{.message = joined.status().message(), .hint = ""}.in("leave rows out"));
    columns.push_back(*joined);
  }
  return ArrowRows(
      std::make_shared<const Batch>(batch_->fields, arrow::RecordBatch::Make(all.schema(), kept, std::move(columns))));
}

ArrowValue ArrowRows::value(std::size_t column, std::uint32_t row, std::string& scratch) const {
  const arrow::Array& array = *batch_->records->column(static_cast<int>(column));
  ArrowValue value{.kind = fields()[column].type.type};
  const auto [at, place] = place_of(array, row);
  scratch.clear();
  switch (value.kind) {
    case DataType::bool_:
      value.truth = static_cast<const arrow::BooleanArray&>(*at).Value(place);
      break;
    case DataType::bigint:
      value.integer = integer_of(*at, place);
      if (at->type_id() == Type::UINT64 && value.integer < 0) value.kind = DataType::decimal;
      append_arrow_text(scratch, *at, place);
      break;
    case DataType::double_:
      value.real = *real_of(*at, place);
      schema::append_double_text(scratch, value.real);
      break;
    case DataType::json:
      if (is_extension(array, "arrow.json") || at->type_id() == Type::STRING) {
        append_arrow_text(scratch, array, row);  // as it is written, whether it is JSON or not
      } else {
        append_arrow_json(scratch, array, row);
      }
      break;
    case DataType::decimal:
      append_arrow_text(scratch, array, row);
      // One with more digits behind the point than its column has, or NaN: only text takes all that is there.
      if (at->type_id() == Type::STRING && scratch.find_first_not_of("-0123456789") != std::string::npos)
        value.kind = DataType::text;
      break;
    default:
      append_arrow_text(scratch, array, row);
  }
  value.text = scratch;
  return value;
}

std::size_t cell_bytes(const arrow::Array& column, std::int64_t begin, std::int64_t count) {
  constexpr std::size_t fixed_bytes_max = 16;
  const auto fixed = static_cast<std::size_t>(count) * fixed_bytes_max;
  switch (column.type_id()) {
    case Type::STRING:
    case Type::BINARY: {
      const auto& array = static_cast<const arrow::BinaryArray&>(column);
      return fixed + static_cast<std::size_t>(array.value_offset(begin + count) - array.value_offset(begin));
    }
    case Type::LARGE_STRING:
    case Type::LARGE_BINARY: {
      const auto& array = static_cast<const arrow::LargeBinaryArray&>(column);
      return fixed + static_cast<std::size_t>(array.value_offset(begin + count) - array.value_offset(begin));
    }
    case Type::LIST:
    case Type::MAP: {
      const auto& array = static_cast<const arrow::ListArray&>(column);
      const std::int64_t first = array.value_offset(begin);
      return fixed + cell_bytes(*array.values(), first, array.value_offset(begin + count) - first);
    }
    case Type::FIXED_SIZE_LIST: {
      const auto& array = static_cast<const arrow::FixedSizeListArray&>(column);
      return fixed + cell_bytes(*array.values(), array.value_offset(begin), count * array.list_type()->list_size());
    }
    case Type::STRUCT: {
      const auto& array = static_cast<const arrow::StructArray&>(column);
      std::size_t bytes = fixed;
      for (const std::shared_ptr<arrow::Array>& field : array.fields()) bytes += cell_bytes(*field, begin, count);
      return bytes;
    }
    case Type::EXTENSION:
      return cell_bytes(*static_cast<const arrow::ExtensionArray&>(column).storage(), begin, count);
    case Type::STRING_VIEW:
    case Type::BINARY_VIEW:
    case Type::DICTIONARY:
    case Type::RUN_END_ENCODED: {
      std::size_t bytes = fixed;
      for (std::int64_t row = begin; row < begin + count; ++row) {
        const auto [array, place] = place_of(column, row);
        const bool is_text =
            arrow::is_base_binary_like(array->type_id()) || arrow::is_binary_view_like(array->type_id());
        if (is_text && array->IsValid(place)) bytes += bytes_of(*array, place).size();
      }
      return bytes;
    }
    default:
      return fixed;
  }
}

}  // namespace outfall::columnar
