// SPDX-License-Identifier: Apache-2.0
#include "engine/batch_settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <type_traits>
#include <utility>

#include "base/json.h"

namespace outfall::engine {
namespace {

using config::Found;

/// For values that options write with a unit.
Status hinted(Status taken, std::string hint) {
  if (!taken) taken.error().hint = std::move(hint);
  return taken;
}

// --- Each reads the value of a key into its member ---

Status take_batch_size(const SettingsReader& reader, std::string_view key, std::optional<std::uint64_t>& target) {
  return take(reader.of_destination(key),
              {.least = 0, .most = static_cast<std::int64_t>(BatchOptions::batch_size_most)}, target);
}

Status take_bytes(const SettingsReader& reader, std::string_view key, std::optional<std::uint64_t>& target) {
  return hinted(take(reader.of_destination(key), {}, target, "a whole number of bytes"),
                fmt::format("write bytes without a unit: {} = 1000000", key));
}

Status take_jobs(const SettingsReader& reader, std::string_view key, std::optional<int>& target) {
  return take(reader.of_destination(key), {.most = BatchOptions::load_jobs_most}, target);
}

/// Job files at once: what loads may have, of which a destination takes so many at most.
Status take_load_jobs(const SettingsReader& reader, std::string_view key, std::optional<int>& target) {
  if (target) return {};
  std::optional<int> workers;
  std::optional<int> most;
  Status taken = take(reader.of_loads("workers"), {.most = BatchOptions::load_jobs_most}, workers);
  if (taken) taken = take_jobs(reader, key, most);
  target = workers && most ? std::optional(std::min(*workers, *most)) : workers ? workers : most;
  return taken;
}

Status take_parallelism(const SettingsReader& reader, std::string_view key, std::optional<Parallelism>& target) {
  constexpr const char* known = "known: parallel, table-sequential or sequential";
  Status taken = take_word(reader.of_loads("parallelism_strategy"), parallelism, known, target);
  return taken ? take_word(reader.of_destination(key), parallelism, known, target) : taken;
}

Status take_timeout(const SettingsReader& reader, std::string_view key,
                    std::optional<std::chrono::milliseconds>& target) {
  const std::optional<Found> found = reader.of_destination(key);
  if (!found || target) return {};
  const Result<std::chrono::nanoseconds> timeout = config::seconds_of(*found);
  const auto longest =
      std::chrono::duration_cast<std::chrono::milliseconds>(timeout.value_or(std::chrono::nanoseconds(0)));
  if (longest <= std::chrono::milliseconds(0) || longest > BatchOptions::timeout_most) {
    return hinted(fail(config::unusable(*found, "a number of seconds, more than none and of a week at most")),
                  "write seconds without a unit: timeout = 30");
  }
  target = longest;
  return {};
}

/// `raise_on_max_retries` is dlt's.
Status take_attempts(const SettingsReader& reader, std::string_view key, std::optional<int>& target) {
  const NumberRange range{.least = 0, .most = BatchOptions::attempts_most};
  Status taken = take(reader.of_destination(key), range, target);
  return taken ? take(reader.of_loads("raise_on_max_retries"), range, target) : taken;
}

/// Batches a second.
Status take_rate(const SettingsReader& reader, std::string_view key, std::optional<double>& target) {
  const std::optional<Found> found = reader.of_destination(key);
  if (!found || target) return {};
  const Result<double> rate = config::number_of(*found);
  if (!rate || !(*rate > 0 && *rate <= 1e6)) {
    return hinted(fail(config::unusable(*found, "a number of batches a second")),
                  "write batches a second without a unit: rate_limit = 10");
  }
  target = *rate;
  return {};
}

Status take_found_flag(const std::optional<Found>& found, std::optional<bool>& target) {
  if (!found || target) return {};
  const Result<bool> flag = config::flag_of(*found);
  if (!flag) return fail(flag.error());
  target = *flag;
  return {};
}

Status take_flag(const SettingsReader& reader, std::string_view key, std::optional<bool>& target) {
  return take_found_flag(reader.of_destination(key), target);
}

/// Of loads alone.
Status take_raise(const SettingsReader& reader, std::string_view, std::optional<bool>& target) {
  return take_found_flag(reader.of_loads("raise_on_failed_jobs"), target);
}

Status take_format(const SettingsReader& reader, std::string_view key, std::optional<LoaderFileFormat>& target) {
  return take_word(reader.of_destination(key), loader_file_format, "known: jsonl, typed-jsonl, parquet, arrow or csv",
                   target);
}

Status take_progress(const SettingsReader& reader, std::string_view key, std::optional<BatchProgress>& target) {
  return take_word(reader.of_destination(key), batch_progress, "known: strict or grouped", target);
}

Status take_nulls(const SettingsReader& reader, std::string_view key, std::optional<RowNulls>& target) {
  return take_word(reader.of_destination(key), row_nulls, "known: omit, send or as_is", target);
}

/// Exit codes of a command.
Status take_codes(const SettingsReader& reader, std::string_view key, std::optional<std::vector<int>>& target) {
  const std::optional<Found> found = reader.of_destination(key);
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

// --- Values as the state store keeps them ---

std::optional<LoaderFileFormat> known(std::string_view word, LoaderFileFormat) {
  return loader_file_format(word);
}
std::optional<Parallelism> known(std::string_view word, Parallelism) {
  return parallelism(word);
}
std::optional<BatchProgress> known(std::string_view word, BatchProgress) {
  return batch_progress(word);
}
std::optional<RowNulls> known(std::string_view word, RowNulls) {
  return row_nulls(word);
}

template <class T>
Json kept(const T& value) {
  if constexpr (std::is_enum_v<T>) {
    return std::string(name(value));
  } else if constexpr (std::is_same_v<T, std::chrono::milliseconds>) {
    return value.count();
  } else if constexpr (std::is_unsigned_v<T> && !std::is_same_v<T, bool>) {
    return static_cast<std::int64_t>(value);
  } else if constexpr (std::is_same_v<T, std::vector<int>>) {
    Json list = Json::array();
    for (const int one : value) list.push_back(one);
    return list;
  } else {
    return value;
  }
}

template <class T>
std::optional<T> taken(const Json& kept) {
  if constexpr (std::is_enum_v<T>) {
    const std::string* word = kept.as_string();
    return word == nullptr ? std::nullopt : known(*word, T{});
  } else if constexpr (std::is_same_v<T, bool>) {
    const bool* flag = kept.as_bool();
    return flag == nullptr ? std::nullopt : std::optional(*flag);
  } else if constexpr (std::is_same_v<T, double>) {
    const std::int64_t* whole = kept.as_int();
    const double* number = kept.as_double();
    return whole != nullptr    ? std::optional(static_cast<double>(*whole))
           : number != nullptr ? std::optional(*number)
                               : std::nullopt;
  } else if constexpr (std::is_same_v<T, std::vector<int>>) {
    if (kept.as_array() == nullptr) return std::nullopt;
    T list;
    for (const Json& one : *kept.as_array()) {
      if (const std::int64_t* code = one.as_int()) list.push_back(static_cast<int>(*code));
    }
    return list;
  } else {
    const std::int64_t* number = kept.as_int();
    return number == nullptr ? std::nullopt : std::optional(T(*number));
  }
}

// --- The table ---

/// Who takes rows, as far as options tell the difference.
enum class Kind : std::uint8_t { whole_packages, function, kept_alive, one_a_batch };

Kind kind_of(std::string_view address) {
  if (address.starts_with("cmd:")) return Kind::one_a_batch;
  if (address.starts_with("exec:")) return Kind::kept_alive;
  return address.starts_with("plugin:") || address.starts_with("custom:") ? Kind::function : Kind::whole_packages;
}

/// On whom a setting has an effect.
enum class For : std::uint8_t { all, batches, commands };

/// Whether a later run that goes on with what is pending is given it, too. How long a run tries, and what it tells of
/// it, is said to that run.
enum class Lasts : std::uint8_t { on, one_run };

struct BatchSetting {
  const char* key;     ///< of a destination's section; null: loads have it
  const char* option;  ///< of a run
  For whom;
  Lasts lasts;
  bool (*is_given)(const BatchOptions& batches);
  Json (*keep)(const BatchOptions& batches);  ///< what is given
  void (*take)(const Json& kept, BatchOptions& batches);
  void (*copy)(const BatchOptions& from, BatchOptions& to);
  Status (*read)(const SettingsReader& reader, const char* key, BatchOptions& batches);
};

template <auto member, auto read>
constexpr BatchSetting setting(const char* key, const char* option, For whom, Lasts lasts = Lasts::on) {
  return {.key = key,
          .option = option,
          .whom = whom,
          .lasts = lasts,
          .is_given = [](const BatchOptions& batches) { return (batches.*member).has_value(); },
          .keep = [](const BatchOptions& batches) { return kept(*(batches.*member)); },
          .take =
              [](const Json& kept, BatchOptions& batches) {
                batches.*member = taken<typename std::remove_reference_t<decltype(batches.*member)>::value_type>(kept);
              },
          .copy = [](const BatchOptions& from, BatchOptions& to) { to.*member = from.*member; },
          .read =
              [](const SettingsReader& reader, const char* name, BatchOptions& batches) {
                return read(reader, name == nullptr ? std::string_view() : name, batches.*member);
              }};
}

using B = BatchOptions;
constexpr std::array settings{
    setting<&B::batch_size, take_batch_size>("batch_size", "--batch-size", For::batches),
    setting<&B::loader_file_format, take_format>("loader_file_format", "--loader-file-format", For::batches),
    setting<&B::load_jobs_max, take_load_jobs>("max_parallel_load_jobs", "--max-parallel-load-jobs", For::batches),
    setting<&B::recommended_file_size, take_bytes>("recommended_file_size", "--recommended-file-size", For::batches),
    setting<&B::parallelism, take_parallelism>("loader_parallelism_strategy", "--parallelism", For::batches),
    setting<&B::timeout, take_timeout>("timeout", "--timeout", For::batches, Lasts::one_run),
    setting<&B::attempts_max, take_attempts>("max_attempts", "--max-attempts", For::all, Lasts::one_run),
    setting<&B::raise_on_failed_jobs, take_raise>(nullptr, "--raise-on-failed-jobs", For::batches, Lasts::one_run),
    setting<&B::batch_bytes, take_bytes>("batch_bytes", "--batch-bytes", For::batches),
    setting<&B::in_flight_max, take_jobs>("max_in_flight", "--max-in-flight", For::batches),
    setting<&B::rate_limit, take_rate>("rate_limit", "--rate-limit", For::batches),
    setting<&B::progress, take_progress>("batch_progress", "--batch-progress", For::batches),
    setting<&B::deduplicates, take_flag>("deduplicates", "--deduplicates", For::commands),
    setting<&B::reject_on, take_codes>("reject_on", "--reject-on", For::commands),
    setting<&B::retry_on, take_codes>("retry_on", "--retry-on", For::commands),
    setting<&B::nulls, take_nulls>("nulls", "--nulls", For::batches),
    setting<&B::ints_as_strings, take_flag>("ints_as_strings", "--ints-as-strings", For::batches),
};

bool has_effect(const BatchSetting& setting, Kind kind) {
  switch (setting.whom) {
    case For::all:
      return true;
    case For::batches:
      return kind != Kind::whole_packages;
    case For::commands:
      return kind == Kind::one_a_batch;
  }
  return true;
}

/// The option without its dashes.
std::string_view word_of(const BatchSetting& setting) {
  return std::string_view(setting.option).substr(2);
}

const char* hint_of(For whom) {
  return whom == For::commands
             ? "leave it out: it is for cmd:; others say themselves what they reject, what is to come again, and that "
               "they "
               "deduplicate"
             : "leave it out: it is for what takes rows in batches: cmd:, exec:, plugin: and functions";
}

using Codes = std::optional<std::vector<int>>;

/// A code that was given goes before what the other list has by default of somebody else.
void yield_codes(const BatchOptions& given, BatchOptions& batches) {
  const auto leave_out = [](Codes& codes, const Codes& given_codes, const Codes& given_others) {
    if (!codes || given_codes || !given_others) return;
    std::erase_if(*codes, [&](int code) { return std::ranges::find(*given_others, code) != given_others->end(); });
  };
  leave_out(batches.reject_on, given.reject_on, given.retry_on);
  leave_out(batches.retry_on, given.retry_on, given.reject_on);
}

/// A code has one meaning.
Status check_codes(const BatchOptions& batches) {
  if (!batches.reject_on || !batches.retry_on) return {};
  for (const int code : *batches.reject_on) {
    if (std::ranges::find(*batches.retry_on, code) == batches.retry_on->end()) continue;
    return fail(Error{.message = fmt::format("exit code {} is to reject (--reject-on) and to ask for another attempt "
                                             "(--retry-on)",
                                             code),
                      .hint = "leave it out of one of them, or of the settings reject_on and retry_on",
                      .blame = Blame::usage});
  }
  return {};
}

}  // namespace

std::vector<const char*> batch_keys() {
  std::vector<const char*> keys;
  for (const BatchSetting& setting : settings) {
    if (setting.key != nullptr) keys.push_back(setting.key);
  }
  return keys;
}

Status read_batches(const SettingsReader& reader, BatchOptions& batches) {
  const BatchOptions given = batches;
  for (const BatchSetting& setting : settings) {
    if (Status read = setting.read(reader, setting.key, batches); !read) return read;
  }
  yield_codes(given, batches);
  return check_codes(batches);
}

std::string to_text(const BatchOptions& given) {
  Json out = Json::object();
  for (const BatchSetting& setting : settings) {
    if (setting.is_given(given) && setting.lasts == Lasts::on) out.set(word_of(setting), setting.keep(given));
  }
  return to_json(out);
}

Result<BatchOptions> parse_batches(std::string_view text) {
  const Result<Json> kept = parse_json(text);
  if (!kept) return fail(Error(kept.error()).in("read what an earlier run was given of batches"));
  BatchOptions batches;
  for (const BatchSetting& setting : settings) {
    if (const Json* value = kept->find(word_of(setting))) setting.take(*value, batches);
  }
  return batches;
}

void fill_in(BatchOptions& batches, const BatchOptions& before, std::optional<std::string_view> address) {
  const BatchOptions given = batches;
  for (const BatchSetting& setting : settings) {
    if (setting.is_given(batches) || (address && !has_effect(setting, kind_of(*address)))) continue;
    setting.copy(before, batches);
  }
  yield_codes(given, batches);
}

Status check_given(const BatchOptions& given, std::string_view address, std::string_view called) {
  const Kind kind = kind_of(address);
  for (const BatchSetting& setting : settings) {
    if (!setting.is_given(given) || has_effect(setting, kind)) continue;
    return fail(Error{.message = fmt::format("{} has no effect on {}", setting.option, called),
                      .hint = hint_of(setting.whom),
                      .blame = Blame::usage});
  }
  return {};
}

}  // namespace outfall::engine
