// SPDX-License-Identifier: Apache-2.0
//
// Reading ISO 8601, as the parser of pendulum 3.3 does: what it takes and what it refuses decides what becomes a
// timestamp column, so its oddities are kept (`T10:20` is a time, `T10:20:30` is not; `2024/01/02` is a date,
// `2024-1-2` is not).
#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "schema/decimal_digits.h"
#include "schema/temporal.h"

namespace outfall::schema {
namespace {

constexpr std::int32_t seconds_per_day = 86'400;

/// How a date was written: what it allows the time behind it.
enum class DateForm { extended, basic };

struct Clock {
  std::int32_t hour = 0;
  std::int32_t minute = 0;
  std::int32_t second = 0;
  std::int32_t microsecond = 0;

  bool exists() const { return hour < 24 && minute < 60 && second < 60; }
  Time time() const {
    return {((hour * 60 + minute) * std::int64_t{60} + second) * microseconds_per_second + microsecond};
  }
};

std::optional<IsoMoment> moment(std::optional<Date> date) {
  if (!date) return std::nullopt;
  return *date;
}

std::optional<Timestamp> at_offset(std::int64_t local_microseconds, std::optional<std::int32_t> offset_seconds) {
  const std::int64_t utc = local_microseconds - offset_seconds.value_or(0) * microseconds_per_second;
  if (utc < microseconds_min || utc > microseconds_max) return std::nullopt;
  return Timestamp{utc, offset_seconds};
}

std::optional<Date> existing(const CivilDate& civil) {
  if (!exists(civil)) return std::nullopt;
  return to_date(civil);
}

std::optional<Date> ordinal_date(std::int32_t year, std::int32_t day_of_year) {
  if (year < 1 || day_of_year < 1 || day_of_year > (is_leap_year(year) ? 366 : 365)) return std::nullopt;
  return Date{to_date({year, 1, 1}).days + day_of_year - 1};
}

/// Monday is 1. Week 0 and day 0 count back into the days before, as they do where they come from.
std::optional<Date> week_date(std::int32_t year, std::int32_t week, std::int32_t weekday) {
  if (year < 1 || weekday > 7) return std::nullopt;
  const std::int32_t first = to_date({year, 1, 1}).days;
  const std::int32_t days_after_monday = (first % 7 + 10) % 7;  // day 0, 1970-01-01, was a Thursday
  const bool long_year = days_after_monday == 3 || (days_after_monday == 2 && is_leap_year(year));
  if (week > (long_year ? 53 : 52)) return std::nullopt;
  const std::int32_t first_week = first - days_after_monday + (days_after_monday > 3 ? 7 : 0);
  const std::int32_t days = first_week + (week - 1) * 7 + weekday - 1;
  if (days < days_min || days > days_max) return std::nullopt;
  return Date{days};
}

/// A cursor over text. Once something was missing every further reading gives 0, and ok() says so at the end.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : at_(text.data()), end_(text.data() + text.size()) {}

  bool ok() const { return ok_; }
  bool at_end() const { return at_ == end_; }
  bool at(char c) const { return at_ != end_ && *at_ == c; }
  bool at_digit() const { return at_ != end_ && is_digit(*at_); }
  bool take(char c) {
    if (!at(c)) return false;
    ++at_;
    return true;
  }
  void require(bool condition) { ok_ = ok_ && condition; }
  std::int32_t digit() {
    require(at_digit());
    return ok_ ? *at_++ - '0' : 0;
  }
  std::int32_t two_digits() {
    const std::int32_t tens = digit();
    return tens * 10 + digit();
  }
  std::int32_t one_or_two_digits() {
    const std::int32_t first = digit();
    return ok_ && at_digit() ? first * 10 + digit() : first;
  }
  /// Digits behind a point, cut to microseconds.
  std::int32_t fraction(std::ptrdiff_t digits_max) {
    const char* const first = at_;
    std::int32_t value = 0;
    for (std::int32_t weight = 100'000; at_digit() && at_ - first < digits_max; ++at_) {
      value += (*at_ - '0') * weight;
      weight /= 10;
    }
    require(at_ != first);
    return value;
  }

 private:
  const char* at_;
  const char* end_;
  bool ok_ = true;
};

/// The forms of ISO 8601.
class IsoReader {
 public:
  explicit IsoReader(std::string_view text) : text_(text), cursor_(text) {}

  std::optional<IsoMoment> read() {
    if (cursor_.take('T')) return read_time(DateForm::basic);
    if (text_.size() > 2 && text_[2] == ':') return read_time(DateForm::extended);
    const std::optional<Date> date = read_date();
    if (!cursor_.ok() || !date) return std::nullopt;
    if (cursor_.at_end()) return *date;
    if (!cursor_.take('T') && !cursor_.take(' ')) return std::nullopt;
    const std::optional<ZonedTime> time = read_clock(form_);
    if (!time) return std::nullopt;
    const std::int64_t local = date->days * microseconds_per_day + time->local.microseconds;
    const std::optional<Timestamp> timestamp = at_offset(local, time->offset_seconds);
    if (!timestamp) return std::nullopt;
    return *timestamp;
  }

  /// What stands behind the seconds: a fraction, an offset, the end.
  std::optional<Timestamp> read_tail(std::int64_t local_microseconds) {
    if (at_point()) local_microseconds += read_fraction();
    const std::optional<std::int32_t> offset = read_offset();
    if (!cursor_.ok() || !cursor_.at_end()) return std::nullopt;
    return at_offset(local_microseconds, offset);
  }

 private:
  bool at_separator() const { return cursor_.at('T') || cursor_.at(' '); }
  bool at_offset_or_end() const { return cursor_.at_end() || cursor_.at('Z') || cursor_.at('+') || cursor_.at('-'); }
  bool at_date_end() const { return cursor_.at_end() || at_separator(); }
  bool at_point() const { return cursor_.at('.') || cursor_.at(','); }

  std::int32_t read_fraction() {
    if (!cursor_.take('.')) cursor_.take(',');
    return cursor_.fraction(static_cast<std::ptrdiff_t>(text_.size()));
  }

  std::optional<Date> read_date() {
    std::int32_t year = cursor_.two_digits();
    year = year * 100 + cursor_.two_digits();
    if (cursor_.take('-')) return read_extended_date(year);
    form_ = DateForm::basic;
    if (cursor_.take('W')) {
      const std::int32_t week = cursor_.two_digits();
      return week_date(year, week, at_date_end() ? 1 : cursor_.digit());
    }
    const std::int32_t month = cursor_.two_digits();
    const std::int32_t digit = cursor_.digit();
    if (at_date_end()) return ordinal_date(year, month * 10 + digit);
    return existing({year, month, digit * 10 + cursor_.digit()});
  }

  std::optional<Date> read_extended_date(std::int32_t year) {
    if (cursor_.take('W')) {
      const std::int32_t week = cursor_.two_digits();
      if (at_date_end()) return week_date(year, week, 1);
      cursor_.require(cursor_.take('-'));
      return week_date(year, week, cursor_.digit());
    }
    const std::int32_t month = cursor_.two_digits();
    if (at_date_end()) return existing({year, month, 1});
    if (cursor_.take('-')) return existing({year, month, cursor_.two_digits()});
    return ordinal_date(year, month * 10 + cursor_.digit());
  }

  std::optional<IsoMoment> read_time(DateForm form) {
    const std::optional<ZonedTime> time = read_clock(form);
    if (!time) return std::nullopt;
    return *time;
  }

  std::optional<ZonedTime> read_clock(DateForm form) {
    Clock clock{.hour = cursor_.two_digits()};
    if (!at_offset_or_end()) {
      const bool colons = cursor_.take(':');
      cursor_.require(colons || form == DateForm::basic);
      clock.minute = cursor_.two_digits();
      if (cursor_.ok() && !at_offset_or_end()) {
        if (colons) cursor_.require(cursor_.take(':') && form == DateForm::extended);
        clock.second = cursor_.two_digits();
        if (at_point()) clock.microsecond = read_fraction();
      }
    }
    const std::optional<std::int32_t> offset = read_offset();
    if (!cursor_.ok() || !cursor_.at_end() || !clock.exists()) return std::nullopt;
    return ZonedTime{clock.time(), offset};
  }

  /// `Z`, `+02`, `+02:`, `+0230`, `+02:30`, or nothing. Less than a day; minutes may be beyond 59.
  std::optional<std::int32_t> read_offset() {
    if (cursor_.take('Z')) return 0;
    const bool west = cursor_.at('-');
    if (!cursor_.take('+') && !cursor_.take('-')) return std::nullopt;
    std::int32_t seconds = cursor_.two_digits() * 3600;
    cursor_.take(':');
    if (!cursor_.at_end()) seconds += cursor_.two_digits() * 60;
    cursor_.require(seconds < seconds_per_day);
    return west ? -seconds : seconds;
  }

  std::string_view text_;
  Cursor cursor_;
  DateForm form_ = DateForm::extended;
};

/// The forms beside ISO 8601: `2024`, `2024/01/02`, `2024/01/02 3:4:5.6`, `3:04`.
class CommonReader {
 public:
  explicit CommonReader(std::string_view text) : text_(text) {}

  std::optional<IsoMoment> read() const {
    // The longest date that lets the rest be a time, or nothing, is meant.
    for (const DateParts parts : {DateParts::day, DateParts::year, DateParts::none}) {
      Cursor cursor(text_);
      const CivilDate civil = read_date(cursor, parts);
      if (!cursor.ok()) continue;
      if (cursor.at_end()) return parts == DateParts::none ? std::nullopt : moment(existing(civil));
      const Clock clock = read_clock(cursor);
      if (!cursor.ok() || !cursor.at_end()) continue;
      if (!clock.exists()) return std::nullopt;
      if (parts == DateParts::none) return ZonedTime{clock.time(), std::nullopt};
      const std::optional<Date> date = existing(civil);
      if (!date) return std::nullopt;
      return Timestamp{date->days * microseconds_per_day + clock.time().microseconds, std::nullopt};
    }
    return std::nullopt;
  }

 private:
  enum class DateParts { day, year, none };

  static CivilDate read_date(Cursor& cursor, DateParts parts) {
    CivilDate civil{1, 1, 1};
    if (parts == DateParts::none) return civil;
    civil.year = cursor.two_digits();
    civil.year = civil.year * 100 + cursor.two_digits();
    if (parts == DateParts::year) return civil;
    take_separator(cursor);
    civil.month = cursor.two_digits();
    take_separator(cursor);
    civil.day = cursor.two_digits();
    return civil;
  }

  static void take_separator(Cursor& cursor) {
    if (!cursor.take('/')) cursor.take(':');
  }

  static Clock read_clock(Cursor& cursor) {
    cursor.take(' ');
    Clock clock{.hour = cursor.one_or_two_digits()};
    cursor.require(cursor.take(':'));
    clock.minute = cursor.one_or_two_digits();
    if (cursor.take(':')) clock.second = cursor.one_or_two_digits();
    if (cursor.take('.') || cursor.take(',') || cursor.take('|')) clock.microsecond = cursor.fraction(9);
    return clock;
  }

  std::string_view text_;
};

constexpr std::size_t usual_size = std::string_view("YYYY-MM-DDTHH:MM:SS").size();

/// What eight characters must look like: a digit where the form has '0', the form's own character elsewhere.
struct EightCharacters {
  std::uint64_t form = 0;
  std::uint64_t to_high_bit = 0;  ///< added to a byte, it reaches the high bit when the byte is too large for its place

  consteval explicit EightCharacters(const char (&text)[9]) {
    for (int i = 0; i < 8; ++i) {
      form |= std::uint64_t{static_cast<unsigned char>(text[i])} << (8 * i);
      to_high_bit |= std::uint64_t{text[i] == '0' ? 0x80U - 10 : 0x80U - 1} << (8 * i);
    }
  }

  /// The digits in their places, zero between them. `bad` grows bits where a character is not of the form.
  std::uint64_t read(const char* text, std::uint64_t& bad) const {
    std::uint64_t value;
    std::memcpy(&value, text, sizeof value);
    value ^= form;
    bad |= (value | (value + to_high_bit)) & 0x8080808080808080;
    return value;
  }
};

constexpr EightCharacters year_month_form("0000-00-");
constexpr EightCharacters clock_form("00:00:00");

/// The microseconds of `YYYY-MM-DDTHH:MM:SS` (or with a blank), without a branch per character. Nothing when it is not
/// of that form or does not exist; the general reader then says which.
std::optional<std::int64_t> read_usual(const char* text) {
  std::uint64_t bad = 0;
  const std::uint64_t year_month = year_month_form.read(text, bad);
  const std::uint64_t clock_digits = clock_form.read(text + 11, bad);
  const unsigned day_tens = static_cast<unsigned char>(text[8]) - unsigned{'0'};
  const unsigned day_ones = static_cast<unsigned char>(text[9]) - unsigned{'0'};
  if (bad != 0 || day_tens > 9 || day_ones > 9 || (text[10] != 'T' && text[10] != ' ')) return std::nullopt;

  // Byte i of a sum is the number that stands in places i and i + 1.
  const std::uint64_t date_pairs = year_month * 10 + (year_month >> 8);
  const std::uint64_t clock_pairs = clock_digits * 10 + (clock_digits >> 8);
  const auto pair = [](std::uint64_t pairs, int place) {
    return static_cast<std::int32_t>(pairs >> (8 * place) & 0xff);
  };
  const CivilDate civil{.year = pair(date_pairs, 0) * 100 + pair(date_pairs, 2),
                        .month = pair(date_pairs, 5),
                        .day = static_cast<std::int32_t>(day_tens * 10 + day_ones)};
  const Clock clock{.hour = pair(clock_pairs, 0), .minute = pair(clock_pairs, 3), .second = pair(clock_pairs, 6)};
  if (!exists(civil) || !clock.exists()) return std::nullopt;
  return to_date(civil).days * microseconds_per_day + clock.time().microseconds;
}

/// The microseconds of `.123Z`, with any number of digits; nothing when the text is anything else.
std::optional<std::int32_t> read_usual_fraction(std::string_view tail) {
  static constexpr std::array<std::int32_t, 7> weights{1'000'000, 100'000, 10'000, 1'000, 100, 10, 1};
  if (tail.size() < 3 || tail.front() != '.' || tail.back() != 'Z') return std::nullopt;
  const std::string_view digits = tail.substr(1, tail.size() - 2);
  const std::size_t kept = std::min(digits.size(), weights.size() - 1);
  std::int32_t value = 0;
  for (const char c : digits.substr(0, kept)) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + (c - '0');
  }
  if (!std::ranges::all_of(digits.substr(kept), is_digit)) return std::nullopt;
  return value * weights[kept];
}

template <class T>
std::optional<T> only(const std::optional<IsoMoment>& moment) {
  const T* const value = moment ? std::get_if<T>(&*moment) : nullptr;
  return value != nullptr ? std::optional<T>(*value) : std::nullopt;
}

}  // namespace

std::optional<IsoMoment> parse_iso(std::string_view text) {
  if (std::optional<IsoMoment> iso = IsoReader(text).read()) return iso;
  std::string storage;
  return CommonReader(ascii_number(text, storage)).read();
}

std::optional<Timestamp> parse_timestamp(std::string_view text) {
  if constexpr (std::endian::native == std::endian::little) {
    if (text.size() >= usual_size) {
      if (const std::optional<std::int64_t> local = read_usual(text.data())) {
        const std::string_view tail = text.substr(usual_size);
        if (tail == "Z") return Timestamp{*local, 0};
        if (const auto fraction = read_usual_fraction(tail)) return Timestamp{*local + *fraction, 0};
        return IsoReader(tail).read_tail(*local);
      }
    }
  }
  return only<Timestamp>(parse_iso(text));
}

std::optional<Date> parse_date(std::string_view text) {
  return only<Date>(parse_iso(text));
}

std::optional<Time> parse_time(std::string_view text) {
  const std::optional<ZonedTime> time = only<ZonedTime>(parse_iso(text));
  return time ? std::optional(time->utc()) : std::nullopt;
}

}  // namespace outfall::schema
