// SPDX-License-Identifier: Apache-2.0
#include "sql/bound_statement.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>
#include <variant>

#include "base/counts.h"
#include "schema/decimal.h"
#include "sql/dialect.h"
#include "sql/system_tables.h"

namespace outfall::sql {
namespace {

bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         static_cast<unsigned char>(c) >= 0x80;
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

enum class Mark { percent, question, number };

/// A placeholder, or (percent) two percent signs that stand for one.
struct Place {
  std::size_t begin = 0;
  std::size_t length = 0;
  Mark mark = Mark::percent;
  std::size_t number = 0;  ///< from 1; 0: not a placeholder
};

/// Finds what may be a placeholder: not in texts, names and comments.
class Scanner {
 public:
  Scanner(std::string_view statement, const Dialect& dialect) : text_(statement), dialect_(dialect) {}

  std::vector<Place> find() {
    while (at_ < text_.size()) step();
    return std::move(places_);
  }

 private:
  bool is_here(std::string_view word) const { return text_.substr(at_).starts_with(word); }
  char before() const { return at_ == 0 ? ' ' : text_[at_ - 1]; }
  /// Behind the next `end`, or at the end of the statement.
  void skip_behind(std::string_view end, std::size_t from) {
    const std::size_t found = text_.find(end, from);
    at_ = found == std::string_view::npos ? text_.size() : found + end.size();
  }

  void step() {
    const char c = text_[at_];
    if (c == '\'') return skip_text();
    if (c == '"' || (c == '`' && dialect_.has_bracket_names)) return skip_behind({&text_[at_], 1}, at_ + 1);
    if (c == '[' && dialect_.has_bracket_names) return skip_behind("]", at_ + 1);
    if (is_here("--")) return skip_behind("\n", at_);
    if (is_here("/*")) return skip_comment();
    if (c == '$') return dollar();
    if (c == '?') return add(1, Mark::question, 1);
    if (is_here("%%")) return add(2, Mark::percent, 0);
    if (is_here("%s") && (at_ + 2 == text_.size() || !is_word(text_[at_ + 2]))) return add(2, Mark::percent, 1);
    ++at_;
  }

  void add(std::size_t length, Mark mark, std::size_t number) {
    places_.push_back({.begin = at_, .length = length, .mark = mark, .number = number});
    at_ += length;
  }

  /// A quote that is doubled ends one text and begins the next; behind E, a backslash takes the meaning of a quote.
  void skip_text() {
    const bool has_escapes = (before() == 'E' || before() == 'e') && (at_ < 2 || !is_word(text_[at_ - 2]));
    ++at_;
    while (at_ < text_.size() && text_[at_] != '\'') at_ += has_escapes && text_[at_] == '\\' ? 2 : 1;
    at_ = std::min(at_ + 1, text_.size());
  }

  void skip_comment() {
    std::size_t depth = 0;
    do {
      if (is_here("/*")) ++depth;
      if (is_here("*/")) --depth;
      at_ += is_here("/*") || is_here("*/") ? 2 : 1;
    } while (depth > 0 && at_ < text_.size());
    at_ = std::min(at_, text_.size());
  }

  /// `$1`, or a text between `$tag$` and `$tag$`.
  void dollar() {
    std::size_t end = at_ + 1;
    while (end < text_.size() && is_word(text_[end])) ++end;
    const std::string_view word = text_.substr(at_ + 1, end - at_ - 1);
    if (!word.empty() && std::ranges::all_of(word, is_digit)) {
      std::size_t number = 0;
      const auto read = std::from_chars(word.data(), word.data() + word.size(), number);
      if (read.ec == std::errc{} && number > 0 && !is_word(before())) return add(word.size() + 1, Mark::number, number);
    } else if (end < text_.size() && text_[end] == '$' && !is_word(before())) {
      return skip_behind(text_.substr(at_, word.size() + 2), end + 1);
    }
    ++at_;
  }

  std::string_view text_;
  const Dialect& dialect_;
  std::size_t at_ = 0;
  std::vector<Place> places_;
};

/// The placeholders of the one kind that the statement has, numbered; with `%s`, also the signs that are doubled.
std::vector<Place> placeholders(std::string_view statement, const Dialect& dialect) {
  std::vector<Place> places = Scanner(statement, dialect).find();
  const auto has = [&](Mark mark) {
    return std::ranges::any_of(places, [mark](const Place& place) { return place.mark == mark && place.number > 0; });
  };
  // Where the others are operators, and `%s` a remainder, the ones that leave no doubt count.
  const Mark mark = has(Mark::number) ? Mark::number : has(Mark::percent) ? Mark::percent : Mark::question;
  std::erase_if(places, [mark](const Place& place) { return place.mark != mark; });
  std::size_t number = 0;
  for (Place& place : places) {
    if (mark != Mark::number && place.number > 0) place.number = ++number;
  }
  return places;
}

/// What a value is to a database, and what stands around its placeholder; none: the database has no such value.
struct Bound {
  Value value;
  std::string_view around{};
};

bool has_short_form(const Decimal& number) {
  constexpr int digits_max = schema::decimal_precision_max;
  return number.scale >= 0 && number.scale <= digits_max &&
         schema::decimal_from_number_text(number.text(), {digits_max, number.scale}).has_value();
}

std::optional<Bound> bound(const Dialect& dialect, const outfall::Value& value) {
  if (std::holds_alternative<Null>(value)) return Bound{.value = std::monostate{}};
  if (const auto* text = std::get_if<std::string_view>(&value)) return Bound{.value = std::string(*text)};
  if (const auto* bytes = std::get_if<Binary>(&value)) return Bound{.value = BinaryValue{std::string(bytes->bytes)}};
  if (const auto* json = std::get_if<JsonText>(&value))
    return Bound{.value = JsonValue{std::string(json->text)}, .around = dialect.json_value};
  if (const auto* number = std::get_if<Decimal>(&value)) {
    if (has_short_form(*number)) return Bound{.value = *number};
    if (dialect.number_value.empty()) return std::nullopt;
    return Bound{.value = number->text(), .around = dialect.number_value};
  }
  const auto* moment = std::get_if<Timestamp>(&value);
  if (moment != nullptr && moment->has_zone && !dialect.moment_value.empty()) {
    const std::int64_t microseconds = moment->at.time_since_epoch().count();
    return Bound{.value = timestamp_text(microseconds), .around = dialect.moment_value};
  }
  return std::visit(
      [](const auto& other) -> std::optional<Bound> {
        if constexpr (std::is_constructible_v<Value, decltype(other)>) return Bound{.value = other};
        return std::nullopt;
      },
      value);
}

Error usage(std::string message, std::string hint) {
  return {.message = std::move(message), .hint = std::move(hint), .blame = Blame::usage};
}

Status check_number(std::span<const Place> places, std::size_t values) {
  std::vector<bool> has(values, false);
  std::size_t highest = 0;
  for (const Place& place : places) {
    if (place.number == 0) continue;
    highest = std::max(highest, place.number);
    if (place.number <= values) has[place.number - 1] = true;
  }
  if (highest == values && std::ranges::find(has, false) == has.end()) return {};
  const auto used = static_cast<std::uint64_t>(std::ranges::count(has, true));
  return fail(usage(highest > values
                        ? fmt::format("the statement has a placeholder {}, and there {} {}", highest,
                                      values == 1 ? "is" : "are", counted(values, "value"))
                        : fmt::format("the statement has places for {} of {}", used, counted(values, "value")),
                    "a placeholder is %s, ? or $1, and stands outside of quotes"));
}

}  // namespace

Result<BoundStatement> bind_values(const Dialect& dialect, std::string_view statement,
                                   std::span<const outfall::Value> values) {
  if (statement.contains('\0'))
    return fail(usage("the statement contains a NUL byte", "no table and no column may have it in its name"));
  if (values.empty()) return BoundStatement{.text = std::string(statement), .values = {}};
  const std::vector<Place> places = placeholders(statement, dialect);
  if (Status fits = check_number(places, values.size()); !fits) return fail(std::move(fits.error()));

  BoundStatement made;
  std::vector<std::string> texts;  // of each value's placeholder
  for (const outfall::Value& value : values) {
    std::optional<Bound> one = bound(dialect, value);
    if (!one) {
      return fail(usage(
          fmt::format("value {} is a number of more than {} digits", texts.size() + 1, schema::decimal_precision_max),
          fmt::format("{} has no such numbers: give it as a text", dialect.name)));
    }
    if (std::holds_alternative<std::monostate>(one->value)) {
      texts.emplace_back("NULL");
      continue;
    }
    made.values.push_back(std::move(one->value));
    const std::string place = placeholder(static_cast<int>(made.values.size()));
    texts.push_back(one->around.empty() ? place : fmt::format(fmt::runtime(one->around), place));
  }
  std::size_t done = 0;
  for (const Place& place : places) {
    made.text += statement.substr(done, place.begin - done);
    made.text += place.number == 0 ? "%" : texts[place.number - 1];
    done = place.begin + place.length;
  }
  made.text += statement.substr(done);
  return made;
}

}  // namespace outfall::sql
