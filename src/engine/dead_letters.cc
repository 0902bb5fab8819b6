// SPDX-License-Identifier: Apache-2.0
//
// Looks for dead letters in the pipelines of a data directory.
#include "outfall/dead_letter.h"

#include <utility>

#include "engine/letter_search.h"
#include "engine/package_status.h"

namespace outfall {
namespace {

DeadLetter letter_of(const std::string& pipeline, const ledger::LetterRecord& record) {
  const ledger::Letter& letter = record.letter;
  return {.id = engine::letter_id(record),
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
          .rejected_at = engine::time_of(letter.rejected_at),
          .job_file = letter.job_file,
          .row = letter.row,
          .key = letter.key,
          .attempts = letter.attempt,
          .replay_load_id = record.replay_load_id,
          .primary_key = letter.primary_key,
          .overtaken_by = record.overtaken_by};
}

}  // namespace

Status visit_dead_letters(const DeadLetterOptions& options,
                          const std::function<Result<bool>(const DeadLetter&)>& visit) {
  std::size_t left = options.limit.value_or(SIZE_MAX);
  return engine::look_for_letters({.data_dir = options.data_dir, .state = options.state}, options.pipeline,
                                  [&](const std::string& key, ledger::Ledger& ledger) {
                                    bool goes_on = left > 0;
                                    if (!goes_on) return Result<bool>(false);
                                    const Status visited =
                                        ledger.visit_letters(engine::letter_filter(options),
                                                             [&](const ledger::LetterRecord& record) -> Result<bool> {
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
  const Status counted = engine::look_for_letters(
      {.data_dir = options.data_dir, .state = options.state}, options.pipeline,
      [&](const std::string&, ledger::Ledger& ledger) -> Result<bool> {
        const Result<std::uint64_t> here = ledger.count_letters(engine::letter_filter(options));
        if (!here) return fail(here.error());
        count += *here;
        return true;
      });
  if (!counted) return fail(counted.error());
  return count;
}

Result<DeadLetter> find_dead_letter(const std::string& data_dir, const std::string& id, const std::string& state) {
  const std::optional<ledger::LetterFilter> filter = engine::letter_filter(id);
  if (!filter) return fail(engine::no_letter(id));
  std::optional<DeadLetter> found;
  const Status looked = engine::look_for_letters({.data_dir = data_dir, .state = state}, "",
                                                 [&](const std::string& key, ledger::Ledger& ledger) -> Result<bool> {
                                                   const auto letter = ledger.letter(filter->load_id, filter->ordinal);
                                                   if (!letter) return fail(letter.error());
                                                   if (*letter) found = letter_of(key, **letter);
                                                   return !found;
                                                 });
  if (!looked) return fail(looked.error());
  if (!found) return fail(engine::no_letter(id));
  return std::move(*found);
}

}  // namespace outfall
