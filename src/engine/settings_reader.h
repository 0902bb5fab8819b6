// SPDX-License-Identifier: Apache-2.0
//
// SettingsReader: the settings of one destination, and those of loads. What is set already stays: what was typed wins.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "config/settings.h"
#include "config/values.h"
#include "outfall/error.h"

namespace outfall::engine {

class SettingsReader {
 public:
  /// `name`: of the section; empty: the destination has none. All outlive the object.
  SettingsReader(const config::Settings& settings, std::string name, const std::string& pipeline)
      : settings_(settings), name_(std::move(name)), pipeline_(pipeline) {}

  std::optional<config::Found> of_destination(std::string_view key) const;
  std::optional<config::Found> of_loads(std::string_view key) const;

 private:
  const config::Settings& settings_;
  std::string name_;
  const std::string& pipeline_;
};

struct NumberRange {
  std::int64_t least = 1;
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
};

/// None where nothing is found. Errors: usage: it is no number in the range. `expected`: what a value is to be.
Result<std::optional<std::int64_t>> read_number(const std::optional<config::Found>& found, NumberRange range,
                                                std::string_view expected);

template <class Number>
Status take(const std::optional<config::Found>& found, NumberRange range, std::optional<Number>& target,
            std::string_view expected = "a whole number") {
  if (target) return {};
  const Result<std::optional<std::int64_t>> number = read_number(found, range, expected);
  if (!number) return fail(number.error());
  if (*number) target = static_cast<Number>(**number);
  return {};
}

template <class Word>
Status take_word(const std::optional<config::Found>& found, std::optional<Word> (*read)(std::string_view),
                 const char* known, std::optional<Word>& target) {
  if (!found || target) return {};
  const Result<std::string> text = config::text_of(*found);
  if (!text) return fail(text.error());
  target = read(*text);
  return target ? Status{} : fail(config::unusable(*found, known));
}

}  // namespace outfall::engine
