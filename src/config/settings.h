// SPDX-License-Identifier: Apache-2.0
//
// Settings: what people set outside of a command line, and where each value was found. The order is dlt's.
//
//   1. environment variables            DESTINATION__EVENTS_SINK__API_KEY
//   2. secrets.toml                     [destination.events_sink] api_key = ...
//   3. config.toml
//
// Both files are looked for in `.outfall/` and then in `.dlt/`, each the nearest one upwards. In each of these places
// the full path comes first, then the same without its last section, and so on: DESTINATION__EVENTS_SINK__API_KEY,
// DESTINATION__API_KEY, API_KEY. Where a pipeline is named, all of that is done first with its name in front. But a
// variable that is the key alone comes last of all, which is not dlt's order: PATH, USER and LANG are there for others.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "config/settings_file.h"
#include "outfall/error.h"

namespace outfall::config {

/// A place where a value may stand.
struct Place {
  std::string file;               ///< empty: the environment
  std::vector<std::string> path;  ///< sections, then the key

  /// "DESTINATION__A__KEY", "destination.a.key"
  std::string key() const;
  /// "environment variable DESTINATION__A__KEY", "/p/.outfall/config.toml: destination.a.key"
  std::string text() const;
};

struct Found {
  Json value;  ///< text, where it comes from the environment
  Place place;
  Secrecy secrecy = Secrecy::open;
};

struct Wanted {
  std::vector<std::string> sections;  ///< the outermost first
  std::string key;                    ///< with dots for tables of its own: `credentials.token`
  std::string pipeline{};             ///< looked for below its name first; empty: not
  std::size_t sections_kept = 0;      ///< so many of the outermost sections are never left out
};

/// Values that stand together.
struct Section {
  Json values = Json::object();        ///< those of the environment are texts
  std::vector<std::string> secrets{};  ///< texts of those that are secret, the longest first
};

/// A section, and keys of it that somebody else reads.
struct WantedSection {
  std::vector<std::string> path;
  std::string pipeline{};  ///< looked for below its name first; empty: not
  std::function<bool(std::string_view key)> is_left_out{};
};

/// A table of one of the files. Lives as long as the settings.
struct SettingsTable {
  std::string file;
  std::string path;  ///< "destination.my"
  const Json* values = nullptr;
};

/// What is said of a key that is a slip of the fingers. `near` is what it was to be, `known` all that it could be.
Error no_such_setting(const SettingsTable& table, std::string_view key, std::string_view near, std::string_view known);

/// Appends the texts by which a secret value is known: as it is, as JSON has it, and each line of several by itself.
void add_secret_texts(const Json& value, std::vector<std::string>& secrets);

/// In small letters, as far as they are ASCII.
std::string lower(std::string text);
std::vector<std::string> divided(std::string_view text, std::string_view by);

using Environment = std::map<std::string, std::string, std::less<>>;

/// Variables that are set and not empty.
Environment process_environment();

/// Does not change; may be used by several threads at once.
class Settings {
 public:
  /// `folder` is absolute: where the search upwards begins.
  ///
  /// Errors: usage: a file is not TOML; abandon: it cannot be read.
  static Result<Settings> read(const std::string& folder, Environment environment);

  std::optional<Found> find(const Wanted& wanted) const;

  /// All places that `find` looks at, in order.
  std::vector<Place> places(const Wanted& wanted) const;

  /// All values of this very section and of those below it, of each that of the first place that has it. Keys from the
  /// environment are in small letters.
  Section section(const WantedSection& wanted) const;

  /// The tables of this section and those below the pipeline's name, in files that are Outfall's alone: `.dlt/` may
  /// hold what only dlt knows.
  std::vector<SettingsTable> own_tables(const WantedSection& wanted) const;

  /// What has a section of its own below this one, by name.
  std::vector<std::string> sections_of(std::string_view section) const;

  const std::vector<SettingsFile>& files() const { return files_; }
  /// Folders that hold the files, if there are any.
  const std::vector<std::string>& folders() const { return folders_; }

 private:
  std::optional<Found> at(const Place& place) const;
  std::vector<Place> places_below(const std::vector<std::string>& section) const;

  Environment environment_;
  std::vector<SettingsFile> files_;  ///< in the order in which they are looked at
  std::vector<std::string> folders_;
};

}  // namespace outfall::config
