// SPDX-License-Identifier: Apache-2.0
#include "engine/letter_search.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "engine/shared_state.h"
#include "ledger/data_dir.h"

namespace outfall::engine {

ledger::LetterFilter letter_filter(const DeadLetterOptions& options) {
  ledger::LetterFilter filter{
      .table = options.table, .reason = options.reason, .input = options.input, .status = options.status};
  if (options.since) filter.since = options.since->time_since_epoch().count();
  filter.order = options.order == DeadLetterOrder::newest_first ? ledger::LetterOrder::newest_first
                                                                : ledger::LetterOrder::oldest_first;
  return filter;
}

std::optional<ledger::LetterFilter> letter_filter(const std::string& id) {
  const std::size_t dot = id.rfind('.');
  if (dot == std::string::npos || dot == 0) return std::nullopt;
  ledger::LetterFilter filter{.load_id = id.substr(0, dot)};
  const char* end = id.data() + id.size();
  const auto [stopped, code] = std::from_chars(id.data() + dot + 1, end, filter.ordinal);
  const bool is_number = code == std::errc() && stopped == end && filter.ordinal > 0;
  return is_number ? std::optional(std::move(filter)) : std::nullopt;
}

std::string letter_id(const ledger::LetterRecord& letter) {
  return fmt::format("{}.{}", letter.load_id, letter.ordinal);
}

Error no_letter(const std::string& id) {
  return {.message = fmt::format("no dead letter '{}'", id),
          .hint = "outfall dead-letter list shows their ids",
          .blame = Blame::usage};
}

Status look_for_letters(const StatePlace& place, const std::string& pipeline, const LookForLetters& look) {
  const Result<PipelinesFound> found = find_pipelines(place, pipeline);
  if (!found) return fail(found.error());
  for (const std::string& key : found->keys) {
    const Result<ledger::PipelinePaths> paths = ledger::pipeline_paths(found->data_dir, key);
    if (!paths) return fail(paths.error());
    Result<ledger::Ledger> ledger = ledger::Ledger::open_read_only(paths->database);
    if (!ledger) return fail(std::move(ledger.error()));
    const Result<bool> goes_on = look(key, *ledger);
    if (!goes_on) return fail(goes_on.error());
    if (!*goes_on) return {};
  }
  return {};
}

Result<LettersFound> find_letters(const DeadLetterOptions& options, const std::string& id, LettersWanted wanted) {
  Result<std::string> data_dir = find_data_dir(options.data_dir);
  if (!data_dir) return fail(std::move(data_dir.error()));
  Result<pipeline::SharedState> shared = find_shared_state(options.state);
  if (!shared) return fail(std::move(shared.error()));
  LettersFound found{.data_dir = std::move(*data_dir),
                     .pipelines = {},
                     .shared = std::move(*shared),
                     .filter = letter_filter(options)};
  found.filter.status = ledger::letter_status::open;
  if (!id.empty()) {
    std::optional<ledger::LetterFilter> one = letter_filter(id);
    if (!one) return fail(no_letter(id));
    found.filter = std::move(*one);
  }
  std::vector<ledger::LetterFilter> filters{found.filter};
  if (id.empty() && wanted == LettersWanted::open_or_replaying) {
    filters.push_back(found.filter);
    filters.back().status = ledger::letter_status::replaying;
  }
  const auto look = [&](const std::string& key, ledger::Ledger& ledger) -> Result<bool> {
    std::uint64_t letters = 0;
    for (const ledger::LetterFilter& filter : filters) {
      const Result<std::uint64_t> count = ledger.count_letters(filter);
      if (!count) return fail(count.error());
      letters += *count;
    }
    if (letters > 0) found.pipelines.push_back(key);
    return true;
  };
  const StatePlace place{.data_dir = options.data_dir, .state = options.state};
  if (Status looked = look_for_letters(place, id.empty() ? options.pipeline : std::string(), look); !looked)
    return fail(std::move(looked.error()));
  if (!id.empty() && found.pipelines.empty()) return fail(no_letter(id));
  return found;
}

}  // namespace outfall::engine
