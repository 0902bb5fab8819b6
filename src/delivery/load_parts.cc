// SPDX-License-Identifier: Apache-2.0
#include "delivery/load_parts.h"

#include <algorithm>
#include <map>
#include <utility>

#include "delivery/load_order.h"
#include "delivery/package_tables.h"

namespace outfall::delivery {
namespace {

/// No job file is called so.
std::string mark_of_emptied(const std::string& table) {
  return "/" + table;
}

void keep_if(ledger::PackageRecord& package, const auto& keeps) {
  std::erase_if(package.jobs, [&](const ledger::JobRecord& job) { return !keeps(job.file); });
  std::erase_if(package.replaced, [&](const std::string& table) { return !keeps(mark_of_emptied(table)); });
}

}  // namespace

std::vector<LoadPart> load_parts(const LoadRequest& request, const std::vector<sql::Constraint>& constraints,
                                 const sql::Dialect& dialect) {
  const ledger::PackageRecord& package = request.package;
  const std::vector<const schema::Table*> merged = merged_roots(package, request.schema);
  const std::vector<const ledger::JobRecord*> jobs = jobs_in_order(package, constraints, dialect);
  std::vector<LoadPart> parts;
  for (const schema::Table* root : roots_in_order(request, constraints, dialect)) {
    const bool is_replaced = std::ranges::find(package.replaced, root->name) != package.replaced.end();
    const bool is_one =
        request.commit == CommitUnit::table || is_replaced || std::ranges::find(merged, root) != merged.end();
    LoadPart part;
    if (is_replaced) part.push_back(mark_of_emptied(root->name));
    for (const ledger::JobRecord* job : jobs) {
      if (request.schema.root_of(job->table) != root->name) continue;
      part.push_back(job->file);
      if (!is_one) parts.push_back(std::exchange(part, {}));
    }
    if (!part.empty()) parts.push_back(std::move(part));
  }
  return parts;
}

ledger::PackageRecord without_parts(ledger::PackageRecord package, const std::set<std::string>& marks) {
  keep_if(package, [&](const std::string& mark) { return !marks.contains(mark); });
  return package;
}

ledger::PackageRecord only_part(ledger::PackageRecord package, const LoadPart& part) {
  keep_if(package, [&](const std::string& mark) { return std::ranges::find(part, mark) != part.end(); });
  return package;
}

bool are_documents_divided(const LoadRequest& request, const std::set<std::string>& marks) {
  struct Jobs {
    std::set<std::string_view> tables;
    std::set<bool> are_marked;
  };
  std::map<std::string_view, Jobs> by_root;
  for (const ledger::JobRecord& job : request.package.jobs) {
    Jobs& jobs = by_root[request.schema.root_of(job.table)];
    jobs.tables.insert(job.table);
    jobs.are_marked.insert(marks.contains(job.file));
  }
  return std::ranges::any_of(
      by_root, [](const auto& root) { return root.second.tables.size() > 1 && root.second.are_marked.size() > 1; });
}

LoadRequest with_package(const LoadRequest& request, const ledger::PackageRecord& package) {
  return {.package = package,
          .schema = request.schema,
          .folder = request.folder,
          .check = request.check,
          .progress = request.progress,
          .waiting = request.waiting,
          .refusals = request.refusals,
          .replace_strategy = request.replace_strategy,
          .commit = request.commit,
          .part_committed = request.part_committed,
          .lanes = request.lanes,
          .stop = request.stop};
}

}  // namespace outfall::delivery
