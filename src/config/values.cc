// SPDX-License-Identifier: Apache-2.0
#include "config/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace outfall::config {
namespace {

template <class Number>
std::optional<Number> parsed(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<bool> parsed_flag(std::string text) {
  constexpr std::array truths{"true", "yes", "t", "y", "1", "on"};
  constexpr std::array untruths{"false", "no", "f", "n", "0", "off"};
  std::ranges::transform(text, text.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? char(c - 'A' + 'a') : c; });
  if (std::ranges::find(truths, text) != truths.end()) return true;
  if (std::ranges::find(untruths, text) != untruths.end()) return false;
  return std::nullopt;
}

std::optional<std::string> plain_text(const Json& value) {
  if (const std::string* text = value.as_string()) return *text;
  if (value.is_object() || value.is_array() || value.is_null()) return std::nullopt;
  return to_json(value);
}

}  // namespace

Error unusable(const Found& found, std::string_view expected) {
  const std::optional<std::string> text = plain_text(found.value);
  const std::string shown = found.secrecy == Secrecy::secret || !text ? "its value" : fmt::format("'{}'", *text);
  return {.message = fmt::format("{}: {} is not {}", found.place.text(), shown, expected),
          .hint = "",
          .blame = Blame::usage};
}

Result<std::string> text_of(const Found& found) {
  std::optional<std::string> text = plain_text(found.value);
  if (!text) return fail(unusable(found, "a text"));
  return std::move(*text);
}

Result<std::int64_t> integer_of(const Found& found) {
  if (const std::int64_t* integer = found.value.as_int()) return *integer;
  const std::string* text = found.value.as_string();
  const std::optional<std::int64_t> integer = text == nullptr ? std::nullopt : parsed<std::int64_t>(*text);
  if (!integer) return fail(unusable(found, "a whole number"));
  return *integer;
}

Result<double> number_of(const Found& found) {
  if (const std::int64_t* integer = found.value.as_int()) return static_cast<double>(*integer);
  if (const double* number = found.value.as_double()) return *number;
  const std::string* text = found.value.as_string();
  const std::optional<double> number = text == nullptr ? std::nullopt : parsed<double>(*text);
  if (!number) return fail(unusable(found, "a number"));
  return *number;
}

Result<bool> flag_of(const Found& found) {
  if (const bool* flag = found.value.as_bool()) return *flag;
  const std::optional<std::string> text = plain_text(found.value);
  const std::optional<bool> flag = text ? parsed_flag(*text) : std::nullopt;
  if (!flag) return fail(unusable(found, "true or false"));
  return *flag;
}

Result<std::chrono::nanoseconds> seconds_of(const Found& found) {
  constexpr double seconds_max = 366.0 * 24 * 3600;  // what is longer is a mistake, and would not fit
  const Result<double> seconds = number_of(found);
  if (!seconds || !(*seconds >= 0 && *seconds <= seconds_max)) {
    Error error = unusable(found, "a number of seconds, of a year at most");
    error.hint = "write seconds without a unit, such as 30 or 0.5";
    return fail(std::move(error));
  }
  return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(*seconds));
}

Result<std::vector<std::string>> list_of(const Found& found) {
  constexpr const char* expected = R"(a list of texts, such as ["a","b"])";
  Json list = found.value;
  if (const std::string* text = list.as_string()) {
    Result<Json> read = parse_json(*text);
    list = read ? std::move(*read) : Json();
  }
  if (!list.is_array()) return fail(unusable(found, expected));
  std::vector<std::string> texts;
  for (const Json& element : *list.as_array()) {
    std::optional<std::string> text = plain_text(element);
    if (!text) return fail(unusable(found, expected));
    texts.push_back(std::move(*text));
  }
  return texts;
}

}  // namespace outfall::config
