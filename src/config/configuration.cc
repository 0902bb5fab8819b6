// SPDX-License-Identifier: Apache-2.0
#include "outfall/configuration.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/edit_distance.h"
#include "base/file.h"
#include "config/settings.h"
#include "config/values.h"

namespace outfall {
namespace {

using config::Found;
using config::Place;

/// Where keys stand in one of the places, between braces: "DESTINATION__MY__{URL,TOKEN}", as a shell has it.
std::string key_of(std::span<const std::vector<Place>> places, std::size_t place) {
  const std::vector<std::string>& first = places.front()[place].path;
  if (places.size() == 1) return places.front()[place].key();
  std::size_t shared = first.size() - 1;
  for (const std::vector<Place>& of_key : places) {
    const std::vector<std::string>& path = of_key[place].path;
    const auto differs = std::ranges::mismatch(first, path).in2;
    shared = std::min({shared, path.size() - 1, static_cast<std::size_t>(differs - path.begin())});
  }
  std::vector<std::string> names;
  for (const std::vector<Place>& of_key : places) {
    Place name = of_key[place];
    name.path.erase(name.path.begin(), name.path.begin() + static_cast<std::ptrdiff_t>(shared));
    names.push_back(name.key());
  }
  const std::string whole = places.front()[place].key();
  return fmt::format("{}{{{}}}", whole.substr(0, whole.size() - names.front().size()), fmt::join(names, ","));
}

/// "environment variables A, B; /p/.outfall/secrets.toml: a.b, b; environment variables ...". `places`: of each key.
std::string listed(std::span<const std::vector<Place>> places) {
  std::string list;
  if (places.empty()) return list;
  const std::vector<Place>& first = places.front();
  for (std::size_t i = 0; i < first.size(); ++i) {
    const bool goes_on = i > 0 && first[i].file == first[i - 1].file;
    if (!goes_on) {
      list += i == 0 ? "" : "; ";
      list += first[i].file.empty() ? "environment variables " : first[i].file + ": ";
    }
    list += (goes_on ? ", " : "") + key_of(places, i);
  }
  return list;
}

}  // namespace

class Configuration::State {
 public:
  State(ConfigurationOptions options, config::Settings settings)
      : options_(std::move(options)), settings_(std::move(settings)) {}

  std::optional<Found> find(std::string_view key) const {
    const auto given = options_.given.find(std::string(key));
    if (given == options_.given.end()) return settings_.find(wanted(key));
    // What the program gives is the program's to show.
    return Found{.value = given->second,
                 .place = {.file = "given by the program", .path = {given->first}},
                 .secrecy = config::Secrecy::secret};
  }

  std::vector<Place> places(std::string_view key) const { return settings_.places(wanted(key)); }

  Error missing(std::span<const std::string> keys) const {
    std::vector<std::vector<Place>> places;
    std::vector<std::string> variables;
    for (const std::string& key : keys) {
      places.push_back(this->places(key));
      const auto first =
          std::ranges::find(places.back(), options_.kind, [](const Place& place) { return place.path.front(); });
      if (first != places.back().end()) variables.push_back(first->key());
    }
    const bool has_section = !options_.name.empty();
    std::string message = fmt::format("{} needs {}, and no place has {}: {}",
                                      has_section ? options_.kind + " " + options_.name : "the " + options_.kind,
                                      fmt::join(keys, ", "), keys.size() == 1 ? "it" : "them", listed(places));
    if (settings_.files().empty())
      message += "; there is no secrets.toml and no config.toml in .outfall/ or .dlt/, here or upwards";
    std::string hint =
        has_section ? fmt::format("set {}, or write {} below [{}.{}] in .outfall/secrets.toml",
                                  fmt::join(variables, ", "), fmt::join(keys, ", "), options_.kind, options_.name)
                    : fmt::format(
                          "an address that is typed has no section of its own: give it a name in "
                          ".outfall/config.toml, [{}.NAME] with address = \"...\", and write {} there",
                          options_.kind, fmt::join(keys, ", "));
    return {.message = std::move(message), .hint = std::move(hint), .blame = Blame::usage};
  }

  Status check_keys(std::span<const std::string> known) const {
    for (const config::SettingsTable& table :
         settings_.own_tables({.path = section(), .pipeline = options_.pipeline})) {
      if (Status spelt = check_table(table, known); !spelt) return spelt;
    }
    return {};
  }

  template <class Value>
  Result<std::optional<Value>> if_set(std::string_view key, Result<Value> (*read)(const Found&)) const {
    const std::optional<Found> found = find(key);
    if (!found) return std::nullopt;
    Result<Value> value = read(*found);
    if (!value) return fail(std::move(value.error()));
    return std::move(*value);
  }

  template <class Value>
  Result<Value> required(std::string_view key, Result<Value> (*read)(const Found&)) const {
    Result<std::optional<Value>> value = if_set(key, read);
    if (!value) return fail(std::move(value.error()));
    if (!*value) return fail(missing(std::array{std::string(key)}));
    return std::move(**value);
  }

  template <class Value>
  Result<Value> with_default(std::string_view key, Result<Value> (*read)(const Found&), Value otherwise) const {
    Result<std::optional<Value>> value = if_set(key, read);
    if (!value) return fail(std::move(value.error()));
    return std::move(*value).value_or(std::move(otherwise));
  }

 private:
  std::vector<std::string> section() const {
    std::vector<std::string> path{options_.kind};
    if (!options_.name.empty()) path.push_back(options_.name);
    return path;
  }

  config::Wanted wanted(std::string_view key) const {
    return {.sections = section(), .key = std::string(key), .pipeline = options_.pipeline};
  }

  Status check_table(const config::SettingsTable& table, std::span<const std::string> known) const {
    for (const Json::Member& member : *table.values->as_object()) {
      if (std::ranges::find(known, member.key) != known.end()) continue;
      // Without a name of its own it looks where others have their sections.
      if (options_.name.empty() && member.value.is_object()) continue;
      const auto near = std::ranges::find_if(
          known, [&](const std::string& key) { return edit_distance(member.key, key) == 1 && !find(key); });
      if (near == known.end()) continue;
      return fail(no_such_setting(table, member.key, *near, fmt::format("{}", fmt::join(known, ", "))));
    }
    return {};
  }

  ConfigurationOptions options_;
  config::Settings settings_;
};

namespace {

Result<Secret> secret_of(const Found& found) {
  if (found.place.file.ends_with("config.toml")) {
    return fail(Error{.message = fmt::format("{}: this is a secret, and stands in a file that is not for secrets",
                                             found.place.text()),
                      .hint = fmt::format("move it to secrets.toml beside it, or set {}",
                                          Place{.file = {}, .path = found.place.path}.text()),
                      .blame = Blame::usage});
  }
  Result<std::string> text = config::text_of(found);
  if (!text) return fail(std::move(text.error()));
  return Secret(std::move(*text));
}

}  // namespace

Result<Configuration> Configuration::load(const ConfigurationOptions& options) {
  Result<std::string> folder = absolute_path(options.folder.empty() ? "." : options.folder);
  if (!folder) return fail(std::move(folder.error()));
  Result<config::Settings> settings = config::Settings::read(*folder, config::process_environment());
  if (!settings) return fail(std::move(settings.error()));
  return Configuration(std::make_shared<const State>(options, std::move(*settings)));
}

Result<std::string> Configuration::text(std::string_view key) const {
  return state_->required(key, config::text_of);
}
Result<std::int64_t> Configuration::integer(std::string_view key) const {
  return state_->required(key, config::integer_of);
}
Result<double> Configuration::number(std::string_view key) const {
  return state_->required(key, config::number_of);
}
Result<bool> Configuration::flag(std::string_view key) const {
  return state_->required(key, config::flag_of);
}
Result<std::chrono::nanoseconds> Configuration::seconds(std::string_view key) const {
  return state_->required(key, config::seconds_of);
}
Result<std::vector<std::string>> Configuration::list(std::string_view key) const {
  return state_->required(key, config::list_of);
}
Result<Secret> Configuration::secret(std::string_view key) const {
  return state_->required(key, secret_of);
}

Result<std::string> Configuration::text(std::string_view key, std::string otherwise) const {
  return state_->with_default(key, config::text_of, std::move(otherwise));
}
Result<std::int64_t> Configuration::integer(std::string_view key, std::int64_t otherwise) const {
  return state_->with_default(key, config::integer_of, otherwise);
}
Result<double> Configuration::number(std::string_view key, double otherwise) const {
  return state_->with_default(key, config::number_of, otherwise);
}
Result<bool> Configuration::flag(std::string_view key, bool otherwise) const {
  return state_->with_default(key, config::flag_of, otherwise);
}
Result<std::chrono::nanoseconds> Configuration::seconds(std::string_view key,
                                                        std::chrono::nanoseconds otherwise) const {
  return state_->with_default(key, config::seconds_of, otherwise);
}
Result<std::vector<std::string>> Configuration::list(std::string_view key, std::vector<std::string> otherwise) const {
  return state_->with_default(key, config::list_of, std::move(otherwise));
}

Result<std::optional<std::string>> Configuration::text_if_set(std::string_view key) const {
  return state_->if_set(key, config::text_of);
}
Result<std::optional<std::int64_t>> Configuration::integer_if_set(std::string_view key) const {
  return state_->if_set(key, config::integer_of);
}
Result<std::optional<double>> Configuration::number_if_set(std::string_view key) const {
  return state_->if_set(key, config::number_of);
}
Result<std::optional<bool>> Configuration::flag_if_set(std::string_view key) const {
  return state_->if_set(key, config::flag_of);
}
Result<std::optional<std::chrono::nanoseconds>> Configuration::seconds_if_set(std::string_view key) const {
  return state_->if_set(key, config::seconds_of);
}
Result<std::optional<std::vector<std::string>>> Configuration::list_if_set(std::string_view key) const {
  return state_->if_set(key, config::list_of);
}
Result<std::optional<Secret>> Configuration::secret_if_set(std::string_view key) const {
  return state_->if_set(key, secret_of);
}

std::vector<std::string> Configuration::places(std::string_view key) const {
  std::vector<std::string> texts;
  for (const Place& place : state_->places(key)) texts.push_back(place.text());
  return texts;
}

std::optional<std::string> Configuration::place(std::string_view key) const {
  const std::optional<Found> found = state_->find(key);
  return found ? std::optional(found->place.text()) : std::nullopt;
}

Status Configuration::check_keys(const std::vector<std::string>& known) const {
  return state_->check_keys(known);
}

Error Configuration::missing(const std::vector<std::string>& keys) const {
  return state_->missing(keys);
}

}  // namespace outfall
