// SPDX-License-Identifier: Apache-2.0
//
// Value: null, or one value of one data type, owned. For defaults, tests, messages and the slow paths; rows on their
// way into columns never become Values.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "outfall/types.h"
#include "schema/decimal.h"
#include "schema/temporal.h"

namespace outfall::schema {

class Value {
 public:
  /// Null, which has no type.
  Value() = default;

  static Value text(std::string value) { return {DataType::text, std::move(value)}; }
  static Value bigint(std::int64_t value) { return {DataType::bigint, value}; }
  /// An integer of any size; kept as int64 when it fits. `value` must be integral.
  static Value bigint(const Decimal& value);
  static Value real(double value) { return {DataType::double_, value}; }
  static Value boolean(bool value) { return {DataType::bool_, value}; }
  static Value timestamp(Timestamp value) { return {DataType::timestamp, value}; }
  static Value date(Date value) { return {DataType::date, value}; }
  static Value time(Time value) { return {DataType::time, value}; }
  static Value decimal(Decimal value) { return {DataType::decimal, std::move(value)}; }
  static Value wei(Decimal value) { return {DataType::wei, std::move(value)}; }
  static Value binary(std::string bytes) { return {DataType::binary, std::move(bytes)}; }
  /// A JSON document as compact text; "null" is the JSON null.
  static Value json(std::string text) { return {DataType::json, std::move(text)}; }

  bool is_null() const { return std::holds_alternative<std::monostate>(content_); }
  /// Of a value that is not null.
  DataType type() const { return type_; }

  /// The content, or null when the value is of another kind. Text, binary and json are strings; decimal, wei and
  /// bigints beyond 64 bits are Decimals.
  const std::string* as_string() const { return std::get_if<std::string>(&content_); }
  const std::int64_t* as_int64() const { return std::get_if<std::int64_t>(&content_); }
  const double* as_double() const { return std::get_if<double>(&content_); }
  const bool* as_bool() const { return std::get_if<bool>(&content_); }
  const Timestamp* as_timestamp() const { return std::get_if<Timestamp>(&content_); }
  const Date* as_date() const { return std::get_if<Date>(&content_); }
  const Time* as_time() const { return std::get_if<Time>(&content_); }
  const Decimal* as_decimal() const { return std::get_if<Decimal>(&content_); }

  /// Same type and same content as written: decimals `1.0` and `1.00` differ, NaN is not NaN.
  bool operator==(const Value&) const = default;

 private:
  using Content = std::variant<std::monostate, std::string, std::int64_t, double, bool, Timestamp, Date, Time, Decimal>;

  template <class T>
  Value(DataType type, T content) : type_(type), content_(std::in_place_type<T>, std::move(content)) {}

  DataType type_ = DataType::text;
  Content content_;
};

}  // namespace outfall::schema
