// SPDX-License-Identifier: Apache-2.0
//
// Looks for dead letters in the pipelines of a data directory.
#include "outfall/dead_letter.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "engine/package_status.h"
#include "engine/pipeline_names.h"
#include "ledger/data_dir.h"
#include "ledger/ledger.h"

namespace outfall {
namespace {

DeadLetter letter_of(const std::string& pipeline, const ledger::LetterRecord& record) {
  const ledger::Letter& letter = record.letter;
  return {.id = fmt::format("{}.{}", record.load_id, record.ordinal),
          .pipeline = pipeline,
          .load_id = record.load_id,
          .run_id = record.run_id,
          .table = letter.table,
          .input = letter.input,
          .line = letter.line,
          .column = letter.column,
          .offset = letter.offset,
          .reason = letter.reason,
          .hint = letter.hint,
          .header = letter.header,
          .text = letter.text,
          .text_bytes = letter.text_bytes,
          .status = record.status,
          .rejected_at = engine::time_of(letter.rejected_at)};
}

ledger::LetterFilter filter_of(const DeadLetterOptions& options) {
  ledger::LetterFilter filter{.table = options.table, .reason = options.reason, .input = options.input};
  if (options.since) filter.since = options.since->time_since_epoch().count();
  filter.order = options.order == DeadLetterOrder::newest_first ? ledger::LetterOrder::newest_first
                                                                : ledger::LetterOrder::oldest_first;
  return filter;
}

/// Calls `look(pipeline, ledger)` for one pipeline after another, until it answers false.
template <class Look>
Status look_into(const std::string& data_dir, const std::string& pipeline, Look look) {
  const Result<engine::PipelinesFound> found = engine::find_pipelines(data_dir, pipeline);
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

}  // namespace

Status visit_dead_letters(const DeadLetterOptions& options,
                          const std::function<Result<bool>(const DeadLetter&)>& visit) {
  std::size_t left = options.limit.value_or(SIZE_MAX);
  return look_into(options.data_dir, options.pipeline, [&](const std::string& key, ledger::Ledger& ledger) {
    bool goes_on = left > 0;
    if (!goes_on) return Result<bool>(false);
    const Status visited =
        ledger.visit_letters(filter_of(options), [&](const ledger::LetterRecord& record) -> Result<bool> {
          Result<bool> more = visit(letter_of(key, record));
          if (!more) return more;
          goes_on = *more && --left > 0;
          return goes_on;
        });
    return visited ? Result<bool>(goes_on) : fail(visited.error());
  });
}

Result<std::uint64_t> count_dead_letters(const DeadLetterOptions& options) {
  std::uint64_t count = 0;
  const Status counted =
      look_into(options.data_dir, options.pipeline, [&](const std::string&, ledger::Ledger& ledger) -> Result<bool> {
        const Result<std::uint64_t> here = ledger.count_letters(filter_of(options));
        if (!here) return fail(here.error());
        count += *here;
        return true;
      });
  if (!counted) return fail(counted.error());
  return count;
}

Result<DeadLetter> find_dead_letter(const std::string& data_dir, const std::string& id) {
  ledger::LetterFilter filter;
  if (const std::size_t dot = id.rfind('.'); dot != std::string::npos) {
    const char* end = id.data() + id.size();
    const auto [stopped, code] = std::from_chars(id.data() + dot + 1, end, filter.ordinal);
    if (code == std::errc() && stopped == end && filter.ordinal > 0) filter.load_id = id.substr(0, dot);
  }
  std::optional<DeadLetter> found;
  if (!filter.load_id.empty()) {
    const Status looked = look_into(data_dir, "", [&](const std::string& key, ledger::Ledger& ledger) {
      const Status visited = ledger.visit_letters(filter, [&](const ledger::LetterRecord& record) -> Result<bool> {
        found = letter_of(key, record);
        return false;
      });
      return visited ? Result<bool>(!found) : fail(visited.error());
    });
    if (!looked) return fail(looked.error());
  }
  if (found) return std::move(*found);
  return fail(Error{.message = fmt::format("no dead letter '{}'", id),
                    .hint = "outfall dead-letter list shows their ids",
                    .blame = Blame::usage});
}

}  // namespace outfall
