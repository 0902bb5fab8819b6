// SPDX-License-Identifier: Apache-2.0
//
// Decimal: an exact decimal number of any length, with the text rules of Python's Decimal, which is what dlt stores.
//
// Sign, digits and exponent are kept as written, so `1.50`, `1E+3` and `-0` survive. The class allocates its digits;
// columns of decimals are filled with decimal_from_number_text, which does not.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace outfall::schema {

__extension__ typedef __int128 Int128;
__extension__ typedef unsigned __int128 UnsignedInt128;

/// The digits of a DECIMAL(precision, scale): `precision` in all, `scale` of them behind the point. 0 <= scale <=
/// precision <= 38.
struct DecimalShape {
  int precision;
  int scale;

  bool operator==(const DecimalShape&) const = default;
};

/// The widest decimal that fits 128 bits.
inline constexpr int decimal_precision_max = 38;

class Decimal {
 public:
  /// Zero.
  Decimal() = default;
  explicit Decimal(std::int64_t value);
  explicit Decimal(UnsignedInt128 value);
  /// The shortest text that reads back as the double, as a decimal: 0.1 is `0.1`, 2.0 is `2.0`.
  static Decimal from_double(double value);
  /// Python's Decimal(text): white space around it, underscores, exponents, `inf`, `nan`. Nothing when it is not a
  /// number.
  static std::optional<Decimal> parse(std::string_view text);
  /// An integer of hexadecimal digits, in Python's int(text, 16) rules without a prefix's trimming.
  static std::optional<Decimal> parse_hex(std::string_view digits);

  bool is_finite() const { return kind_ == Kind::finite; }
  bool is_infinite() const { return kind_ == Kind::infinite; }
  bool is_nan() const { return kind_ == Kind::nan || kind_ == Kind::signaling_nan; }
  bool is_negative() const { return negative_; }
  bool is_zero() const { return is_finite() && digits_ == "0"; }
  /// A finite number without a fraction; `1.0` and `1E+3` are integral.
  bool is_integral() const;
  /// Digits in front of the point; 0 for a number below one. Finite numbers only.
  std::int64_t integer_digit_count() const;

  /// As Python's str(): `1E+3`, `1.50`, `-0`, `NaN`, `-Infinity`.
  std::string text() const;
  void append_text(std::string& out) const;

  /// The value, if it is integral and fits.
  std::optional<std::int64_t> to_int64() const;
  /// The same number without exponent and fraction, if it is integral with at most `digits_max` digits: `1E+3` is
  /// `1000`.
  std::optional<Decimal> to_integer(std::int64_t digits_max) const;
  /// The nearest double; infinity when it is too large.
  double to_double() const;
  /// The unscaled integer of a DECIMAL(precision, scale), or nothing when the number does not fit exactly.
  std::optional<Int128> scaled(DecimalShape shape) const;

  /// Sameness as written: `1.0` and `1.00` differ.
  bool operator==(const Decimal&) const = default;

 private:
  enum class Kind : std::uint8_t { finite, infinite, nan, signaling_nan };

  void append_finite_text(std::string& out) const;

  Kind kind_ = Kind::finite;
  bool negative_ = false;
  std::string digits_ = "0";  // no leading zeros; the payload of a NaN, then possibly empty
  std::int64_t exponent_ = 0;
};

/// The unscaled integer of a number written as JSON writes it (`-12.50e1`), or nothing when it is not such a number or
/// does not fit exactly: too many digits in front of the point, or behind it. Zeros at the end do not count. Never
/// allocates.
std::optional<Int128> decimal_from_number_text(std::string_view number, DecimalShape shape);

/// The unscaled integer of an integer, or nothing when it has too many digits.
std::optional<Int128> decimal_from_int64(std::int64_t value, DecimalShape shape);

/// 10 to the power of 0..38.
Int128 power_of_ten(int exponent);

}  // namespace outfall::schema
