// SPDX-License-Identifier: Apache-2.0
//
// What becomes of refused documents in the last part of a load that commits in parts.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "delivery/destination.h"

namespace outfall::delivery {

/// Documents are refused of what is left of a package, and told of as rows of the whole of it.
class RestRefusals : public Refusals {
 public:
  /// `marks` are those of jobs that are left no more: of each table the first ones.
  RestRefusals(Refusals& told, const ledger::PackageRecord& package, const std::set<std::string>& marks) : told_(told) {
    for (const ledger::JobRecord& job : package.jobs) {
      if (marks.contains(job.file)) rows_before_[job.table] += job.rows;
    }
  }
  bool are_allowed() const override { return told_.are_allowed(); }
  bool wants_texts() const override { return told_.wants_texts(); }
  Status begin(std::uint64_t documents, const std::map<std::string, std::uint64_t>& rows,
               const std::string& first_reason) override {
    return told_.begin(documents, rows, first_reason);
  }
  Status take(const RefusedDocument& document) override {
    RefusedDocument of_package = document;
    if (const auto before = rows_before_.find(document.table); before != rows_before_.end())
      of_package.row += before->second;
    return told_.take(of_package);
  }
  Status keep() override { return told_.keep(); }

 private:
  Refusals& told_;
  std::map<std::string, std::uint64_t> rows_before_;  ///< by table
};

/// No document is left out, whatever was left out before.
class NoRefusals final : public RestRefusals {
 public:
  using RestRefusals::RestRefusals;
  bool are_allowed() const override { return false; }
  bool wants_texts() const override { return false; }
};

}  // namespace outfall::delivery
