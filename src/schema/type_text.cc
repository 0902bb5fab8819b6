// SPDX-License-Identifier: Apache-2.0
//
// What each type takes in parentheses is one table; people who know other names for a type are told ours.
#include "schema/type_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>
#include <vector>

#include "base/edit_distance.h"
#include "base/utf8.h"
#include "schema/decimal.h"

namespace outfall::schema {
namespace {

/// How many numbers may follow a type, and how large the first may be.
struct Parameters {
  DataType type;
  std::size_t count_max;
  int precision_min;
  int precision_max;
  std::string_view meaning;
};

constexpr int length_max = 1 << 30;

constexpr std::array<Parameters, 11> parameters{{
    {DataType::text, 1, 1, length_max, "text(64): characters"},
    {DataType::bigint, 1, 1, 64, "bigint(32): bits"},
    {DataType::double_, 0, 0, 0, ""},
    {DataType::bool_, 0, 0, 0, ""},
    {DataType::timestamp, 1, 0, 9, "timestamp(3): digits of the second, 0 to 9"},
    {DataType::date, 0, 0, 0, ""},
    {DataType::time, 1, 0, 9, "time(3): digits of the second, 0 to 9"},
    {DataType::decimal, 2, 1, decimal_precision_max, "decimal(38,9): digits in all, and of them behind the point"},
    {DataType::wei, 2, 1, decimal_precision_max, "wei(38,0): digits in all, and of them behind the point"},
    {DataType::binary, 1, 1, length_max, "binary(16): bytes"},
    {DataType::json, 0, 0, 0, ""},
}};

struct OtherName {
  std::string_view name;
  DataType type;
};

constexpr std::array<OtherName, 19> other_names{{
    {"string", DataType::text},           {"str", DataType::text},
    {"varchar", DataType::text},          {"int", DataType::bigint},
    {"integer", DataType::bigint},        {"long", DataType::bigint},
    {"int64", DataType::bigint},          {"smallint", DataType::bigint},
    {"float", DataType::double_},         {"real", DataType::double_},
    {"boolean", DataType::bool_},         {"datetime", DataType::timestamp},
    {"timestamptz", DataType::timestamp}, {"numeric", DataType::decimal},
    {"number", DataType::decimal},        {"bytes", DataType::binary},
    {"blob", DataType::binary},           {"jsonb", DataType::json},
    {"object", DataType::json},
}};

std::unexpected<Error> usage(std::string message, std::string hint) {
  return fail(Error{.message = std::move(message), .hint = std::move(hint), .blame = Blame::usage});
}

std::string known_types() {
  std::string list;
  for (const Parameters& known : parameters) {
    if (!list.empty()) list += ", ";
    list += name(known.type);
  }
  return list;
}

std::unexpected<Error> unknown_type(std::string_view word) {
  constexpr std::size_t distance_max = 2;
  constexpr std::size_t word_max = 64;
  std::string_view meant;
  for (const OtherName& other : other_names) {
    if (other.name == word) meant = name(other.type);
  }
  std::size_t nearest = distance_max + 1;
  for (const Parameters& known : parameters) {
    if (!meant.empty() || word.size() > word_max) break;
    nearest = std::min(nearest, edit_distance(word, name(known.type)));
  }
  for (const Parameters& known : parameters) {
    if (meant.empty() && nearest <= distance_max && edit_distance(word, name(known.type)) == nearest) {
      meant = name(known.type);
    }
  }
  std::string hint = meant.empty() ? "" : fmt::format("did you mean \"{}\"? ", meant);
  return usage(fmt::format("unknown type \"{}\"", word.substr(0, word_max)), hint + "the types are " + known_types());
}

/// The text in lower case without blanks; types are ASCII.
std::string squeezed(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != ' ' && c != '\t') out += c;
  }
  return ascii_lower(out);
}

/// The numbers between the parentheses, or nothing when they are not numbers.
std::optional<std::vector<int>> read_numbers(std::string_view text) {
  std::vector<int> numbers;
  const char* at = text.data();
  const char* const end = at + text.size();
  while (true) {
    int number = 0;
    const auto read = std::from_chars(at, end, number);
    if (read.ec != std::errc{} || number < 0) return std::nullopt;
    numbers.push_back(number);
    if (read.ptr == end) return numbers;
    if (*read.ptr != ',') return std::nullopt;
    at = read.ptr + 1;
  }
}

}  // namespace

Result<ColumnType> parse_type(std::string_view text) {
  const std::string squeezed_text = squeezed(text);
  const std::string_view written = squeezed_text;
  const std::size_t open = std::min(written.find('('), written.size());
  const std::string_view word = written.substr(0, open);
  const std::optional<DataType> type = data_type(word);
  if (!type) return unknown_type(word);
  if (open == written.size()) return ColumnType{.type = *type};

  const Parameters& taken = *std::ranges::find(parameters, *type, &Parameters::type);
  if (taken.count_max == 0) {
    return usage(fmt::format("type \"{}\" takes no numbers, got \"{}\"", word, text),
                 fmt::format("write \"{}\"", word));
  }
  const std::string hint(taken.meaning);
  if (!written.ends_with(')')) return usage(fmt::format("type \"{}\" has no closing parenthesis", text), hint);
  const auto numbers = read_numbers(written.substr(open + 1, written.size() - open - 2));
  if (!numbers || numbers->size() > taken.count_max) {
    return usage(fmt::format("type \"{}\" is not followed by numbers that it takes", text), hint);
  }
  ColumnType result{.type = *type, .precision = numbers->front()};
  if (*result.precision < taken.precision_min || *result.precision > taken.precision_max) {
    return usage(fmt::format("type \"{}\": {} is not from {} to {}", text, *result.precision, taken.precision_min,
                             taken.precision_max),
                 hint);
  }
  if (numbers->size() == 2) result.scale = numbers->back();
  if (result.scale > result.precision) {
    return usage(fmt::format("type \"{}\": more digits behind the point than in all", text), hint);
  }
  return result;
}

std::string type_text(const ColumnType& type) {
  if (!type.precision) return std::string(name(type.type));
  if (!type.scale) return fmt::format("{}({})", name(type.type), *type.precision);
  return fmt::format("{}({},{})", name(type.type), *type.precision, *type.scale);
}

std::string type_and_zone(const ColumnType& type) {
  if (type.type != DataType::timestamp) return type_text(type);
  return fmt::format("{} {} zone", type_text(type), type.with_timezone ? "with" : "without");
}

}  // namespace outfall::schema
