// SPDX-License-Identifier: Apache-2.0
//
// RejectedRows: what a run does with documents that cannot become rows, and when there are too many of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/env.h"
#include "ledger/ledger.h"
#include "normalize/normalizer.h"
#include "outfall/pipeline.h"
#include "outfall/report.h"
#include "pipeline/document_primary_keys.h"
#include "pipeline/letter_keeper.h"

namespace outfall::pipeline {

/// What normalizing is to do with them.
normalize::BadDocuments bad_documents(const RunOptions& options);

/// Rejected rows that a report repeats; the state store has all of them.
inline constexpr std::size_t rejects_reported_max = 10;

/// Whether so many rejected rows among all are more than a run may have, and how many that is, as --max-bad-rows has
/// it. None: they are not.
std::optional<std::string> exceeded_bound(const RunOptions& options, std::uint64_t rejected, std::uint64_t rows);

/// Errors: rows were asked for (RunOptions::fail_if_empty), and none of the inputs has any.
Status check_has_rows(const RunOptions& options, const std::vector<InputReport>& inputs);

class RejectedRows {
 public:
  /// `ledger` null: they are counted, and kept nowhere. All outlive the object.
  RejectedRows(const RunOptions& options, const std::vector<normalize::InputFacts>& inputs, DocumentPrimaryKeys keys,
               ledger::Ledger* ledger, Env& env)
      : options_(options), inputs_(inputs), keys_(std::move(keys)), env_(env) {
    if (ledger != nullptr) letters_.emplace(*ledger);
  }

  /// Sets one aside.
  ///
  /// Errors: more than a run may have, by number or by what keeping them takes; the state store cannot take it.
  Status take(const normalize::RejectedDocument& document);

  /// Once all of them are known, among `accepted` rows that are none of them.
  ///
  /// Errors: more than a run may have.
  Status check(std::uint64_t accepted) const;

  std::uint64_t count() const { return count_; }
  /// The first of them, for the report.
  const std::vector<RejectReport>& first() const { return first_; }

 private:
  Status keep(const normalize::RejectedDocument& document);
  Error too_many(std::string found, std::string allowed) const;

  const RunOptions& options_;
  const std::vector<normalize::InputFacts>& inputs_;
  DocumentPrimaryKeys keys_;
  std::optional<LetterKeeper> letters_;
  Env& env_;
  std::uint64_t count_ = 0;
  std::vector<RejectReport> first_;
  normalize::PlaceUnit first_unit_ = normalize::PlaceUnit::line;
};

}  // namespace outfall::pipeline
