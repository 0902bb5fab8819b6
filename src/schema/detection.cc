// SPDX-License-Identifier: Apache-2.0
//
// The detections, over Values: they run once a column.
#include "schema/detection.h"

#include <array>
#include <cmath>
#include <cstdlib>
#include <utility>

namespace outfall::schema {
namespace {

constexpr std::array<std::pair<Detection, std::string_view>, 6> names{
    {{Detection::timestamp, "timestamp"},
     {Detection::iso_timestamp, "iso_timestamp"},
     {Detection::iso_date, "iso_date"},
     {Detection::large_integer, "large_integer"},
     {Detection::hexbytes_to_text, "hexbytes_to_text"},
     {Detection::wei_to_double, "wei_to_double"}}};

/// Five years of 365 days, each side of now.
constexpr double timestamp_window_s = 5 * 31'536'000.0;

/// What a BigQuery BIGNUMERIC without fraction holds: dlt's border between wei and text.
constexpr std::string_view wei_max = "578960446186580977117854925043439539266";

/// Nothing shorter is a day with a time: `20243:4` is the 1st of January 2024, 03:04.
constexpr std::size_t timestamp_length_min = 7;

bool is_near(double seconds, std::chrono::seconds now) {
  return std::fabs(seconds - static_cast<double>(now.count())) <= timestamp_window_s;
}

std::optional<DataType> detect_large(const Value& value) {
  const Decimal* const wide = value.as_decimal();
  if (value.type() != DataType::bigint || wide == nullptr || wide->is_negative()) return std::nullopt;
  const std::string digits = wide->text();
  const bool fits =
      digits.size() < wei_max.size() || (digits.size() == wei_max.size() && std::string_view(digits) <= wei_max);
  return fits ? DataType::wei : DataType::text;
}

}  // namespace

std::string_view name(Detection detection) {
  for (const auto& [candidate, text] : names) {
    if (candidate == detection) return text;
  }
  return "unknown";
}

std::optional<Detection> detection(std::string_view name) {
  for (const auto& [candidate, text] : names) {
    if (text == name) return candidate;
  }
  return std::nullopt;
}

std::optional<DataType> detect(Detection detection, const Value& value, std::chrono::seconds now) {
  if (value.is_null()) return std::nullopt;
  const std::string* const text = value.type() == DataType::text ? value.as_string() : nullptr;
  switch (detection) {
    case Detection::timestamp:
      if (const std::int64_t* seconds = value.as_int64(); seconds && is_near(static_cast<double>(*seconds), now)) {
        return DataType::timestamp;
      }
      if (const double* seconds = value.as_double(); seconds && is_near(*seconds, now)) return DataType::timestamp;
      return std::nullopt;
    case Detection::iso_timestamp:
      return text && looks_like_iso_timestamp(*text) ? std::optional(DataType::timestamp) : std::nullopt;
    case Detection::iso_date:
      return text && parse_date(*text) ? std::optional(DataType::date) : std::nullopt;
    case Detection::large_integer:
      return detect_large(value);
    case Detection::hexbytes_to_text:
      return std::nullopt;
    case Detection::wei_to_double:
      return value.type() == DataType::wei ? std::optional(DataType::double_) : std::nullopt;
  }
  return std::nullopt;
}

bool looks_like_iso_timestamp(std::string_view text) {
  if (text.size() < timestamp_length_min) return false;
  // Each form begins with the digits of a year, perhaps in another script.
  const bool begins_with_year = (text[0] >= '0' && text[0] <= '9') || static_cast<unsigned char>(text[0]) >= 0x80;
  return begins_with_year && parse_timestamp(text).has_value();
}

}  // namespace outfall::schema
