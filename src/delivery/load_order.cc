// SPDX-License-Identifier: Apache-2.0
#include "delivery/load_order.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace outfall::delivery {
namespace {

/// Folded names: a table, and one that it refers to.
using References = std::set<std::pair<std::string, std::string>>;

References references_of(const std::vector<sql::Constraint>& constraints, const sql::Dialect& dialect) {
  References references;
  for (const sql::Constraint& constraint : constraints) {
    if (constraint.kind != sql::Constraint::Kind::foreign_key) continue;
    std::string table = sql::folded(dialect, constraint.table);
    std::string referenced = sql::folded(dialect, constraint.referenced_table);
    if (table != referenced) references.emplace(std::move(table), std::move(referenced));
  }
  return references;
}

}  // namespace

std::vector<const ledger::JobRecord*> jobs_in_order(const ledger::PackageRecord& package,
                                                    const std::vector<sql::Constraint>& constraints,
                                                    const sql::Dialect& dialect) {
  const References references = references_of(constraints, dialect);
  std::vector<std::string> waiting;  // tables, in the order of their first jobs
  for (const ledger::JobRecord& job : package.jobs) {
    std::string table = sql::folded(dialect, job.table);
    if (std::ranges::find(waiting, table) == waiting.end()) waiting.push_back(std::move(table));
  }
  std::vector<const ledger::JobRecord*> jobs;
  while (!waiting.empty()) {
    auto next = std::ranges::find_if(waiting, [&](const std::string& table) {
      return std::ranges::none_of(waiting,
                                  [&](const std::string& other) { return references.contains({table, other}); });
    });
    if (next == waiting.end()) next = waiting.begin();
    for (const ledger::JobRecord& job : package.jobs) {
      if (sql::folded(dialect, job.table) == *next) jobs.push_back(&job);
    }
    waiting.erase(next);
  }
  return jobs;
}

}  // namespace outfall::delivery
