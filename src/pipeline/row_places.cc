// SPDX-License-Identifier: Apache-2.0
#include "pipeline/row_places.h"

#include <algorithm>
#include <iterator>

#include "pipeline/adopted_tables.h"
#include "pipeline/replacements.h"

namespace outfall::pipeline {
namespace {

std::string name_of(const ledger::InputRecord& input) {
  const std::optional<std::string> run_key = ledger::run_key_of(input.path);
  return run_key ? "run key " + *run_key : input.path;
}

}  // namespace

/// Rows of a root table stand in the order of the inputs, as many of each as it had documents.
Result<RowPlaces::Place> RowPlaces::of(const std::string& table, std::uint64_t row) {
  auto known = ends_.find(table);
  if (known == ends_.end()) {
    Result<InputEnds> found = find_ends(table);
    if (!found) return fail(std::move(found.error()));
    known = ends_.emplace(table, std::move(*found)).first;
  }
  const InputEnds& ends = known->second;
  const auto end = std::ranges::upper_bound(ends, row, {}, &InputEnds::value_type::first);
  if (end == ends.end()) return Place{.input = "", .row = row + 1};
  const std::uint64_t begin = end == ends.begin() ? 0 : std::prev(end)->first;
  return Place{.input = end->second, .row = row - begin + 1};
}

Result<RowPlaces::Place> RowPlaces::of_job(const std::string& job_file, std::uint64_t row) {
  const auto job = std::ranges::find(package_.jobs, job_file, &ledger::JobRecord::file);
  if (job == package_.jobs.end()) return Place{.input = "", .row = row + 1};
  std::uint64_t first = 0;
  for (auto before = package_.jobs.begin(); before != job; ++before) {
    first += before->table == job->table ? before->rows : 0;
  }
  return of(job->table, first + row);
}

Result<RowPlaces::InputEnds> RowPlaces::find_ends(const std::string& table) {
  const Result<std::vector<ledger::InputRecord>> sealed = ledger_.inputs_of(package_.load_id);
  if (!sealed) return fail(sealed.error());
  const Result<std::optional<schema::Naming>> naming = stored_naming(ledger_, name_length_max_);
  if (!naming) return fail(naming.error());
  std::uint64_t rows = 0;
  for (const ledger::JobRecord& job : package_.jobs) rows += job.table == table ? job.rows : 0;
  InputEnds ends;
  std::uint64_t end = 0;
  for (const ledger::InputRecord& input : *sealed) {
    if (*naming && !input.table.empty() && root_table(**naming, input.table) != table) continue;
    end += input.documents;
    ends.emplace_back(end, name_of(input));
  }
  if (end != rows) ends.clear();  // some had no identity
  return ends;
}

Status place_letter(RowPlaces& places, ledger::Letter& letter) {
  Result<RowPlaces::Place> place = places.of_job(letter.job_file, letter.row);
  if (!place) return fail(std::move(place.error()));
  if (place->input.empty()) return {};
  letter.input = std::move(place->input);
  letter.line = place->row;
  return {};
}

}  // namespace outfall::pipeline
