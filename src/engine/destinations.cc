// SPDX-License-Identifier: Apache-2.0
//
// Looks at destinations without a run.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>
#include <utility>

#include "base/env.h"
#include "base/file.h"
#include "delivery/database_file.h"
#include "engine/configured_address.h"
#include "engine/destination_settings.h"
#include "engine/registry.h"
#include "outfall/destination.h"

namespace outfall {
namespace {

std::string kind_of(const engine::DestinationSettings& settings) {
  const std::string kind = settings.address.substr(0, settings.address.find(':'));
  return kind == "postgresql" ? "postgres" : kind;
}

/// What a word means, and the object behind it.
struct Looked {
  engine::DestinationSettings settings;
  std::unique_ptr<delivery::Destination> destination;
};

Result<Looked> look(const std::string& word, const engine::DestinationOptions& options = {}) {
  const Result<config::Settings> settings = engine::read_settings();
  if (!settings) return fail(settings.error());
  Result<engine::DestinationSettings> found = engine::find_destination({.word = word}, *settings);
  if (!found) return fail(std::move(found.error()));
  auto made = engine::make_destination(word, options, Env::system());
  if (!made) return fail(std::move(made.error()));
  return Looked{.settings = std::move(*found), .destination = std::move(*made)};
}

/// Some address of a kind that was named alone, which says as much of what it can do as any other. Empty: it is no such
/// kind, or a destination is called so.
std::string address_of_kind(const std::string& word) {
  static const std::map<std::string, std::string> addresses{{"duckdb", "duckdb:database.duckdb"},
                                                            {"sqlite", "sqlite:database.db"},
                                                            {"postgres", "postgres://localhost/database"}};
  const auto known = addresses.find(word);
  if (known == addresses.end()) return "";
  const Result<config::Settings> settings = engine::read_settings();
  const auto configured = settings ? engine::find_configured(*settings, word) : fail(settings.error());
  return configured && !*configured ? known->second : "";
}

/// What else a database holds is for `outfall query`.
Status look_into_database(Looked& looked, DestinationFinding& finding) {
  if (Status opened = looked.destination->open(); !opened) return opened;
  looked.destination->close();
  const Result<std::vector<std::string>> datasets = looked.destination->datasets({});
  if (!datasets) return fail(datasets.error());
  finding.facts.push_back(datasets->empty()
                              ? "it was opened, and has no dataset yet"
                              : fmt::format("it was opened, and has the datasets {}", fmt::join(*datasets, ", ")));
  return {};
}

Status look_into_file(Looked& looked, const delivery::FileKind& kind, DestinationFinding& finding) {
  const Result<std::string> path = delivery::path_of(looked.settings.address, kind);
  if (!path) return fail(path.error());
  const Result<bool> is_there = file_exists(*path);
  if (!is_there) return fail(is_there.error());
  if (*is_there) return look_into_database(looked, finding);
  if (Status opened = looked.destination->open(); !opened) return opened;
  finding.facts.emplace_back("there is no file yet; the first load makes it");
  return {};
}

Status look_at_program(Looked& looked, DestinationFinding& finding) {
  const Status started = looked.destination->check_configuration({});
  if (!started) return started;
  finding.facts.emplace_back(kind_of(looked.settings) == "exec"
                                 ? "it was started, and said that it is ready"
                                 : "its command can be run; a batch of rows would tell more");
  return {};
}

Status look_at_plugin(Looked& looked, DestinationFinding& finding) {
  const Status opened = looked.destination->check_configuration({});
  if (!opened) return opened;
  finding.facts.emplace_back("it was loaded, and opened");
  return {};
}

/// As far as it shows without its being asked. A library is not loaded for it.
Status check(const config::Settings& settings, const std::string& name) {
  const Result<engine::DestinationSettings> found = engine::find_destination({.word = name}, settings);
  if (!found) return fail(found.error());
  if (found->address.starts_with("plugin:")) return {};
  const auto made = engine::make_destination(name, {}, Env::system());
  return made ? Status() : fail(made.error());
}

ConfiguredDestination configured_destination(const config::Settings& settings, std::string name) {
  ConfiguredDestination out{.name = std::move(name)};
  const auto found = engine::find_configured(settings, out.name);
  if (found && *found) {
    out.place = (*found)->place.text();
    if ((*found)->secrecy == config::Secrecy::open) out.address = (*found)->address;
  }
  if (const Status usable = check(settings, out.name); !usable) out.problem = usable.error().message;
  return out;
}

}  // namespace

Result<DestinationCapabilities> destination_capabilities(const std::string& destination,
                                                         const CapabilityOverrides& overrides) {
  const std::string of_kind = address_of_kind(destination);
  const Result<Looked> looked = look(of_kind.empty() ? destination : of_kind, {.capabilities = overrides});
  if (!looked) return fail(looked.error());
  const delivery::Capabilities& can = looked->destination->capabilities();
  DestinationCapabilities out{.address = of_kind.empty() ? looked->destination->address() : destination,
                              .kind = kind_of(looked->settings),
                              .mode = looked->destination->mode(),
                              .identifier_length_max = can.identifier_length_max,
                              .case_sensitive_names = can.case_sensitive_names,
                              .naming = can.naming,
                              .max_table_nesting = can.max_table_nesting,
                              .recommended_file_size = can.recommended_file_size,
                              .write_dispositions = can.write_dispositions,
                              .merge_strategies = can.merge_strategies,
                              .replace_strategies = can.replace_strategies};
  if (looked->destination->lane_options() == nullptr) return out;
  const delivery::LaneOptions lanes = engine::lane_options(looked->settings.batches);
  out.load_jobs_max = lanes.workers;
  out.parallelism = lanes.parallelism;
  return out;
}

Result<DestinationList> list_destinations() {
  const Result<config::Settings> settings = engine::read_settings();
  if (!settings) return fail(settings.error());
  DestinationList list{.kinds = {{"duckdb:PATH", "a DuckDB file", DeliveryMode::transactional},
                                 {"sqlite:PATH", "a SQLite file", DeliveryMode::transactional},
                                 {"postgres://HOST/DATABASE", "a PostgreSQL database", DeliveryMode::transactional},
                                 {"exec:COMMAND", "a program that is kept alive", DeliveryMode::at_least_once},
                                 {"cmd:COMMAND", "a command for each batch", DeliveryMode::at_least_once},
                                 {"plugin:PATH#NAME", "a shared library", DeliveryMode::at_least_once},
                                 {"null:", "counts rows and forgets them", DeliveryMode::none}},
                       .folders = settings->folders()};
  for (std::string& name : settings->sections_of("destination"))
    list.configured.push_back(configured_destination(*settings, std::move(name)));
  return list;
}

Result<DestinationFinding> test_destination(const std::string& destination,
                                            const std::function<void(const LockWaiting&)>& waiting) {
  Result<Looked> looked = look(destination, {.lock_wait = {.begins = waiting}});
  if (!looked) return fail(std::move(looked.error()));
  DestinationFinding finding{.address = looked->destination->address()};
  Status tested;
  const std::string kind = kind_of(looked->settings);
  if (kind == "duckdb") {
    tested = look_into_file(*looked, delivery::duckdb_file, finding);
  } else if (kind == "sqlite") {
    tested = look_into_file(*looked, delivery::sqlite_file, finding);
  } else if (kind == "postgres") {
    tested = look_into_database(*looked, finding);
  } else if (kind == "exec" || kind == "cmd") {
    tested = look_at_program(*looked, finding);
  } else if (kind == "plugin") {
    tested = look_at_plugin(*looked, finding);
  } else {
    finding.facts.emplace_back("it takes whatever comes");
  }
  if (!tested) return fail(std::move(tested.error()));
  return finding;
}

}  // namespace outfall
