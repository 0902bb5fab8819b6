// SPDX-License-Identifier: Apache-2.0
//
// Runs recorded cases of dlt against our code: outfall_vectors DIR
//
// Prints a line a file, each failing case, and the rules by which we differ on purpose with their counts. Exit 0: every
// case passed or differs by a rule. 1: a case failed, a file is missing, or a file has no runner here. 2: wrong usage.
#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "base/utf8.h"
#include "vector_file.h"

namespace outfall::vectors {
namespace {

constexpr std::size_t failures_shown_max = 20;  // a file; the counts are always whole
constexpr std::size_t case_characters_shown_max = 300;

struct Counts {
  std::size_t passed = 0;
  std::size_t failed = 0;
  std::size_t differing = 0;
};

struct RuleOrder {
  bool operator()(const Rule* a, const Rule* b) const { return a->name < b->name; }
};
using RuleCounts = std::map<const Rule*, std::size_t, RuleOrder>;

Result<Json> read_cases(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return fail("it cannot be read");
  std::ostringstream text;
  text << in.rdbuf();
  Result<Json> cases = parse_json(text.view());
  if (cases && (!cases->is_array() || cases->as_array()->empty())) return fail("it holds no array of cases");
  return cases;
}

Outcome judge(const VectorFile& file, const Json& test_case) {
  try {
    return file.run(test_case);
  } catch (const std::exception& error) {
    return Failed{fmt::format("threw: {}", error.what())};
  }
}

void print_failure(std::size_t place, const Json& test_case, const Failed& failure) {
  const std::string text = to_json(test_case);
  const std::string_view shown = utf8_prefix(text, case_characters_shown_max);
  fmt::print("  case {}: {}\n    {}{}\n", place, failure.why, shown, shown.size() < text.size() ? "..." : "");
}

Counts run_cases(const VectorFile& file, const Json::Array& cases, RuleCounts& rules) {
  Counts counts;
  for (std::size_t place = 0; place < cases.size(); ++place) {
    const Outcome outcome = judge(file, cases[place]);
    if (std::holds_alternative<Passed>(outcome)) {
      ++counts.passed;
    } else if (const auto* difference = std::get_if<ExpectedDifference>(&outcome)) {
      ++counts.differing;
      ++rules[difference->rule];
    } else {
      ++counts.failed;
      if (counts.failed <= failures_shown_max) print_failure(place, cases[place], std::get<Failed>(outcome));
    }
  }
  if (counts.failed > failures_shown_max) fmt::print("  ... and {} more\n", counts.failed - failures_shown_max);
  return counts;
}

/// Whether every case of the file passed or differs by a rule.
bool run_file(const VectorFile& file, const std::filesystem::path& folder, RuleCounts& rules) {
  const Result<Json> cases = read_cases(folder / file.name);
  if (!cases) {
    fmt::print("{}: {}\n", file.name, cases.error().message);
    return false;
  }
  const Counts counts = run_cases(file, *cases->as_array(), rules);
  fmt::print("{:<18} {:>5} passed {:>5} failed {:>5} expected differences\n", file.name, counts.passed, counts.failed,
             counts.differing);
  return counts.failed == 0;
}

/// Recorded files that nothing here runs.
std::vector<std::string> unknown_files(const std::filesystem::path& folder) {
  std::vector<std::string> unknown;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    const bool known = std::ranges::find(Registration::all(), name, &VectorFile::name) != Registration::all().end();
    if (entry.path().extension() == ".json" && !known) unknown.push_back(name);
  }
  std::ranges::sort(unknown);
  return unknown;
}

int run_folder(const std::filesystem::path& folder) {
  std::vector<VectorFile>& files = Registration::all();
  std::ranges::sort(files, {}, &VectorFile::name);
  bool good = !files.empty();
  RuleCounts rules;
  for (const VectorFile& file : files) {
    if (!run_file(file, folder, rules)) good = false;
  }
  for (const std::string& name : unknown_files(folder)) {
    fmt::print("{}: nothing here runs it\n", name);
    good = false;
  }
  if (!rules.empty()) fmt::print("\nwhere we differ on purpose:\n");
  for (const auto& [rule, count] : rules) fmt::print("{:>5}  {}: {}\n", count, rule->name, rule->reason);
  return good ? 0 : 1;
}

}  // namespace
}  // namespace outfall::vectors

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: outfall_vectors DIR\n");
    return 2;
  }
  return outfall::vectors::run_folder(argv[1]);
}
