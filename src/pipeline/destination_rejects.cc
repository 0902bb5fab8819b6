// SPDX-License-Identifier: Apache-2.0
#include "pipeline/destination_rejects.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "base/counts.h"
#include "pipeline/adopted_tables.h"
#include "pipeline/rejected_rows.h"
#include "pipeline/replacements.h"

namespace outfall::pipeline {
namespace {

/// What becomes of documents that the destination refuses, where nothing else was asked for.
OnReject policy_of(const RunOptions& options) {
  return options.on_reject.value_or(OnReject::dead_letter);
}

std::string name_of(const ledger::InputRecord& input) {
  const std::optional<std::string> run_key = ledger::run_key_of(input.path);
  return run_key ? "run key " + *run_key : input.path;
}

}  // namespace

bool DestinationRejects::are_allowed() const {
  return policy_of(request_.options) != OnReject::fail;
}

bool DestinationRejects::wants_texts() const {
  return policy_of(request_.options) == OnReject::dead_letter;
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
  const std::uint64_t rows = package_.documents + package_.rejected;
  const std::optional<std::string> allowed = exceeded_bound(request_.options, package_.rejected + count_, rows);
  if (!allowed) return {};
  return fail(fmt::format("{} of {}, and --max-bad-rows allows {}; the first: {}", found, rows, *allowed, first_reason),
              is_given_up ? "mend the input, or allow more: --max-bad-rows N or P%; no row was loaded"
                          : fmt::format("outfall resume {} --max-bad-rows N or P% loads the others; {}",
                                        request_.called, give_up));
}

Status DestinationRejects::take(const delivery::RefusedDocument& document) {
  const Result<Place> place = place_of(document);
  if (!place) return fail(place.error());
  const std::string name = place->input.empty() ? fmt::format("package {}", package_.load_id) : place->input;
  if (!place->input.empty()) ++by_input_[place->input];
  if (first_.size() < rejects_reported_max) {
    first_.push_back(
        {.input = name, .table = document.table, .line = place->row, .reason = document.reason, .hint = ""});
  }
  if (policy_of(request_.options) != OnReject::dead_letter) return {};
  ledger::Letter letter{.table = document.table,
                        .input = name,
                        .line = place->row,
                        .reason = document.reason,
                        .hint = "",
                        .header = "",
                        .rejected_at = request_.env.now_us()};
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

/// Rows of a root table stand in the order of the inputs, as many of each as it had documents.
Result<DestinationRejects::Place> DestinationRejects::place_of(const delivery::RefusedDocument& document) {
  auto known = inputs_.find(document.table);
  if (known == inputs_.end()) {
    Result<Inputs> inputs = inputs_of(document.table);
    if (!inputs) return fail(std::move(inputs.error()));
    known = inputs_.emplace(document.table, std::move(*inputs)).first;
  }
  const auto& ends = known->second.ends;
  const auto end = std::ranges::upper_bound(ends, document.row, {}, &std::pair<std::uint64_t, std::string>::first);
  if (end == ends.end()) return Place{.input = "", .row = document.row + 1};
  const std::uint64_t begin = end == ends.begin() ? 0 : std::prev(end)->first;
  return Place{.input = end->second, .row = document.row - begin + 1};
}

Result<DestinationRejects::Inputs> DestinationRejects::inputs_of(const std::string& table) {
  const Result<std::vector<ledger::InputRecord>> sealed = ledger_.inputs_of(package_.load_id);
  if (!sealed) return fail(sealed.error());
  const Result<std::optional<schema::Naming>> naming =
      stored_naming(ledger_, request_.destination.capabilities().name_length_max());
  if (!naming) return fail(naming.error());
  std::uint64_t rows = 0;
  for (const ledger::JobRecord& job : package_.jobs) rows += job.table == table ? job.rows : 0;
  Inputs inputs;
  std::uint64_t end = 0;
  for (const ledger::InputRecord& input : *sealed) {
    if (*naming && !input.table.empty() && root_table(**naming, input.table) != table) continue;
    end += input.documents;
    inputs.ends.emplace_back(end, name_of(input));
  }
  if (end != rows) inputs.ends.clear();  // some had no identity
  return inputs;
}

}  // namespace outfall::pipeline
