// SPDX-License-Identifier: Apache-2.0
#include "engine/configured_address.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/file.h"
#include "config/values.h"
#include "delivery/database_file.h"
#include "destinations/postgres/address.h"

namespace outfall::engine {
namespace {

using config::Found;
using config::Settings;

/// Null: it is an address of something else.
const delivery::FileKind* file_kind(std::string_view address) {
  for (const delivery::FileKind* kind : {&delivery::duckdb_file, &delivery::sqlite_file}) {
    if (address.starts_with(kind->scheme)) return kind;
  }
  return nullptr;
}

// What a destination is stands in its own section alone: a variable called ADDRESS is somebody else's.
std::optional<Found> find_own(const Settings& settings, const std::string& name, std::string_view key) {
  return settings.find({.sections = {"destination", name}, .key = std::string(key), .sections_kept = 2});
}

/// Paths in a file are meant from the folder of the project, `.outfall/`'s own.
std::string base_of(const config::Place& place) {
  return place.file.empty() ? "" : std::string(parent_path(parent_path(place.file)));
}

/// With the path of a database file made absolute.
Result<std::string> completed(std::string address, const std::string& base) {
  const delivery::FileKind* kind = file_kind(address);
  if (kind == nullptr) return address;
  std::string path = address.substr(kind->scheme.size());
  if (path.starts_with("///")) path.erase(0, 3);
  const bool is_relative = !path.empty() && path.front() != '/' && path.front() != ':';
  if (is_relative && !base.empty()) address = fmt::format("{}{}/{}", kind->scheme, base, path);
  Result<std::string> absolute = delivery::path_of(address, *kind);
  if (!absolute) return fail(std::move(absolute.error()));
  return std::string(kind->scheme) + *absolute;
}

Result<ConfiguredAddress> from_address(const Found& found) {
  Result<std::string> text = config::text_of(found);
  if (!text) return fail(std::move(text.error()));
  if (text->find(':') == std::string::npos)
    return fail(config::unusable(found, "an address, such as duckdb:events.duckdb or exec:./push.py"));
  Result<std::string> address = completed(std::move(*text), base_of(found.place));
  if (!address && found.secrecy == config::Secrecy::secret) return fail(config::unusable(found, "a known address"));
  if (!address) return fail(std::move(address.error()).in(found.place.text()));
  return ConfiguredAddress{.address = std::move(*address), .place = found.place, .secrecy = found.secrecy};
}

/// A path or an address of a DuckDB file, as dlt has it: `credentials`, or a table of its own with `database`.
Result<ConfiguredAddress> duckdb_of(const Settings& settings, const std::string& name, const config::Place& place) {
  std::optional<Found> path = find_own(settings, name, "credentials.database");
  if (!path) path = find_own(settings, name, "credentials");
  if (!path) {
    Result<std::string> address = completed(fmt::format("duckdb:{}.duckdb", name), base_of(place));
    if (!address) return fail(std::move(address.error()).in(place.text()));
    return ConfiguredAddress{.address = std::move(*address), .place = place};
  }
  Result<std::string> text = config::text_of(*path);
  if (!text) return fail(std::move(text.error()));
  const std::string_view scheme = delivery::duckdb_file.scheme;
  std::string written = text->starts_with(scheme) ? *text : std::string(scheme) + *text;
  Result<std::string> address = completed(std::move(written), base_of(path->place));
  if (!address) return fail(config::unusable(*path, "the path of a DuckDB file"));
  return ConfiguredAddress{.address = std::move(*address), .place = path->place, .secrecy = path->secrecy};
}

bool is_duckdb(const std::string& type) {
  return type == "duckdb" || type == "dlt.destinations.duckdb";
}

}  // namespace

Result<Settings> read_settings() {
  Result<std::string> folder = absolute_path(".");
  if (!folder) return fail(std::move(folder.error()));
  return Settings::read(*folder, config::process_environment());
}

Result<std::optional<ConfiguredAddress>> find_configured(const Settings& settings, const std::string& name) {
  const std::optional<Found> address = find_own(settings, name, "address");
  const std::optional<Found> type = find_own(settings, name, "destination_type");
  if (address && type) {
    return fail(Error{.message = fmt::format("destination {} has an address ({}) and a destination_type ({})", name,
                                             address->place.text(), type->place.text()),
                      .hint = "keep one of the two",
                      .blame = Blame::usage});
  }
  if (address) return from_address(*address);
  if (!type) {
    const std::optional<Found> credentials = find_own(settings, name, "credentials");
    if (!is_duckdb(name) || !credentials) return std::nullopt;
    return duckdb_of(settings, name, credentials->place);
  }
  const Result<std::string> word = config::text_of(*type);
  if (!word) return fail(word.error());
  if (is_duckdb(*word)) return duckdb_of(settings, name, type->place);
  if (word->find(':') != std::string::npos) return from_address(*type);
  return fail(
      config::unusable(*type, "a type of destination that is known: duckdb, or an address such as exec:./push.py"));
}

std::string without_secrets(const std::string& address) {
  return destinations::postgres::is_address(address) ? destinations::postgres::shown_address(address) : address;
}

std::vector<std::string> configured_names(const Settings& settings) {
  std::vector<std::string> names = settings.sections_of("destination");
  std::erase_if(names, [&settings](const std::string& name) {
    const Result<std::optional<ConfiguredAddress>> found = find_configured(settings, name);
    return found && !*found;
  });
  return names;
}

}  // namespace outfall::engine
