// SPDX-License-Identifier: Apache-2.0
#include "engine/destination_settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <functional>
#include <limits>
#include <span>
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
                                "reject_on",
                                "retry_on",
                                "nulls",
                                "ints_as_strings",
                                "naming_convention",
                                "max_table_nesting"};

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

/// For values that options write with a unit.
Status hinted(Status taken, std::string_view hint) {
  if (taken) return taken;
  Error error = std::move(taken.error());
  error.hint = hint;
  return fail(std::move(error));
}

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
  if (!timeout) return hinted(fail(timeout.error()), "write seconds without a unit: timeout = 30");
  target = std::chrono::duration_cast<std::chrono::milliseconds>(*timeout);
  if (*target > std::chrono::milliseconds(0) && *target <= BatchOptions::timeout_most) return {};
  return fail(config::unusable(*found, "a number of seconds, more than none and of a week at most"));
}

Status take_bytes(const Reader& reader, std::string_view key, std::optional<std::uint64_t>& target) {
  return hinted(take(reader.of_destination(key), {}, target),
                fmt::format("write bytes without a unit: {} = 1000000", key));
}

/// Exit codes of a command.
Status take_codes(const std::optional<Found>& found, std::optional<std::vector<int>>& target) {
  if (!found || target) return {};
  const Result<std::vector<std::string>> texts = config::list_of(*found);
  std::vector<int> codes;
  for (const std::string& text : texts ? *texts : std::vector<std::string>()) {
    int code = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), code);
    if (problem == std::errc() && end == text.data() + text.size() && code >= 1 && code <= 255) codes.push_back(code);
  }
  if (!texts || codes.empty() || codes.size() != texts->size())
    return fail(config::unusable(*found, "a list of exit codes from 1 to 255, such as [1, 2]"));
  target = std::move(codes);
  return {};
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
  if (!rate) return hinted(fail(rate.error()), "write batches a second without a unit: rate_limit = 10");
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
  if (taken) taken = take_bytes(reader, "batch_bytes", batches.batch_bytes);
  if (taken) taken = take_bytes(reader, "recommended_file_size", batches.recommended_file_size);
  if (taken) {
    taken = take(reader.of_destination("max_in_flight"), {.most = BatchOptions::load_jobs_most}, batches.in_flight_max);
  }
  if (taken) taken = take_rate(reader.of_destination("rate_limit"), batches.rate_limit);
  if (taken) {
    taken = take_word(reader.of_destination("batch_progress"), batch_progress, "known: strict or grouped",
                      batches.progress);
  }
  if (taken) taken = take_flag(reader.of_destination("deduplicates"), batches.deduplicates);
  if (taken) taken = take_codes(reader.of_destination("reject_on"), batches.reject_on);
  if (taken) taken = take_codes(reader.of_destination("retry_on"), batches.retry_on);
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

/// The table that this path leads to. Null: there is none.
const Json* table_at(const config::SettingsFile& file, const std::vector<std::string>& path) {
  const Json* table = &file.values;
  for (const std::string& part : path) table = table == nullptr ? nullptr : table->find(part);
  return table != nullptr && table->is_object() ? table : nullptr;
}

Status check_table(const config::SettingsFile& file, const std::vector<std::string>& path,
                   std::span<const char* const> known, UnknownKeys unknown) {
  const Json* table = table_at(file, path);
  if (table == nullptr) return {};
  for (const Json::Member& member : *table->as_object()) {
    if (std::ranges::find(known, member.key) != known.end()) continue;
    const auto distance = [&member](const char* key) { return edit_distance(member.key, key); };
    const auto near = std::ranges::min(known, {}, distance);
    if (unknown == UnknownKeys::are_its_own && distance(near) > 1) continue;
    return fail(Error{.message = fmt::format("{}: {} has no setting {}", file.path, fmt::join(path, "."), member.key),
                      .hint = fmt::format("did you mean {}? known are {}", near, fmt::join(known, ", ")),
                      .blame = Blame::usage});
  }
  return {};
}

/// A word that is nothing: a slip of the fingers would be passed over. `.dlt/` may hold what only dlt knows. Below the
/// name of the pipeline as well.
Status check_keys(const Settings& settings, const std::vector<std::string>& section, const std::string& pipeline,
                  std::span<const char* const> known, UnknownKeys unknown) {
  std::vector<std::string> below = section;
  below.insert(below.begin(), pipeline);
  for (const config::SettingsFile& file : settings.files()) {
    if (file_name(parent_path(file.path)) != ".outfall") continue;
    Status checked = check_table(file, section, known, unknown);
    if (checked && !pipeline.empty()) checked = check_table(file, below, known, unknown);
    if (!checked) return checked;
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
  if (configured.secrecy == config::Secrecy::open) return configured.address;
  std::string digest = "sha3:";
  for (const std::uint8_t byte : sha3_256(configured.address)) digest += fmt::format("{:02x}", byte);
  return digest;
}

constexpr std::string_view addresses =
    "an address is duckdb:PATH, exec:COMMAND, cmd:COMMAND, plugin:PATH#NAME or null:";

/// The word as a command, where it is one and lacks its kind. Empty: it is none.
std::string command_of(const std::string& word) {
  const bool is_file = access(word.c_str(), F_OK) == 0 && !list_directory(word);
  if (word.find('/') != std::string::npos && is_file && access(word.c_str(), X_OK) == 0) return word;
  const bool is_database = word.ends_with(".duckdb") || word.ends_with(".db");
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
    hint = fmt::format("a DuckDB file takes its kind in front: duckdb:{}", word);
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
    Status known = check_keys(settings, {"destination", words.word}, words.pipeline, known_keys, unknown_keys);
    if (!known) return fail(std::move(known.error()));
    found.name = words.word;
    found.address = (*configured)->address;
    found.meaning = meaning_of(**configured);
    if (is_program) found.own = own_settings(words, settings);
    add_secrets_of(**configured, found.own.secrets);
  }
  const bool is_function = words.word.starts_with(custom_scheme);
  const std::string section = is_function ? words.word.substr(custom_scheme.size()) : found.name;
  Status known = check_keys(settings, {"load"}, words.pipeline, known_load_keys, UnknownKeys::are_wrong);
  if (known && is_function) {
    known = check_keys(settings, {"destination", section}, words.pipeline, known_keys, UnknownKeys::are_its_own);
  }
  if (!known) return fail(std::move(known.error()));
  const Reader reader(settings, section, words.pipeline);
  if (Status taken = take_batches(reader, found.batches); !taken) return fail(std::move(taken.error()));
  if (Status taken = take_shape(reader, found); !taken) return fail(std::move(taken.error()));
  return found;
}

}  // namespace outfall::engine
