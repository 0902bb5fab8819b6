// SPDX-License-Identifier: Apache-2.0
//
// Reads and writes quantities without any locale.
#include "cli/quantities.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>

namespace outfall::cli {
namespace {

struct Unit {
  std::string_view name;  ///< lower case
  double bytes;
};

constexpr std::array units{
    Unit{"", 1},         Unit{"b", 1},        Unit{"kb", 1e3},     Unit{"mb", 1e6},     Unit{"gb", 1e9},
    Unit{"tb", 1e12},    Unit{"k", 0x1p10},   Unit{"m", 0x1p20},   Unit{"g", 0x1p30},   Unit{"t", 0x1p40},
    Unit{"kib", 0x1p10}, Unit{"mib", 0x1p20}, Unit{"gib", 0x1p30}, Unit{"tib", 0x1p40},
};

std::string lower(std::string_view text) {
  std::string out(text);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return out;
}

Error wrong(std::string_view option, std::string_view text, std::string_view expected) {
  return {.message = fmt::format("{} '{}' is not {}", option, text, expected), .hint = "", .blame = Blame::usage};
}

}  // namespace

Result<std::size_t> parse_size(std::string_view option, std::string_view text) {
  Error error = wrong(option, text, "a size");
  error.hint = "write bytes, or a number with a unit: 256MB, 1.5GiB";
  double number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || !(number >= 0)) return fail(std::move(error));
  std::string_view rest(end, text.data() + text.size());
  while (rest.starts_with(' ')) rest.remove_prefix(1);
  const auto unit = std::ranges::find(units, lower(rest), &Unit::name);
  if (unit == units.end()) return fail(std::move(error));
  const double bytes = number * unit->bytes;
  if (!(bytes < 0x1p63)) return fail(std::move(error));  // infinities and NaN as well
  return static_cast<std::size_t>(bytes);
}

Result<double> parse_rate(std::string_view option, std::string_view text) {
  Error error = wrong(option, text, "a rate");
  error.hint = "write so many a second, a minute or an hour: 10/s, 600/m, 1000/h";
  double number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem != std::errc() || !(number > 0) || !(number <= 1e6)) return fail(std::move(error));
  const std::string_view rest(end, text.data() + text.size());
  if (rest == "/s") return number;
  if (rest == "/m") return number / 60;
  if (rest == "/h") return number / 3600;
  return fail(std::move(error));
}

Result<std::int64_t> parse_number(std::string_view option, std::string_view text, NumberRange range) {
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem == std::errc() && end == text.data() + text.size() && number >= range.least && number <= range.most) {
    return number;
  }
  return fail(wrong(option, text, fmt::format("a whole number from {} to {}", range.least, range.most)));
}

namespace {

/// As many digits as asked for, and what is behind them.
bool take_digits(std::string_view& text, std::size_t digits, int& number) {
  if (text.size() < digits) return false;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + digits, number);
  if (problem != std::errc() || end != text.data() + digits || number < 0) return false;
  text.remove_prefix(digits);
  return true;
}

bool take_mark(std::string_view& text, std::string_view marks) {
  if (text.empty() || marks.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<std::chrono::sys_seconds> moment(std::string_view text) {
  int year = 0;
  int month = 0;
  int day = 0;
  const bool has_date = take_digits(text, 4, year) && take_mark(text, "-") && take_digits(text, 2, month) &&
                        take_mark(text, "-") && take_digits(text, 2, day);
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!has_date || !date.ok()) return std::nullopt;
  int hours = 0;
  int minutes = 0;
  int seconds = 0;
  if (take_mark(text, "T ")) {
    if (!take_digits(text, 2, hours) || !take_mark(text, ":") || !take_digits(text, 2, minutes)) return std::nullopt;
    if (take_mark(text, ":") && !take_digits(text, 2, seconds)) return std::nullopt;
    take_mark(text, "Z");
  }
  if (!text.empty() || hours > 23 || minutes > 59 || seconds > 59) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(hours) + std::chrono::minutes(minutes) +
         std::chrono::seconds(seconds);
}

std::optional<std::chrono::seconds> age(std::string_view text) {
  constexpr std::int64_t count_max = 1'000'000'000;  // of days: three million years
  std::int64_t count = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (problem != std::errc() || count < 0 || count > count_max || end + 1 != text.data() + text.size()) {
    return std::nullopt;
  }
  switch (*end) {
    case 's':
      return std::chrono::seconds(count);
    case 'm':
      return std::chrono::minutes(count);
    case 'h':
      return std::chrono::hours(count);
    case 'd':
      return std::chrono::days(count);
    default:
      return std::nullopt;
  }
}

}  // namespace

Result<std::chrono::sys_time<std::chrono::microseconds>> parse_since(std::string_view option, std::string_view text,
                                                                     std::chrono::system_clock::time_point now) {
  if (const auto at = moment(text)) return *at;
  if (const auto before = age(text)) return std::chrono::floor<std::chrono::microseconds>(now) - *before;
  Error error = wrong(option, text, "a time");
  error.hint = "write a date (2026-11-22), a time in UTC (2026-11-22T10:00), or how long ago: 90m, 24h, 7d";
  return fail(std::move(error));
}

Result<CursorLag> parse_lag(std::string_view option, std::string_view text) {
  if (const auto time = age(text)) return *time;
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem == std::errc() && end == text.data() + text.size() && number >= 0) return number;
  return fail(wrong(option, text, "a number, such as 100, or a time, such as 90s, 15m, 2h or 7d"));
}

std::string count_text(std::uint64_t count) {
  std::string digits = fmt::format("{}", count);
  for (std::size_t at = digits.size(); at > 3; at -= 3) digits.insert(at - 3, ",");
  return digits.starts_with(',') ? digits.substr(1) : digits;
}

std::string count_text(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count_text(count), noun, count == 1 ? "" : "s");
}

std::string bytes_text(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 5> names{"kB", "MB", "GB", "TB", "PB"};
  if (bytes < 1000) return fmt::format("{} B", bytes);
  double number = static_cast<double>(bytes) / 1000;
  std::size_t unit = 0;
  // 999.95 would be printed as 1000.0
  while (number >= 999.95 && unit + 1 < names.size()) {
    number /= 1000;
    ++unit;
  }
  return fmt::format("{:.1f} {}", number, names[unit]);
}

std::string duration_text(std::chrono::nanoseconds duration) {
  const double seconds = std::chrono::duration<double>(duration).count();
  if (seconds < 9.995) return fmt::format("{:.2f} s", std::max(seconds, 0.0));
  const auto whole = static_cast<std::int64_t>(seconds + 0.5);
  if (whole < 60) return fmt::format("{} s", whole);
  if (whole < 3600) return fmt::format("{} min {} s", whole / 60, whole % 60);
  return fmt::format("{} h {} min", whole / 3600, whole % 3600 / 60);
}

}  // namespace outfall::cli
