// SPDX-License-Identifier: Apache-2.0
#include "engine/destination_settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "base/edit_distance.h"
#include "base/file.h"
#include "base/hash.h"
#include "config/values.h"
#include "engine/configured_address.h"

namespace outfall::engine {
namespace {

using config::Found;
using config::Settings;

constexpr std::array known_keys{"address",
                                "destination_type",
                                "credentials",
                                "batch_size",
                                "loader_file_format",
                                "max_parallel_load_jobs",
                                "recommended_file_size",
                                "loader_parallelism_strategy",
                                "timeout",
                                "max_attempts",
                                "batch_bytes",
                                "max_in_flight",
                                "rate_limit",
                                "batch_progress",
                                "deduplicates",
                                "nulls",
                                "ints_as_strings",
                                "naming_convention",
                                "max_table_nesting"};

/// What a function of the program goes by; behind it stands its name.
constexpr std::string_view custom_scheme = "custom:";

/// The settings of one destination, and those of loads, each read as what it is to be.
class Reader {
 public:
  Reader(const Settings& settings, std::string name, const std::string& pipeline)
      : settings_(settings), name_(std::move(name)), pipeline_(pipeline) {}

  std::optional<Found> of_destination(std::string_view key) const {
    config::Wanted wanted{
        .sections = {"destination"}, .key = std::string(key), .pipeline = pipeline_, .sections_kept = 1};
    if (!name_.empty()) wanted.sections.push_back(name_);
    return settings_.find(wanted);
  }

  std::optional<Found> of_loads(std::string_view key) const {
    return settings_.find({.sections = {"load"}, .key = std::string(key), .pipeline = pipeline_, .sections_kept = 1});
  }

 private:
  const Settings& settings_;
  std::string name_;
  const std::string& pipeline_;
};

struct Range {
  std::int64_t least = 1;
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
};

template <class Number>
Status take(const std::optional<Found>& found, Range range, std::optional<Number>& target) {
  if (!found || target) return {};
  const Result<std::int64_t> number = config::integer_of(*found);
  if (!number) return fail(number.error());
  if (*number < range.least || *number > range.most) {
    return fail(config::unusable(*found, fmt::format("a whole number from {} to {}", range.least, range.most)));
  }
  target = static_cast<Number>(*number);
  return {};
}

template <class Word>
Status take_word(const std::optional<Found>& found, std::optional<Word> (*read)(std::string_view), const char* known,
                 std::optional<Word>& target) {
  if (!found || target) return {};
  const Result<std::string> text = config::text_of(*found);
  if (!text) return fail(text.error());
  target = read(*text);
  return target ? Status{} : fail(config::unusable(*found, known));
}

Status take_timeout(const std::optional<Found>& found, std::optional<std::chrono::milliseconds>& target) {
  if (!found || target) return {};
  const Result<std::chrono::nanoseconds> timeout = config::seconds_of(*found);
  if (!timeout) return fail(timeout.error());
  target = std::chrono::duration_cast<std::chrono::milliseconds>(*timeout);
  if (*target > std::chrono::milliseconds(0) && *target <= BatchOptions::timeout_most) return {};
  return fail(config::unusable(*found, "a number of seconds, more than none and of a week at most"));
}

/// Job files at once: what loads may have, of which a destination takes so many at most.
Status take_load_jobs(const Reader& reader, std::optional<int>& target) {
  if (target) return {};
  std::optional<int> workers;
  std::optional<int> most;
  Status taken = take(reader.of_loads("workers"), {.most = BatchOptions::load_jobs_most}, workers);
  if (taken)
    taken = take(reader.of_destination("max_parallel_load_jobs"), {.most = BatchOptions::load_jobs_most}, most);
  target = workers && most ? std::optional(std::min(*workers, *most)) : workers ? workers : most;
  return taken;
}

/// `raise_on_max_retries` is dlt's.
Status take_attempts(const Reader& reader, std::optional<int>& target) {
  const Range range{.least = 0, .most = BatchOptions::attempts_most};
  Status taken = take(reader.of_destination("max_attempts"), range, target);
  return taken ? take(reader.of_loads("raise_on_max_retries"), range, target) : taken;
}

/// Batches a second.
Status take_rate(const std::optional<Found>& found, std::optional<double>& target) {
  if (!found || target) return {};
  const Result<double> rate = config::number_of(*found);
  if (!rate) return fail(rate.error());
  target = *rate;
  return *rate > 0 && *rate <= 1e6 ? Status{} : fail(config::unusable(*found, "a number of batches a second"));
}

Status take_flag(const std::optional<Found>& found, std::optional<bool>& target) {
  if (!found || target) return {};
  const Result<bool> flag = config::flag_of(*found);
  if (!flag) return fail(flag.error());
  target = *flag;
  return {};
}

Status take_form(const Reader& reader, BatchOptions& batches) {
  Status taken = take_word(reader.of_destination("loader_file_format"), loader_file_format,
                           "known: jsonl, typed-jsonl, parquet, arrow or csv", batches.loader_file_format);
  if (taken) taken = take_word(reader.of_destination("nulls"), row_nulls, "known: omit, send or as_is", batches.nulls);
  return taken ? take_flag(reader.of_destination("ints_as_strings"), batches.ints_as_strings) : taken;
}

Status take_batches(const Reader& reader, BatchOptions& batches) {
  constexpr const char* strategies = "known: parallel, table-sequential or sequential";
  Status taken =
      take(reader.of_destination("batch_size"),
           {.least = 0, .most = static_cast<std::int64_t>(BatchOptions::batch_size_most)}, batches.batch_size);
  if (taken) taken = take_load_jobs(reader, batches.load_jobs_max);
  if (taken) taken = take_word(reader.of_loads("parallelism_strategy"), parallelism, strategies, batches.parallelism);
  if (taken) {
    taken =
        take_word(reader.of_destination("loader_parallelism_strategy"), parallelism, strategies, batches.parallelism);
  }
  if (taken) taken = take_timeout(reader.of_destination("timeout"), batches.timeout);
  if (taken) taken = take_attempts(reader, batches.attempts_max);
  if (taken) taken = take_flag(reader.of_loads("raise_on_failed_jobs"), batches.raise_on_failed_jobs);
  if (taken) taken = take(reader.of_destination("batch_bytes"), {}, batches.batch_bytes);
  if (taken) taken = take(reader.of_destination("recommended_file_size"), {}, batches.recommended_file_size);
  if (taken) {
    taken = take(reader.of_destination("max_in_flight"), {.most = BatchOptions::load_jobs_most}, batches.in_flight_max);
  }
  if (taken) taken = take_rate(reader.of_destination("rate_limit"), batches.rate_limit);
  if (taken) {
    taken = take_word(reader.of_destination("batch_progress"), batch_progress, "known: strict or grouped",
                      batches.progress);
  }
  if (taken) taken = take_flag(reader.of_destination("deduplicates"), batches.deduplicates);
  return taken ? take_form(reader, batches) : taken;
}

Status take_shape(const Reader& reader, DestinationSettings& found) {
  constexpr std::int64_t levels_most = 1000;
  constexpr const char* conventions = "known: snake_case, direct, duck_case, sql_ci_v1 or sql_cs_v1";
  Status taken = take_word(reader.of_destination("naming_convention"), naming_convention, conventions, found.naming);
  if (!taken) return taken;
  return take(reader.of_destination("max_table_nesting"), {.least = 0, .most = levels_most}, found.max_table_nesting);
}

enum class UnknownKeys {
  are_wrong,
  are_its_own,  ///< but not where they are nearly one of ours
};

/// A word that is nothing: a slip of the fingers would be passed over. `.dlt/` may hold what only dlt knows.
Status check_keys(const Settings& settings, const std::string& name, UnknownKeys unknown) {
  for (const config::SettingsFile& file : settings.files()) {
    if (file_name(parent_path(file.path)) != ".outfall") continue;
    const Json* table = file.values.find("destination");
    table = table == nullptr ? nullptr : table->find(name);
    if (table == nullptr || !table->is_object()) continue;
    for (const Json::Member& member : *table->as_object()) {
      if (std::ranges::find(known_keys, member.key) != known_keys.end()) continue;
      const auto distance = [&member](const char* key) { return edit_distance(member.key, key); };
      const auto near = std::ranges::min(known_keys, {}, distance);
      if (unknown == UnknownKeys::are_its_own && distance(near) > 1) continue;
      return fail(Error{.message = fmt::format("{}: destination.{} has no setting {}", file.path, name, member.key),
                        .hint = fmt::format("did you mean {}? known are {}", near, fmt::join(known_keys, ", ")),
                        .blame = Blame::usage});
    }
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
         return key != "credentials" && std::ranges::find(known_keys, key) != known_keys.end();
       }});
}

/// What the ledger remembers: never a secret.
std::string meaning_of(const ConfiguredAddress& configured) {
  if (configured.secrecy == config::Secrecy::open) return configured.address;
  std::string digest = "sha3:";
  for (const std::uint8_t byte : sha3_256(configured.address)) digest += fmt::format("{:02x}", byte);
  return digest;
}

Error unknown(const std::string& word, const Settings& settings) {
  const std::vector<std::string> names = configured_names(settings);
  const bool is_path = word.find_first_of("./") != std::string::npos;
  const std::string configured = names.empty() ? "no destination is configured (docs/configuration.md)"
                                               : fmt::format("configured are {}", fmt::join(names, ", "));
  return {.message = fmt::format("destination {}: its kind is not known, and no destination has this name", word),
          .hint = is_path ? fmt::format("a DuckDB file takes its kind in front: duckdb:{}", word)
                          : configured +
                                "; an address is duckdb:PATH, exec:COMMAND, cmd:COMMAND, plugin:PATH#NAME or null:",
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
    if (Status known = check_keys(settings, words.word, unknown_keys); !known) return fail(std::move(known.error()));
    found.name = words.word;
    found.address = (*configured)->address;
    found.meaning = meaning_of(**configured);
    if (is_program) found.own = own_settings(words, settings);
  }
  const bool is_function = words.word.starts_with(custom_scheme);
  const Reader reader(settings, is_function ? words.word.substr(custom_scheme.size()) : found.name, words.pipeline);
  if (Status taken = take_batches(reader, found.batches); !taken) return fail(std::move(taken.error()));
  if (Status taken = take_shape(reader, found); !taken) return fail(std::move(taken.error()));
  return found;
}

}  // namespace outfall::engine
