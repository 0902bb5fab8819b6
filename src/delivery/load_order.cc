// SPDX-License-Identifier: Apache-2.0
#include "delivery/load_order.h"

#include <algorithm>
#include <map>
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

/// Names in their own order, but those first that others refer to.
std::vector<std::string> in_order(std::vector<std::string> waiting, const References& references) {
  std::vector<std::string> ordered;
  while (!waiting.empty()) {
    auto next = std::ranges::find_if(waiting, [&](const std::string& table) {
      return std::ranges::none_of(waiting,
                                  [&](const std::string& other) { return references.contains({table, other}); });
    });
    if (next == waiting.end()) next = waiting.begin();
    ordered.push_back(std::move(*next));
    waiting.erase(next);
  }
  return ordered;
}

}  // namespace

std::vector<const ledger::JobRecord*> jobs_in_order(const ledger::PackageRecord& package,
                                                    const std::vector<sql::Constraint>& constraints,
                                                    const sql::Dialect& dialect) {
  std::vector<std::string> tables;  // in the order of their first jobs
  for (const ledger::JobRecord& job : package.jobs) {
    std::string table = sql::folded(dialect, job.table);
    if (std::ranges::find(tables, table) == tables.end()) tables.push_back(std::move(table));
  }
  std::vector<const ledger::JobRecord*> jobs;
  for (const std::string& table : in_order(std::move(tables), references_of(constraints, dialect))) {
    for (const ledger::JobRecord& job : package.jobs) {
      if (sql::folded(dialect, job.table) == table) jobs.push_back(&job);
    }
  }
  return jobs;
}

std::vector<const schema::Table*> roots_in_order(const LoadRequest& request,
                                                 const std::vector<sql::Constraint>& constraints,
                                                 const sql::Dialect& dialect) {
  std::map<std::string, std::string> roots;  // by folded name of a table: that of its root
  std::map<std::string, const schema::Table*> tables;
  std::vector<std::string> names;
  for (const ledger::JobRecord& job : request.package.jobs) {
    const schema::Table* root = request.schema.tables.find(request.schema.root_of(job.table));
    if (root == nullptr) continue;
    const std::string name = sql::folded(dialect, root->name);
    roots[sql::folded(dialect, job.table)] = name;
    if (tables.emplace(name, root).second) names.push_back(name);
  }
  References references;
  for (const auto& [table, referenced] : references_of(constraints, dialect)) {
    const auto from = roots.find(table);
    const auto to = roots.find(referenced);
    if (from != roots.end() && to != roots.end() && from->second != to->second)
      references.emplace(from->second, to->second);
  }
  std::vector<const schema::Table*> ordered;
  for (const std::string& name : in_order(std::move(names), references)) ordered.push_back(tables.at(name));
  return ordered;
}

}  // namespace outfall::delivery
