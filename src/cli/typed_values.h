// SPDX-License-Identifier: Apache-2.0
//
// Texts that were typed, as the values that they stand for.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/quantities.h"
#include "outfall/error.h"

namespace outfall::cli {

Error usage(std::string message, std::string hint);

/// Says which words are known, and which one was probably meant.
Error unknown_word(std::string_view option, const std::string& text, const std::vector<std::string>& known);

/// Errors: usage: it is none of them.
template <class Word>
Result<Word> known_word(std::string_view option, const std::string& text,
                        std::span<const std::pair<std::string, Word>> words) {
  std::vector<std::string> known;
  for (const auto& [name, word] : words) {
    if (name == text) return word;
    known.push_back(name);
  }
  return fail(unknown_word(option, text, known));
}

template <class Word>
std::pair<std::string, Word> spelled(Word word) {
  return {std::string(name(word)), word};
}

/// The same, of words that are spelled as the library has them.
template <class Word>
Result<Word> one_of(std::string_view option, const std::string& text, std::initializer_list<Word> words) {
  std::vector<std::pair<std::string, Word>> spellings;
  for (const Word word : words) spellings.push_back(spelled(word));
  return known_word<Word>(option, text, spellings);
}

/// `100`: a number of rows; `2.5%`: a share of all of them.
///
/// Errors: usage; `option` is named in it.
Status take_rows_or_share(std::string_view option, const std::string& text, std::optional<std::uint64_t>& rows,
                          std::optional<double>& percent);

/// "on" or "off".
Result<bool> on_or_off(std::string_view option, const std::string& text);

template <class Value, class Target>
Status take(Result<Value> value, Target& target) {
  if (!value) return fail(std::move(value.error()));
  target = static_cast<Target>(*value);
  return {};
}

/// An empty text was not typed.
Status take_number(std::string_view option, const std::string& text, NumberRange range, auto set) {
  if (text.empty()) return {};
  Result<std::int64_t> number = parse_number(option, text, range);
  if (!number) return fail(std::move(number.error()));
  set(*number);
  return {};
}

}  // namespace outfall::cli
