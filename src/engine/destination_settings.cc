// SPDX-License-Identifier: Apache-2.0
#include "engine/destination_settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <span>
#include <utility>

#include "base/edit_distance.h"
#include "base/file.h"
#include "base/hash.h"
#include "config/values.h"
#include "engine/batch_settings.h"
#include "engine/capabilities.h"
#include "engine/configured_address.h"
#include "engine/settings_reader.h"

namespace outfall::engine {
namespace {

using config::Found;
using config::Settings;

/// Of a destination, beside those of batches.
constexpr std::array own_keys_before{"address", "destination_type", "credentials"};
constexpr std::array own_keys_behind{"naming_convention", "max_table_nesting", "capabilities", "replace_strategy",
                                     "staging_dataset_name_layout"};

const std::vector<const char*>& known_keys() {
  static const std::vector<const char*> keys = [] {
    std::vector<const char*> all(own_keys_before.begin(), own_keys_before.end());
    std::ranges::copy(batch_keys(), std::back_inserter(all));
    std::ranges::copy(own_keys_behind, std::back_inserter(all));
    return all;
  }();
  return keys;
}

/// Below `[load]`; behind the fourth those that are dlt's alone.
constexpr std::array known_load_keys{"workers",
                                     "parallelism_strategy",
                                     "raise_on_max_retries",
                                     "raise_on_failed_jobs",
                                     "delete_completed_jobs",
                                     "truncate_staging_dataset",
                                     "start_new_jobs_on_signal",
                                     "auto_abort_on_terminal_error",
                                     "load_storage_config",
                                     "pool_type",
                                     "start_method",
                                     "run_sleep"};

/// Options of a run that stand in no destination's section under their names: there they would change nothing.
struct OptionOfRuns {
  std::string_view key;
  const char* instead;
};
constexpr std::array options_that_are_no_keys{
    OptionOfRuns{"parallelism", "the setting is called loader_parallelism_strategy"},
    OptionOfRuns{"raise_on_failed_jobs", "it is a setting of [load]"},
    OptionOfRuns{"on_reject", "type --on-reject: no setting takes its place"},
    OptionOfRuns{"max_bad_rows", "type --max-bad-rows: no setting takes its place"},
    OptionOfRuns{"rejected_ok", "type --rejected-ok: no setting takes its place"},
    OptionOfRuns{"allow_partial", "type --allow-partial: no setting takes its place"},
};

/// What a function of the program goes by; behind it stands its name.
constexpr std::string_view custom_scheme = "custom:";

Status take_shape(const SettingsReader& reader, DestinationSettings& found) {
  constexpr std::int64_t levels_most = 1000;
  constexpr const char* conventions = "known: snake_case, direct, duck_case, sql_ci_v1 or sql_cs_v1";
  Status taken = take_word(reader.of_destination("naming_convention"), naming_convention, conventions, found.naming);
  if (!taken) return taken;
  return take(reader.of_destination("max_table_nesting"), {.least = 0, .most = levels_most}, found.max_table_nesting);
}

/// What databases alone have.
Status take_replacing(const SettingsReader& reader, DestinationSettings& found) {
  constexpr const char* strategies = "known: truncate-and-insert, insert-from-staging or staging-optimized";
  Status taken =
      take_word(reader.of_destination("replace_strategy"), replace_strategy, strategies, found.replace_strategy);
  const auto layout = reader.of_destination("staging_dataset_name_layout");
  if (!taken || !layout) return taken;
  const Result<std::string> text = config::text_of(*layout);
  if (!text) return fail(text.error());
  const std::size_t place = text->find("%s");
  const bool names_another = place != std::string::npos && text->size() > 2 && !text->contains('\0');
  if (!names_another || text->find('%', place + 1) != std::string::npos) {
    return fail(config::unusable(*layout, "the dataset's name with something beside it, where %s stands: %s_staging"));
  }
  found.staging_layout = *text;
  return {};
}

enum class UnknownKeys {
  are_wrong,
  are_its_own,  ///< but not where they are nearly one of ours
};

/// What tables in a table are.
enum class Below { settings, sections };

Status check_table(const config::SettingsTable& table, Below below, std::span<const char* const> known,
                   UnknownKeys unknown) {
  for (const Json::Member& member : *table.values->as_object()) {
    if (std::ranges::find(known, member.key) != known.end()) continue;
    if (below == Below::sections && member.value.is_object()) continue;
    const auto option = std::ranges::find(options_that_are_no_keys, member.key, &OptionOfRuns::key);
    if (unknown == UnknownKeys::are_its_own && option != options_that_are_no_keys.end()) {
      return fail(Error{.message = fmt::format("{}: {}.{} would be a program's own, and Outfall would not heed it",
                                               table.file, table.path, member.key),
                        .hint = fmt::format("{}; a program's own is to have another name", option->instead),
                        .blame = Blame::usage});
    }
    const auto distance = [&member](const char* key) { return edit_distance(member.key, key); };
    const auto near = std::ranges::min(known, {}, distance);
    if (unknown == UnknownKeys::are_its_own && distance(near) > 1) continue;
    return fail(config::no_such_setting(table, member.key, near, fmt::format("{}", fmt::join(known, ", "))));
  }
  return {};
}

/// A word that is nothing: a slip of the fingers would be passed over.
Status check_keys(const Settings& settings, const std::vector<std::string>& section, const std::string& pipeline,
                  std::span<const char* const> known, UnknownKeys unknown) {
  const Below below = section.back() == "destination" ? Below::sections : Below::settings;
  for (const config::SettingsTable& table : settings.own_tables({.path = section, .pipeline = pipeline})) {
    if (Status checked = check_table(table, below, known, unknown); !checked) return checked;
  }
  return {};
}

bool is_of_program(std::string_view address) {
  return address.starts_with("cmd:") || address.starts_with("exec:");
}

/// Credentials are the program's: its address has none.
config::Section own_settings(const DestinationWords& words, const Settings& settings) {
  return settings.section(
      {.path = {"destination", words.word}, .pipeline = words.pipeline, .is_left_out = [](std::string_view key) {
         return key != "credentials" && std::ranges::find(known_keys(), key) != known_keys().end();
       }});
}

/// What stands at the ends of a word is the shell's.
std::string_view without_signs(std::string_view word) {
  constexpr std::string_view signs = ";&|()<>";
  word.remove_prefix(std::min(word.find_first_not_of(signs), word.size()));
  return word.substr(0, word.find_last_not_of(signs) + 1);
}

/// An address that is secret is so as a whole, as a command, and in its words: a password is one, or a part of one.
/// Short ones are commands and options that everybody has.
void add_secrets_of(const ConfiguredAddress& configured, std::vector<std::string>& secrets) {
  if (configured.secrecy == config::Secrecy::open) return;
  constexpr std::size_t word_bytes_min = 8;
  constexpr std::string_view between = " \t\r\n\"'";
  const std::string command = configured.address.substr(configured.address.find(':') + 1);
  config::add_secret_texts(Json(configured.address), secrets);
  config::add_secret_texts(Json(command), secrets);
  for (std::size_t begin = 0; begin < command.size();) {
    const std::size_t end = std::min(command.find_first_of(between, begin), command.size());
    const std::string_view word = without_signs(std::string_view(command).substr(begin, end - begin));
    if (word.size() >= word_bytes_min) config::add_secret_texts(Json(word), secrets);
    begin = end + 1;
  }
  std::ranges::stable_sort(secrets, std::ranges::greater{}, &std::string::size);
}

/// What the ledger remembers: never a secret.
std::string meaning_of(const ConfiguredAddress& configured) {
  if (configured.secrecy == config::Secrecy::open) return without_secrets(configured.address);
  std::string digest = "sha3:";
  for (const std::uint8_t byte : sha3_256(configured.address)) digest += fmt::format("{:02x}", byte);
  return digest;
}

constexpr std::string_view addresses =
    "an address is duckdb:PATH, sqlite:PATH, postgres://HOST/DATABASE, exec:COMMAND, cmd:COMMAND, plugin:PATH#NAME or "
    "null:";

/// The word as a command, where it is one and lacks its kind. Empty: it is none.
std::string command_of(const std::string& word) {
  const bool is_file = access(word.c_str(), F_OK) == 0 && !list_directory(word);
  if (word.find('/') != std::string::npos && is_file && access(word.c_str(), X_OK) == 0) return word;
  const bool is_database = word.ends_with(".duckdb") || word.ends_with(".db") || word.ends_with(".sqlite");
  if (word.find(' ') != std::string::npos) return is_database ? "" : word;
  if (word.ends_with(".py")) return "python3 " + word;
  return word.ends_with(".sh") ? "sh " + word : "";
}

/// It has a section that does not say what it is.
Error without_address(const std::string& word, const Settings& settings) {
  const config::Section section = settings.section({.path = {"destination", word}});
  std::string hint = fmt::format("write it there, address = \"...\"; {}", addresses);
  for (const Json::Member& member : *section.values.as_object()) {
    for (const std::string_view key : {"address", "destination_type"}) {
      if (edit_distance(member.key, key) <= 2) hint = fmt::format("{} stands there: did you mean {}?", member.key, key);
    }
  }
  return {.message = fmt::format("destination {}: its section of the configuration, destination.{}, has no address",
                                 word, word),
          .hint = std::move(hint),
          .blame = Blame::usage};
}

Error unknown(const std::string& word, const Settings& settings) {
  const std::vector<std::string> sections = settings.sections_of("destination");
  if (std::ranges::find(sections, word) != sections.end()) return without_address(word, settings);
  const std::vector<std::string> names = configured_names(settings);
  std::string hint = names.empty() ? "no destination is configured (docs/configuration.md)"
                                   : fmt::format("configured are {}", fmt::join(names, ", "));
  const std::string command = command_of(word);
  if (!command.empty()) {
    hint =
        fmt::format("a program takes its kind in front: 'exec:{0}' (kept alive) or 'cmd:{0}' (one a batch)", command);
  } else if (word.find_first_of("./") != std::string::npos) {
    hint = fmt::format("a database file takes its kind in front: duckdb:{0} or sqlite:{0}", word);
  } else {
    hint += fmt::format("; {}", addresses);
  }
  return {.message = fmt::format("destination {}: its kind is not known, and no destination has this name", word),
          .hint = std::move(hint),
          .blame = Blame::usage};
}

}  // namespace

Result<DestinationSettings> find_destination(const DestinationWords& words, const Settings& settings) {
  DestinationSettings found{.address = words.word, .batches = words.batches};
  if (words.word.find(':') == std::string::npos) {
    Result<std::optional<ConfiguredAddress>> configured = find_configured(settings, words.word);
    if (!configured) return fail(std::move(configured.error()));
    if (!*configured) return fail(unknown(words.word, settings));
    const bool is_program = is_of_program((*configured)->address);
    const bool has_own = is_program || (*configured)->address.starts_with("plugin:");
    const UnknownKeys unknown_keys = has_own ? UnknownKeys::are_its_own : UnknownKeys::are_wrong;
    Status known = check_keys(settings, {"destination", words.word}, words.pipeline, known_keys(), unknown_keys);
    if (!known) return fail(std::move(known.error()));
    found.name = words.word;
    found.address = (*configured)->address;
    found.meaning = meaning_of(**configured);
    if (is_program) found.own = own_settings(words, settings);
    add_secrets_of(**configured, found.own.secrets);
    if ((*configured)->secrecy == config::Secrecy::secret) found.hidden_in = (*configured)->place.text();
  }
  const bool is_function = words.word.starts_with(custom_scheme);
  const std::string section = is_function ? words.word.substr(custom_scheme.size()) : found.name;
  Status known = check_keys(settings, {"load"}, words.pipeline, known_load_keys, UnknownKeys::are_wrong);
  // Functions look there for keys of their own.
  if (known) known = check_keys(settings, {"destination"}, words.pipeline, known_keys(), UnknownKeys::are_its_own);
  if (known && is_function) {
    known = check_keys(settings, {"destination", section}, words.pipeline, known_keys(), UnknownKeys::are_its_own);
  }
  if (known) {
    known = check_keys(settings, {"destination", section, "capabilities"}, words.pipeline, capability_keys(),
                       UnknownKeys::are_wrong);
  }
  if (!known) return fail(std::move(known.error()));
  fill_in(found.batches, words.batches_before, found.address);
  const SettingsReader reader(settings, section, words.pipeline);
  if (Status taken = read_batches(reader, found.batches); !taken) return fail(std::move(taken.error()));
  if (Status taken = take_shape(reader, found); !taken) return fail(std::move(taken.error()));
  if (Status taken = read_capabilities(reader, found.capabilities); !taken) return fail(std::move(taken.error()));
  if (Status taken = take_replacing(reader, found); !taken) return fail(std::move(taken.error()));
  return found;
}

}  // namespace outfall::engine
