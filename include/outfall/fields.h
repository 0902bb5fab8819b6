// SPDX-License-Identifier: Apache-2.0
//
// Fields: a configuration as a struct. Says under which keys its members stand, and fills them in.
//
//   struct Config {
//     outfall::Secret api_key;
//     std::string url;
//     std::chrono::milliseconds wait{};
//     std::optional<std::string> region;
//   };
//   const outfall::Fields<Config> fields = {
//       {"api_key", &Config::api_key}, {"url", &Config::url}, {"wait", &Config::wait, 30s}, {"region",
//       &Config::region}};
//
//   Status open(const outfall::Configuration& configuration) { return fields.fill(config_, configuration); }
//
// A member is required. One with a value behind it gets that where no place has another; an optional is then none. A
// Secret must not stand in config.toml. Members are texts, whole numbers, numbers, bools, Secrets, durations (in
// seconds), lists of texts, optionals of these, and structs that have Fields of their own: a section.
//
// Fields do not change and may be used by several threads at once.
#pragma once

#include <chrono>
#include <concepts>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "outfall/configuration.h"
#include "outfall/error.h"

namespace outfall {

template <class Struct>
class Fields;

namespace detail {

template <class Type>
inline constexpr bool is_duration = false;
template <class Number, class Unit>
inline constexpr bool is_duration<std::chrono::duration<Number, Unit>> = true;

template <class Type>
inline constexpr bool is_optional = false;
template <class Value>
inline constexpr bool is_optional<std::optional<Value>> = true;

/// What one key of a configuration may be read as.
template <class Type>
concept Setting = std::same_as<Type, std::string> || std::same_as<Type, Secret> || std::integral<Type> ||
                  std::floating_point<Type> || is_duration<Type> || std::same_as<Type, std::vector<std::string>>;

inline std::unexpected<Error> unusable_setting(const Configuration& configuration, std::string_view key,
                                               const std::string& expected) {
  const std::string place = configuration.place(key).value_or(std::string(key));
  return fail(Error{.message = place + ": its value is not " + expected, .hint = "", .blame = Blame::usage});
}

template <std::integral Type>
Result<std::optional<Type>> whole_number_if_set(const Configuration& configuration, std::string_view key) {
  const Result<std::optional<std::int64_t>> number = configuration.integer_if_set(key);
  if (!number) return fail(number.error());
  if (!*number) return std::nullopt;
  if (std::in_range<Type>(**number)) return static_cast<Type>(**number);
  return unusable_setting(configuration, key,
                          "a whole number from " + std::to_string(std::numeric_limits<Type>::min()) + " to " +
                              std::to_string(std::numeric_limits<Type>::max()));
}

template <class Type>
Result<std::optional<Type>> duration_if_set(const Configuration& configuration, std::string_view key) {
  const Result<std::optional<std::chrono::nanoseconds>> found = configuration.seconds_if_set(key);
  if (!found) return fail(found.error());
  if (!*found) return std::nullopt;
  const auto duration = std::chrono::duration_cast<Type>(**found);
  const bool is_rounded =
      std::integral<typename Type::rep> && std::chrono::duration_cast<std::chrono::nanoseconds>(duration) != **found;
  if (!is_rounded) return duration;
  using Unit = typename Type::period;
  return unusable_setting(
      configuration, key,
      "a multiple of " + std::to_string(Unit::num) + (Unit::den == 1 ? "" : "/" + std::to_string(Unit::den)) + " s");
}

template <Setting Type>
Result<std::optional<Type>> setting_if_set(const Configuration& configuration, std::string_view key) {
  if constexpr (std::same_as<Type, std::string>) {
    return configuration.text_if_set(key);
  } else if constexpr (std::same_as<Type, Secret>) {
    return configuration.secret_if_set(key);
  } else if constexpr (std::same_as<Type, bool>) {
    return configuration.flag_if_set(key);
  } else if constexpr (std::integral<Type>) {
    return whole_number_if_set<Type>(configuration, key);
  } else if constexpr (std::floating_point<Type>) {
    const Result<std::optional<double>> number = configuration.number_if_set(key);
    if (!number) return fail(number.error());
    return *number ? std::optional(static_cast<Type>(**number)) : std::nullopt;
  } else if constexpr (is_duration<Type>) {
    return duration_if_set<Type>(configuration, key);
  } else {
    return configuration.list_if_set(key);
  }
}

}  // namespace detail

/// A member and its key; a dot in the key leads into a table of its own.
template <class Struct>
class Field {
 public:
  template <class Member>
    requires detail::Setting<Member> || detail::is_optional<Member>
  Field(std::string key, Member Struct::* member) : key_(std::move(key)) {
    read_ = [member](const Configuration& configuration, const std::string& path, Struct& target,
                     std::vector<std::string>& missing) -> Status {
      if constexpr (detail::is_optional<Member>) {
        auto found = detail::setting_if_set<typename Member::value_type>(configuration, path);
        if (!found) return fail(std::move(found.error()));
        target.*member = std::move(*found);
      } else {
        auto found = detail::setting_if_set<Member>(configuration, path);
        if (!found) return fail(std::move(found.error()));
        if (*found)
          target.*member = std::move(**found);
        else
          missing.push_back(path);
      }
      return {};
    };
  }

  /// `otherwise` where no place has it.
  template <detail::Setting Member, std::convertible_to<Member> Default = Member>
  Field(std::string key, Member Struct::* member, Default otherwise) : key_(std::move(key)) {
    read_ = [member, otherwise = Member(std::move(otherwise))](const Configuration& configuration,
                                                               const std::string& path, Struct& target,
                                                               std::vector<std::string>&) -> Status {
      auto found = detail::setting_if_set<Member>(configuration, path);
      if (!found) return fail(std::move(found.error()));
      target.*member = std::move(*found).value_or(otherwise);
      return {};
    };
  }

  /// Its fields stand in the section of this name.
  template <class Section>
    requires std::is_class_v<Section>
  Field(std::string key, Section Struct::* member, Fields<Section> fields) : key_(std::move(key)) {
    read_ = [member, fields = std::move(fields)](const Configuration& configuration, const std::string& path,
                                                 Struct& target, std::vector<std::string>& missing) {
      return fields.read(configuration, path + ".", target.*member, missing);
    };
  }

 private:
  friend class Fields<Struct>;

  std::string key_;
  std::function<Status(const Configuration&, const std::string& path, Struct&, std::vector<std::string>& missing)>
      read_;
};

template <class Struct>
class Fields {
 public:
  Fields(std::initializer_list<Field<Struct>> fields) : fields_(fields) {}

  /// Fills in all of `target`. After an error some of it may be filled in.
  ///
  /// Errors: usage: what is required and no place has (names all of that, and each place that was looked at); a value
  ///         is not of its type (names its place, and what was expected), or a secret stands where others may read it;
  ///         a key is misspelt (Configuration::check_keys).
  Status fill(Struct& target, const Configuration& configuration) const {
    std::vector<std::string> missing;
    if (Status filled = read(configuration, "", target, missing); !filled) return filled;
    std::vector<std::string> keys;
    keys.reserve(fields_.size());
    for (const Field<Struct>& field : fields_) keys.push_back(field.key_);
    if (Status spelt = configuration.check_keys(keys); !spelt) return spelt;
    return missing.empty() ? Status{} : fail(configuration.missing(missing));
  }

 private:
  template <class>
  friend class Field;

  Status read(const Configuration& configuration, const std::string& section, Struct& target,
              std::vector<std::string>& missing) const {
    for (const Field<Struct>& field : fields_) {
      Status filled = field.read_(configuration, section + field.key_, target, missing);
      if (!filled) return filled;
    }
    return {};
  }

  std::vector<Field<Struct>> fields_;
};

}  // namespace outfall
