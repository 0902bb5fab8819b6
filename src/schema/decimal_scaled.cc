// SPDX-License-Identifier: Apache-2.0
//
// Numbers to the unscaled integers that decimal columns hold. Exact or nothing; digits are never rounded away.
#include <array>
#include <charconv>

#include "schema/decimal.h"
#include "schema/decimal_digits.h"

namespace outfall::schema {
namespace {

/// Exponents beyond this, in either direction, put every digit outside of any decimal column.
constexpr std::int64_t exponent_limit = 1'000'000'000;

constexpr std::array<Int128, decimal_precision_max + 1> powers_of_ten = [] {
  std::array<Int128, decimal_precision_max + 1> powers{};
  powers[0] = 1;
  for (std::size_t i = 1; i < powers.size(); ++i) powers[i] = powers[i - 1] * 10;
  return powers;
}();

/// Digits as they are read: zeros wait until a digit follows that needs them, so zeros at the end cost no precision.
class DigitSum {
 public:
  /// False: more digits than any decimal has.
  bool add(char digit) {
    if (digit == '0') {
      waiting_zeros_ += significant_ > 0 ? 1 : 0;
      return true;
    }
    const std::int64_t places = waiting_zeros_ + 1;
    if (significant_ + places > decimal_precision_max) return false;
    significant_ += places;
    waiting_zeros_ = 0;
    if (significant_ <= narrow_digits_max) {
      narrow_ = narrow_ * static_cast<std::uint64_t>(powers_of_ten[places]) + static_cast<std::uint64_t>(digit - '0');
      wide_ = narrow_;
    } else {
      wide_ = wide_ * static_cast<UnsignedInt128>(powers_of_ten[places]) + static_cast<UnsignedInt128>(digit - '0');
    }
    return true;
  }

  /// The sum times ten to the power of `exponent`, at the scale of the shape.
  std::optional<Int128> at_scale(std::int64_t exponent, DecimalShape shape) const {
    if (significant_ == 0) return 0;
    const std::int64_t shift = exponent + waiting_zeros_ + shape.scale;
    if (shift < 0 || shift > decimal_precision_max || significant_ + shift > shape.precision) return std::nullopt;
    return static_cast<Int128>(wide_) * powers_of_ten[static_cast<std::size_t>(shift)];
  }

 private:
  /// Digits that a 64-bit integer holds whatever they are; below that the wide multiplications are saved.
  static constexpr std::int64_t narrow_digits_max = 19;

  std::uint64_t narrow_ = 0;
  UnsignedInt128 wide_ = 0;
  std::int64_t significant_ = 0;
  std::int64_t waiting_zeros_ = 0;
};

}  // namespace

Int128 power_of_ten(int exponent) {
  return powers_of_ten[static_cast<std::size_t>(exponent)];
}

std::optional<Int128> decimal_from_number_text(std::string_view number, DecimalShape shape) {
  const char* at = number.data();
  const char* const end = at + number.size();
  const bool minus = at != end && *at == '-';
  if (at != end && (*at == '-' || *at == '+')) ++at;

  DigitSum sum;
  const char* const whole = at;
  for (; at != end && is_digit(*at); ++at) {
    if (!sum.add(*at)) return std::nullopt;
  }
  std::int64_t digits = at - whole;
  std::int64_t exponent = 0;
  if (at != end && *at == '.') {
    const char* const fraction = ++at;
    for (; at != end && is_digit(*at); ++at) {
      if (!sum.add(*at)) return std::nullopt;
    }
    exponent = -(at - fraction);
    digits -= exponent;
  }
  if (digits == 0) return std::nullopt;
  if (at != end && (*at == 'e' || *at == 'E')) {
    if (++at != end && *at == '+' && at + 1 != end && at[1] != '-') ++at;
    std::int64_t written = 0;
    const auto read = std::from_chars(at, end, written);
    if (read.ec != std::errc{} || written > exponent_limit || written < -exponent_limit) return std::nullopt;
    exponent += written;
    at = read.ptr;
  }
  if (at != end) return std::nullopt;
  const std::optional<Int128> unscaled = sum.at_scale(exponent, shape);
  if (!unscaled) return std::nullopt;
  return minus ? -*unscaled : *unscaled;
}

std::optional<Int128> decimal_from_int64(std::int64_t value, DecimalShape shape) {
  const Int128 limit = powers_of_ten[static_cast<std::size_t>(shape.precision - shape.scale)];
  if (value >= limit || -static_cast<Int128>(value) >= limit) return std::nullopt;
  return static_cast<Int128>(value) * powers_of_ten[static_cast<std::size_t>(shape.scale)];
}

std::optional<Int128> Decimal::scaled(DecimalShape shape) const {
  if (!is_finite()) return std::nullopt;
  DigitSum sum;
  for (const char digit : digits_) {
    if (!sum.add(digit)) return std::nullopt;
  }
  const std::optional<Int128> unscaled = sum.at_scale(exponent_, shape);
  if (!unscaled) return std::nullopt;
  return negative_ ? -*unscaled : *unscaled;
}

}  // namespace outfall::schema
