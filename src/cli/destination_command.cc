// SPDX-License-Identifier: Apache-2.0
//
// destination list, capabilities and test.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "cli/commands.h"
#include "cli/quantities.h"
#include "cli/terminal.h"
#include "outfall/conformance.h"
#include "outfall/destination.h"

namespace outfall::cli {
namespace {

std::string configured_text(const ConfiguredDestination& destination) {
  std::string out = one_line(destination.name) + "\n";
  if (!destination.problem.empty()) out += fact_line("problem", destination.problem);
  if (destination.place.empty()) return out;
  out += fact_line("address", destination.address.empty() ? "(secret)" : destination.address);
  return out + fact_line("from", destination.place);
}

std::string list_text(const DestinationList& list) {
  std::string out;
  for (const ConfiguredDestination& destination : list.configured) out += configured_text(destination) + "\n";
  if (list.configured.empty()) out += "no destination is configured\n\n";
  out += "kinds of addresses\n";
  std::size_t width = 0;
  for (const DestinationKind& kind : list.kinds) width = std::max(width, kind.form.size());
  for (const DestinationKind& kind : list.kinds)
    out += fmt::format("  {:<{}}{}; {}\n", kind.form, width + 2, kind.what, name(kind.mode));
  const std::string folders = fmt::format("{}", fmt::join(list.folders, ", "));
  return out + "\nconfiguration is read from the environment" + (folders.empty() ? "" : " and ") + one_line(folders) +
         "\n";
}

std::string nesting_text(const std::optional<int>& levels) {
  if (!levels) return "any number of levels becomes tables";
  return *levels == 0 ? "what is nested stays as it is" : fmt::format("{} levels become tables", *levels);
}

std::string names_text(const DestinationCapabilities& can) {
  return fmt::format("of {}, {}",
                     can.identifier_length_max == 0 ? "any length" : count_text(can.identifier_length_max, "character"),
                     can.case_sensitive_names ? "case tells them apart" : "case does not tell them apart");
}

std::string job_files_text(const DestinationCapabilities& can) {
  if (!can.load_jobs_max) return "all of a load together";
  return fmt::format("{} at once, {}", *can.load_jobs_max, name(can.parallelism));
}

template <class Strategy>
std::string strategies_line(const char* label, const std::vector<Strategy>& strategies) {
  if (strategies.empty()) return "";
  std::vector<std::string_view> words;
  for (const Strategy strategy : strategies) words.push_back(name(strategy));
  return fact_line(label, fmt::format("{}", fmt::join(words, ", ")));
}

std::string capabilities_text(const DestinationCapabilities& can) {
  return one_line(can.address) + "\n" + fact_line("kind", can.kind) + fact_line("promise", name(can.mode)) +
         fact_line("naming", name(can.naming)) + fact_line("nesting", nesting_text(can.max_table_nesting)) +
         fact_line("names", names_text(can)) + fact_line("job files", job_files_text(can)) +
         strategies_line("writes", can.write_dispositions) + strategies_line("merge", can.merge_strategies) +
         strategies_line("replace", can.replace_strategies);
}

std::string finding_text(const DestinationFinding& finding) {
  std::string out;
  for (const std::string& fact : finding.facts) out += one_line(fmt::format("{}: {}", finding.address, fact)) + "\n";
  return out;
}

std::string conformance_text(const ConformanceReport& report) {
  std::string out;
  for (const ConformanceCase& one : report.cases) {
    const std::string said = !one.failure.empty()   ? "FAILED: " + one.failure
                             : !one.skipped.empty() ? "skipped: " + one.skipped
                                                    : "passed";
    out += one_line(fmt::format("{}: {}", one.name, said)) + "\n";
  }
  return out;
}

int show_conformance(const DestinationCommand& command) {
  const Result<ConformanceReport> report = test_conformance(command.destination);
  if (!report) return complain(report.error());
  const int shown = print(command.form == ReportForm::json ? to_json(*report) + "\n" : conformance_text(*report));
  return report->has_passed() ? shown : static_cast<int>(Ending::failed);
}

template <class Value>
int show(const Result<Value>& found, ReportForm form, std::string (*text)(const Value&)) {
  if (!found) return complain(found.error());
  return print(form == ReportForm::json ? to_json(*found) + "\n" : text(*found));
}

}  // namespace

int destination(const DestinationCommand& command) {
  switch (command.verb) {
    case DestinationVerb::list:
      return show(list_destinations(), command.form, list_text);
    case DestinationVerb::capabilities:
      return show(destination_capabilities(command.destination), command.form, capabilities_text);
    case DestinationVerb::test:
      return show(test_destination(command.destination, say_waiting), command.form, finding_text);
    case DestinationVerb::test_conformance:
      return show_conformance(command);
  }
  return 0;
}

}  // namespace outfall::cli
