// SPDX-License-Identifier: Apache-2.0
//
// Values of Arrow arrays as text and as JSON.
#include <arrow/array.h>
#include <arrow/extension_type.h>
#include <arrow/util/decimal.h>

#include <cmath>
#include <limits>
#include <string>

#include "base/base64.h"
#include "base/json.h"
#include "base/utf8.h"
#include "columnar/arrow_batch.h"
#include "columnar/arrow_values.h"
#include "schema/temporal.h"
#include "schema/value_text.h"

namespace outfall::columnar {
namespace {

using arrow::Type;

/// Puts the digits behind the microsecond into what append_iso wrote, where there are any.
void append_nanoseconds(std::string& out, std::size_t seconds_end, std::int64_t value) {
  const auto nanoseconds = static_cast<int>((value % 1'000 + 1'000) % 1'000);
  if (nanoseconds == 0) return;
  const bool has_fraction = seconds_end < out.size() && out[seconds_end] == '.';
  const std::string digits = std::to_string(1'000 + nanoseconds).substr(1);
  if (has_fraction)
    out.insert(seconds_end + 7, digits);
  else
    out.insert(seconds_end, ".000000" + digits);
}

/// Arrow has no word for infinite dates and timestamps: DuckDB hands them out as the largest number of the type, and as
/// its negative.
template <class Number>
bool append_infinity(std::string& out, Number value) {
  constexpr Number infinity = std::numeric_limits<Number>::max();
  if (value != infinity && value != -infinity) return false;
  out += value > 0 ? "infinity" : "-infinity";
  return true;
}

void append_timestamp(std::string& out, std::int64_t value, const arrow::TimestampType& type) {
  if (append_infinity(out, value)) return;
  const std::optional<std::int64_t> microseconds = to_microseconds(value, type.unit(), Fraction::cut);
  const bool in_calendar =
      microseconds && *microseconds >= schema::microseconds_min && *microseconds <= schema::microseconds_max;
  if (!in_calendar) return schema::append_bigint_text(out, value);
  schema::Timestamp timestamp{.microseconds_utc = *microseconds, .offset_seconds = std::nullopt};
  if (!type.timezone().empty()) timestamp.offset_seconds = 0;
  constexpr std::size_t seconds_end = std::string_view("2024-01-02T03:04:05").size();
  const std::size_t begin = out.size();
  schema::append_iso(out, timestamp);
  if (type.unit() == arrow::TimeUnit::NANO) append_nanoseconds(out, begin + seconds_end, value);
}

void append_time(std::string& out, std::int64_t value, arrow::TimeUnit::type unit) {
  const std::optional<std::int64_t> microseconds = to_microseconds(value, unit, Fraction::cut);
  if (!microseconds || !is_time_of_day(*microseconds)) return schema::append_bigint_text(out, value);
  constexpr std::size_t seconds_end = std::string_view("03:04:05").size();
  const std::size_t begin = out.size();
  schema::append_iso(out, schema::Time{*microseconds});
  if (unit == arrow::TimeUnit::NANO) append_nanoseconds(out, begin + seconds_end, value);
}

void append_date(std::string& out, std::int64_t days) {
  const bool is_narrow = static_cast<std::int32_t>(days) == days;
  if (is_narrow && append_infinity(out, static_cast<std::int32_t>(days))) return;
  if (days < schema::days_min || days > schema::days_max) return schema::append_bigint_text(out, days);
  schema::append_iso(out, schema::Date{static_cast<std::int32_t>(days)});
}

/// 32 hexadecimal digits in the five groups of a UUID.
void append_uuid(std::string& out, std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    const auto byte = static_cast<unsigned char>(bytes[i]);
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
}

template <class Decimal>
void append_decimal(std::string& out, const arrow::Array& array, std::int64_t row) {
  const Decimal decimal(static_cast<const arrow::FixedSizeBinaryArray&>(array).GetValue(row));
  append_decimal_text(out, decimal.ToIntegerString(), static_cast<const arrow::DecimalType&>(*array.type()).scale());
}

void append_quoted(std::string& out, const arrow::Array& array, std::int64_t row) {
  std::string text;
  append_arrow_text(text, array, row);
  append_json_string(out, text);
}

class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  // Types are nested at most limits::arrow_type_depth_max deep (describe_fields), and so is this.
  void write(const arrow::Array& outer, std::int64_t outer_row) {
    if (outer.type_id() == Type::EXTENSION) return write_extension(outer, outer_row);
    const auto [array, row] = place_of(outer, outer_row);
    if (array->IsNull(row)) {
      out_ += "null";
      return;
    }
    switch (array->type_id()) {
      case Type::EXTENSION:
        return write_extension(*array, row);
      case Type::NA:
        out_ += "null";
        return;
      case Type::BOOL:
        out_ += static_cast<const arrow::BooleanArray&>(*array).Value(row) ? "true" : "false";
        return;
      case Type::STRING:
      case Type::LARGE_STRING:
      case Type::STRING_VIEW: {
        const std::string_view text = bytes_of(*array, row);
        valid_ = valid_ && is_valid_utf8(text);
        append_json_string(out_, text);
        return;
      }
      case Type::LIST:
        return write_list(static_cast<const arrow::ListArray&>(*array), row);
      case Type::LARGE_LIST:
        return write_list(static_cast<const arrow::LargeListArray&>(*array), row);
      case Type::LIST_VIEW:
        return write_list(static_cast<const arrow::ListViewArray&>(*array), row);
      case Type::LARGE_LIST_VIEW:
        return write_list(static_cast<const arrow::LargeListViewArray&>(*array), row);
      case Type::FIXED_SIZE_LIST:
        return write_list(static_cast<const arrow::FixedSizeListArray&>(*array), row);
      case Type::MAP:
        return write_map(static_cast<const arrow::MapArray&>(*array), row);
      case Type::STRUCT:
        return write_struct(static_cast<const arrow::StructArray&>(*array), row);
      default:
        return write_scalar(*array, row);
    }
  }

  bool valid() const { return valid_; }

 private:
  void write_scalar(const arrow::Array& array, std::int64_t row) {
    if (const std::optional<double> real = real_of(array, row)) {
      // JSON has no word for what is no number.
      if (std::isfinite(*real))
        schema::append_double_text(out_, *real);
      else
        out_ += "null";
      return;
    }
    const bool is_number = arrow::is_integer(array.type_id());
    if (is_number) return append_arrow_text(out_, array, row);
    append_quoted(out_, array, row);
  }

  void write_extension(const arrow::Array& array, std::int64_t row) {
    const auto& extension = static_cast<const arrow::ExtensionArray&>(array);
    const std::string name = extension.extension_type()->extension_name();
    if (array.IsNull(row) || (name != "arrow.uuid" && name != "arrow.json")) return write(*extension.storage(), row);
    if (name == "arrow.uuid") return append_quoted(out_, array, row);
    const ArrowPlace place = place_of(*extension.storage(), row);
    const std::string_view json = bytes_of(*place.array, place.row);
    valid_ = valid_ && is_valid_utf8(json);
    // What only calls itself JSON would break what it stands in.
    if (parse_json(json))
      out_ += json;
    else
      append_json_string(out_, json);
  }

  template <class List>
  void write_list(const List& list, std::int64_t row) {
    out_ += '[';
    const std::int64_t begin = list.value_offset(row);
    for (std::int64_t i = 0; i < list.value_length(row); ++i) {
      if (i > 0) out_ += ',';
      write(*list.values(), begin + i);
    }
    out_ += ']';
  }

  /// An object where the keys are texts, else a list of pairs.
  void write_map(const arrow::MapArray& map, std::int64_t row) {
    const Type::type key_type = map.keys()->type_id();
    const bool is_object = key_type == Type::STRING || key_type == Type::LARGE_STRING;
    out_ += is_object ? '{' : '[';
    const std::int64_t begin = map.value_offset(row);
    for (std::int64_t i = 0; i < map.value_length(row); ++i) {
      if (i > 0) out_ += ',';
      if (!is_object) out_ += '[';
      write(*map.keys(), begin + i);
      out_ += is_object ? ':' : ',';
      write(*map.items(), begin + i);
      if (!is_object) out_ += ']';
    }
    out_ += is_object ? '}' : ']';
  }

  void write_struct(const arrow::StructArray& structure, std::int64_t row) {
    out_ += '{';
    for (int i = 0; i < structure.num_fields(); ++i) {
      if (i > 0) out_ += ',';
      append_json_string(out_, structure.struct_type()->field(i)->name());
      out_ += ':';
      write(*structure.field(i), row);
    }
    out_ += '}';
  }

  std::string& out_;
  bool valid_ = true;
};

}  // namespace

ArrowPlace place_of(const arrow::Array& array, std::int64_t row) {
  const arrow::Array* at = &array;
  while (true) {
    if (at->type_id() == Type::DICTIONARY) {
      const auto& dictionary = static_cast<const arrow::DictionaryArray&>(*at);
      if (dictionary.IsNull(row)) return {at, row};
      row = dictionary.GetValueIndex(row);
      at = dictionary.dictionary().get();
    } else if (at->type_id() == Type::RUN_END_ENCODED) {
      const auto& runs = static_cast<const arrow::RunEndEncodedArray&>(*at);
      row = run_of(runs, row);
      at = runs.values().get();
    } else {
      return {at, row};
    }
  }
}

bool is_encoded(const arrow::Array& array) {
  return array.type_id() == Type::DICTIONARY || array.type_id() == Type::RUN_END_ENCODED;
}

ColumnValues ColumnValues::of(const arrow::Array& column) {
  const arrow::Array* array = &column;
  if (array->type_id() == Type::EXTENSION) array = static_cast<const arrow::ExtensionArray&>(*array).storage().get();
  if (array->type_id() == Type::RUN_END_ENCODED) {
    const arrow::Array& values = *static_cast<const arrow::RunEndEncodedArray&>(*array).values();
    if (values.null_count() == values.length()) return {};
  }
  return {.array = array, .is_plain = !is_encoded(*array)};
}

bool append_arrow_json(std::string& out, const arrow::Array& array, std::int64_t row) {
  JsonWriter writer(out);
  writer.write(array, row);
  return writer.valid();
}

void append_arrow_text(std::string& out, const arrow::Array& outer, std::int64_t outer_row) {
  const auto [array, row] = place_of(outer, outer_row);
  if (array->type_id() == Type::EXTENSION) {
    const auto& extension = static_cast<const arrow::ExtensionArray&>(*array);
    if (extension.extension_type()->extension_name() != "arrow.uuid") {
      return append_arrow_text(out, *extension.storage(), row);
    }
    const ArrowPlace place = place_of(*extension.storage(), row);
    return append_uuid(out, bytes_of(*place.array, place.row));
  }
  switch (array->type_id()) {
    case Type::DATE32:
    case Type::DATE64:
      return append_date(out, days_of(*array, row));
    case Type::TIMESTAMP:
      return append_timestamp(out, integer_of(*array, row), static_cast<const arrow::TimestampType&>(*array->type()));
    case Type::TIME32:
    case Type::TIME64:
      return append_time(out, integer_of(*array, row), static_cast<const arrow::TimeType&>(*array->type()).unit());
    case Type::UINT64:
      out += std::to_string(static_cast<const arrow::UInt64Array&>(*array).Value(row));
      return;
    case Type::DECIMAL32:
      return append_decimal<arrow::Decimal32>(out, *array, row);
    case Type::DECIMAL64:
      return append_decimal<arrow::Decimal64>(out, *array, row);
    case Type::DECIMAL128:
      return append_decimal<arrow::Decimal128>(out, *array, row);
    case Type::DECIMAL256:
      return append_decimal<arrow::Decimal256>(out, *array, row);
    case Type::HALF_FLOAT:
    case Type::FLOAT:
    case Type::DOUBLE:
      return schema::append_double_text(out, *real_of(*array, row));
    case Type::BOOL:
      out += static_cast<const arrow::BooleanArray&>(*array).Value(row) ? "true" : "false";
      return;
    case Type::STRING:
    case Type::LARGE_STRING:
    case Type::STRING_VIEW:
      out += bytes_of(*array, row);
      return;
    case Type::BINARY:
    case Type::LARGE_BINARY:
    case Type::BINARY_VIEW:
    case Type::FIXED_SIZE_BINARY:
      out += base64_encode(bytes_of(*array, row));
      return;
    default:
      return schema::append_bigint_text(out, integer_of(*array, row));
  }
}

}  // namespace outfall::columnar
