// SPDX-License-Identifier: Apache-2.0
#include "engine/capabilities.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "schema/naming.h"

namespace outfall::engine {
namespace {

constexpr std::array keys{"max_identifier_length", "naming_convention",          "max_table_nesting",
                          "recommended_file_size", "supported_merge_strategies", "supported_replace_strategies"};

std::string key_in_section(std::string_view key) {
  return fmt::format("capabilities.{}", key);
}

template <class Word>
Status take_words(const std::optional<config::Found>& found, std::optional<Word> (*read)(std::string_view),
                  const char* known, std::optional<std::vector<Word>>& target) {
  if (!found) return {};
  const Result<std::vector<std::string>> texts = config::list_of(*found);
  if (!texts) return fail(texts.error());
  target.emplace();
  for (const std::string& text : *texts) {
    const std::optional<Word> word = read(text);
    if (!word) return fail(config::unusable(*found, known));
    target->push_back(*word);
  }
  return {};
}

/// What is said of a destination that is to do what it cannot.
std::unexpected<Error> beyond(const delivery::Destination& destination, std::string_view key, const std::string& said,
                              std::string hint) {
  return fail(
      Error{.message = fmt::format("destination {}: its capability {} cannot be {}", destination.address(), key, said),
            .hint = std::move(hint),
            .blame = Blame::usage});
}

Status check_length(const delivery::Destination& destination, std::size_t length) {
  const std::size_t own = destination.capabilities().identifier_length_max;
  constexpr std::size_t least = schema::Naming::max_length_min;
  if (length >= least && (own == 0 || length <= own)) return {};
  const std::string most = own == 0 ? "" : fmt::format(" and at most {}", own);
  return beyond(destination, "max_identifier_length", fmt::format("{}", length),
                fmt::format("names may have at least {}{} characters", least, most));
}

template <class Word>
Status check_words(const delivery::Destination& destination, std::string_view key, const std::vector<Word>& said,
                   const std::vector<Word>& own) {
  std::vector<std::string_view> words;
  for (const Word word : own) words.push_back(name(word));
  const std::string hint =
      own.empty() ? "what it is given decides that" : fmt::format("it has {}", fmt::join(words, ", "));
  if (said.empty()) return beyond(destination, key, "empty", hint);
  for (const Word word : said) {
    if (std::ranges::find(own, word) == own.end()) return beyond(destination, key, std::string(name(word)), hint);
  }
  return {};
}

Status check(const delivery::Destination& destination, const CapabilityOverrides& said) {
  const delivery::Capabilities& own = destination.capabilities();
  Status able;
  if (said.max_identifier_length) able = check_length(destination, *said.max_identifier_length);
  if (able && said.max_table_nesting && *said.max_table_nesting < 0) {
    able = beyond(destination, "max_table_nesting", fmt::format("{}", *said.max_table_nesting),
                  "it is a number of levels, from 0");
  }
  if (able && said.supported_merge_strategies) {
    able =
        check_words(destination, "supported_merge_strategies", *said.supported_merge_strategies, own.merge_strategies);
  }
  if (able && said.supported_replace_strategies) {
    able = check_words(destination, "supported_replace_strategies", *said.supported_replace_strategies,
                       own.replace_strategies);
  }
  return able;
}

template <class Value>
void fill(std::optional<Value>& target, const std::optional<Value>& other) {
  if (!target) target = other;
}

}  // namespace

std::span<const char* const> capability_keys() {
  return keys;
}

Status read_capabilities(const SettingsReader& reader, CapabilityOverrides& found) {
  constexpr std::int64_t length_most = 65'536;
  constexpr std::int64_t levels_most = 1000;
  constexpr const char* conventions = "known: snake_case, direct, duck_case, sql_ci_v1 or sql_cs_v1";
  constexpr const char* merges = "a list of delete-insert, upsert, insert-only, scd2 and cdc";
  constexpr const char* replaces = "a list of truncate-and-insert, insert-from-staging and staging-optimized";
  const auto of = [&reader](std::string_view key) { return reader.of_destination(key_in_section(key)); };
  Status taken = take(of("max_identifier_length"), {.least = 1, .most = length_most}, found.max_identifier_length);
  if (taken) taken = take_word(of("naming_convention"), naming_convention, conventions, found.naming_convention);
  if (taken) taken = take(of("max_table_nesting"), {.least = 0, .most = levels_most}, found.max_table_nesting);
  if (taken) taken = take(of("recommended_file_size"), {.least = 0}, found.recommended_file_size);
  if (taken)
    taken = take_words(of("supported_merge_strategies"), merge_strategy, merges, found.supported_merge_strategies);
  if (taken) {
    taken =
        take_words(of("supported_replace_strategies"), replace_strategy, replaces, found.supported_replace_strategies);
  }
  return taken;
}

CapabilityOverrides filled(CapabilityOverrides first, const CapabilityOverrides& second) {
  fill(first.max_identifier_length, second.max_identifier_length);
  fill(first.naming_convention, second.naming_convention);
  fill(first.max_table_nesting, second.max_table_nesting);
  fill(first.recommended_file_size, second.recommended_file_size);
  fill(first.supported_merge_strategies, second.supported_merge_strategies);
  fill(first.supported_replace_strategies, second.supported_replace_strategies);
  return first;
}

Status override_capabilities(delivery::Destination& destination, const CapabilityOverrides& overrides) {
  if (Status able = check(destination, overrides); !able) return able;
  delivery::Capabilities can = destination.capabilities();
  can.identifier_length_max = overrides.max_identifier_length.value_or(can.identifier_length_max);
  can.naming = overrides.naming_convention.value_or(can.naming);
  if (overrides.max_table_nesting) can.max_table_nesting = overrides.max_table_nesting;
  can.recommended_file_size = overrides.recommended_file_size.value_or(can.recommended_file_size);
  can.merge_strategies = overrides.supported_merge_strategies.value_or(can.merge_strategies);
  can.replace_strategies = overrides.supported_replace_strategies.value_or(can.replace_strategies);
  destination.override_capabilities(std::move(can));
  return {};
}

}  // namespace outfall::engine
