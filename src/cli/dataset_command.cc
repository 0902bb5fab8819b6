// SPDX-License-Identifier: Apache-2.0
//
// dataset tables, loads, advance and leftovers.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>

#include "cli/commands.h"
#include "cli/consent.h"
#include "cli/quantities.h"
#include "cli/stop_signals.h"
#include "cli/terminal.h"
#include "outfall/dataset.h"

namespace outfall::cli {
namespace {

/// Names with what there is to say of each behind them, one below the other.
std::string columns_text(const std::vector<std::pair<std::string, std::string>>& lines) {
  std::size_t widest = 0;
  for (const auto& [name, about] : lines) widest = std::max(widest, shown_length(one_line(name)));
  std::string out;
  for (const auto& [name, about] : lines) {
    const std::string shown = one_line(name);
    out += fmt::format("{}{}  {}\n", shown, std::string(widest - shown_length(shown), ' '), one_line(about));
  }
  return out;
}

std::string load_text(const LoadRecord& load) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(load.inserted_at);
  return fmt::format("status {}, {:%Y-%m-%d %H:%M:%S} UTC, schema {}", load.status,
                     fmt::gmtime(std::chrono::system_clock::to_time_t(seconds)),
                     load.schema_name.empty() ? "unknown" : load.schema_name);
}

std::string leftovers_text(const std::vector<Leftover>& leftovers) {
  std::vector<std::pair<std::string, std::string>> lines;
  for (const Leftover& one : leftovers) {
    const std::string rows = count_text(one.rows, "row");
    lines.emplace_back(one.dataset + "." + one.table,
                       one.load_id.empty() ? rows + ", staged" : fmt::format("{} of load {}", rows, one.load_id));
  }
  return columns_text(lines);
}

template <class Found>
int show(const DatasetCommand& command, const Found& found, const std::string& text) {
  return print(command.form == ReportForm::json ? to_json(found) + "\n" : text);
}

int tables(const DatasetCommand& command, Dataset& dataset) {
  const auto counts = dataset.row_counts({.load_id = command.load_id});
  if (!counts) return complain(counts.error());
  std::vector<std::pair<std::string, std::string>> lines;
  for (const TableRowCount& one : *counts) lines.emplace_back(one.table, count_text(one.rows, "row"));
  return show(command, *counts, columns_text(lines));
}

int loads(const DatasetCommand& command, Dataset& dataset) {
  const auto found = dataset.loads();
  if (!found) return complain(found.error());
  std::vector<std::pair<std::string, std::string>> lines;
  for (const LoadRecord& load : *found) lines.emplace_back(load.load_id, load_text(load));
  return show(command, *found, columns_text(lines));
}

int advance(const DatasetCommand& command, Dataset& dataset) {
  const auto load = dataset.advance_load(command.load_id, command.status);
  if (!load) return complain(load.error());
  return show(command, std::vector{*load}, columns_text({{load->load_id, load_text(*load)}}));
}

int leftovers(const DatasetCommand& command, Dataset& dataset) {
  const auto found = dataset.leftovers();
  if (!found) return complain(found.error());
  if (found->empty() || !command.removes) {
    return show(command, *found,
                found->empty() ? "every row is of a load that came to its end\n" : leftovers_text(*found));
  }
  const std::string what = fmt::format("take these {} away", count_text(found->size(), "leftover"));
  const Status agreed =
      agree(command.consent,
            {.question = fmt::format("{}A load of dlt's that is under way has such, too: {} for good?",
                                     leftovers_text(*found), what),
             .nobody = fmt::format("dataset {}: nobody can be asked whether to {}", dataset.client().dataset(), what),
             .consented = "removes them",
             .refused = "removed"});
  if (!agreed) return complain(agreed.error());
  const auto removed = dataset.remove_leftovers();
  if (!removed) return complain(removed.error());
  const int ending = show(command, *removed, leftovers_text(*removed));
  std::fputs(fmt::format("removed     {}\n", count_text(removed->size(), "leftover")).c_str(), stderr);
  return ending;
}

}  // namespace

int dataset(const DatasetCommand& command) {
  const StopSignals signals;
  SqlClientOptions options = command.which;
  options.stop = signals.token();
  if (command.verb == DatasetVerb::advance || command.removes) options.access = QueryAccess::write;
  SqlResult<Dataset> opened = Dataset::open(options);
  if (!opened) return complain(opened.error());
  switch (command.verb) {
    case DatasetVerb::tables:
      return tables(command, *opened);
    case DatasetVerb::loads:
      return loads(command, *opened);
    case DatasetVerb::advance:
      return advance(command, *opened);
    case DatasetVerb::leftovers:
      return leftovers(command, *opened);
  }
  return 0;
}

}  // namespace outfall::cli
