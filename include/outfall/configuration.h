// SPDX-License-Identifier: Apache-2.0
//
// Configuration: what a function of yours needs and nobody writes into code: addresses, limits, passwords.
//
//   auto configuration = outfall::Configuration::load({.name = "events_sink"});
//   auto api_key = configuration->secret("api_key");  // environment variable DESTINATION__EVENTS_SINK__API_KEY, ...
//
// A struct of them is filled in by outfall/fields.h. A value comes from the program itself, or the environment, or
// secrets.toml, or config.toml, the first that has it: docs/configuration.md. A Configuration does not change, is cheap
// to copy, and may be used by several threads at once.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "outfall/error.h"

namespace outfall {

/// A text that is printed as `***`.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}

  const std::string& reveal() const { return text_; }

  friend std::ostream& operator<<(std::ostream& out, const Secret&) { return out << "***"; }

 private:
  std::string text_;
};

struct ConfigurationOptions {
  /// The outermost section.
  std::string kind = "destination";
  /// The section below it.
  std::string name{};
  /// Values below the pipeline's name win over others. Empty: there are none.
  std::string pipeline{};
  /// Values that the program itself gives, by key; they win over all others.
  std::map<std::string, std::string> given{};
  /// Where the search upwards for .outfall/ and .dlt/ begins. Empty: the working directory.
  std::string folder{};
};

class Configuration {
 public:
  /// Errors: usage: a file is not TOML (names the line); abandon: it cannot be read.
  static Result<Configuration> load(const ConfigurationOptions& options);

  // A value by its key; a dot leads into a table of its own (`credentials.token`).
  //
  // Errors: usage: no place has it (names all that were looked at, in order); it is not of this type.
  Result<std::string> text(std::string_view key) const;
  Result<std::int64_t> integer(std::string_view key) const;
  Result<double> number(std::string_view key) const;
  Result<bool> flag(std::string_view key) const;
  Result<std::chrono::nanoseconds> seconds(std::string_view key) const;
  Result<std::vector<std::string>> list(std::string_view key) const;
  /// Errors: also usage: it stands in config.toml, which others may read.
  Result<Secret> secret(std::string_view key) const;

  // The same with what counts where no place has it.
  Result<std::string> text(std::string_view key, std::string otherwise) const;
  Result<std::int64_t> integer(std::string_view key, std::int64_t otherwise) const;
  Result<double> number(std::string_view key, double otherwise) const;
  Result<bool> flag(std::string_view key, bool otherwise) const;
  Result<std::chrono::nanoseconds> seconds(std::string_view key, std::chrono::nanoseconds otherwise) const;
  Result<std::vector<std::string>> list(std::string_view key, std::vector<std::string> otherwise) const;

  // The same; none where no place has it.
  Result<std::optional<std::string>> text_if_set(std::string_view key) const;
  Result<std::optional<std::int64_t>> integer_if_set(std::string_view key) const;
  Result<std::optional<double>> number_if_set(std::string_view key) const;
  Result<std::optional<bool>> flag_if_set(std::string_view key) const;
  Result<std::optional<std::chrono::nanoseconds>> seconds_if_set(std::string_view key) const;
  Result<std::optional<std::vector<std::string>>> list_if_set(std::string_view key) const;
  Result<std::optional<Secret>> secret_if_set(std::string_view key) const;

  /// Places where a value of this key may stand, in the order in which they are looked at.
  std::vector<std::string> places(std::string_view key) const;

  /// The place where its value stands. None: no place has it.
  std::optional<std::string> place(std::string_view key) const;

  /// Errors: usage: a file in .outfall/ has a key that is one slip of the fingers away from one of these, of which no
  /// place has a value. Keys in tables of their own are not looked at.
  Status check_keys(const std::vector<std::string>& known) const;

  /// What is said where no place has a value of these keys: all places that were looked at for each of them. At least
  /// one key.
  Error missing(const std::vector<std::string>& keys) const;

 private:
  class State;
  explicit Configuration(std::shared_ptr<const State> state) : state_(std::move(state)) {}

  std::shared_ptr<const State> state_;
};

}  // namespace outfall
