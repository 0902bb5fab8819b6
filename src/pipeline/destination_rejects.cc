// SPDX-License-Identifier: Apache-2.0
#include "pipeline/destination_rejects.h"

#include <fmt/format.h>

#include <utility>

#include "base/counts.h"
#include "pipeline/letter_source.h"
#include "pipeline/rejected_rows.h"

namespace outfall::pipeline {
namespace {

/// What becomes of documents that the destination refuses, where nothing else was asked for. Of a replay the letters
/// stay.
OnReject policy_of(const RunOptions& options, const ledger::PackageRecord& package) {
  const OnReject asked = options.on_reject.value_or(OnReject::dead_letter);
  return package.is_replay && asked == OnReject::drop ? OnReject::dead_letter : asked;
}

}  // namespace

bool DestinationRejects::are_allowed() const {
  return policy_of(request_.options, package_) != OnReject::fail;
}

bool DestinationRejects::wants_texts() const {
  return policy_of(request_.options, package_) == OnReject::dead_letter;
}

Status DestinationRejects::begin(std::uint64_t documents, const std::map<std::string, std::uint64_t>& rows,
                                 const std::string& first_reason) {
  letters_.clear();
  was_told_ = true;
  count_ = documents;
  rows_ = rows;
  first_.clear();
  by_input_.clear();
  const Status allowed = documents == 0 ? Status() : check_bounds(first_reason);
  are_too_many_ = !allowed;
  return allowed;
}

Status DestinationRejects::check_bounds(const std::string& first_reason) const {
  const std::string found = fmt::format("{} {} refused", counted(count_, "document"), count_ == 1 ? "is" : "are");
  const bool is_given_up = if_too_many_ == IfTooMany::it_is_given_up;
  const std::string give_up = fmt::format("outfall package drop {} gives it up", package_.load_id);
  if (!package_.replaced.empty() && !request_.options.allow_partial) {
    return fail(fmt::format("{}, and a part of its rows does not replace a table; the first: {}", found, first_reason),
                is_given_up
                    ? std::string("mend them, or replace the table with the others: --allow-partial; no row was "
                                  "changed")
                    : fmt::format("outfall resume {} --allow-partial replaces it with the others; {}", request_.called,
                                  give_up));
  }
  if (package_.is_replay) return {};  // they were rejected before
  const std::uint64_t rows = package_.documents + package_.rejected;
  const std::optional<std::string> allowed = exceeded_bound(request_.options, package_.rejected + count_, rows);
  if (!allowed) return {};
  return fail(fmt::format("{} of {}, and --max-bad-rows allows {}; the first: {}", found, rows, *allowed, first_reason),
              is_given_up ? "mend the input, or allow more: --max-bad-rows N or P%; no row was loaded"
                          : fmt::format("outfall resume {} --max-bad-rows N or P% loads the others; {}",
                                        request_.called, give_up));
}

Status DestinationRejects::take(const delivery::RefusedDocument& document) {
  const Result<RowPlaces::Place> place = places_.of(document.table, document.row);
  if (!place) return fail(place.error());
  const std::string name = place->input.empty() ? fmt::format("package {}", package_.load_id) : place->input;
  if (package_.is_replay)
    ++by_input_[letters_of(document.table)];
  else if (!place->input.empty())
    ++by_input_[place->input];
  if (first_.size() < rejects_reported_max) {
    first_.push_back(
        {.input = name, .table = document.table, .line = place->row, .reason = document.reason, .hint = ""});
  }
  if (policy_of(request_.options, package_) != OnReject::dead_letter) return {};
  Result<std::string> key = keys_.of(document.table, document.row);
  if (!key) return fail(std::move(key.error()));
  ledger::Letter letter{.table = document.table,
                        .input = name,
                        .line = place->row,
                        .reason = document.reason,
                        .hint = "",
                        .header = "",
                        .rejected_at = request_.env.now_us(),
                        .row = document.row,
                        .primary_key = std::move(*key),
                        .table_row = static_cast<std::int64_t>(document.row)};
  return letters_.keep(std::move(letter), document.text);
}

Status DestinationRejects::keep() {
  if (count_ == 0 && !is_recorded_) return {};
  Status proposed =
      ledger_.propose_refused({.load_id = package_.load_id, .run_id = run_id_, .documents = count_, .rows = rows_});
  if (!proposed) return fail(std::move(proposed.error()).in("keep what the destination refuses"));
  is_recorded_ = count_ > 0;
  return {};
}

}  // namespace outfall::pipeline
