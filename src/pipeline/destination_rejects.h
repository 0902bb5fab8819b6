// SPDX-License-Identifier: Apache-2.0
//
// DestinationRejects: what a run does with documents of a package that the destination refuses while it takes the
// others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "delivery/destination.h"
#include "delivery/letter_keys.h"
#include "ledger/ledger.h"
#include "outfall/pipeline.h"
#include "outfall/report.h"
#include "pipeline/letter_keeper.h"
#include "pipeline/row_places.h"
#include "pipeline/run.h"

namespace outfall::pipeline {

/// What becomes of a package of which more is refused than may be.
enum class IfTooMany {
  it_is_given_up,  ///< its inputs are there to be read again
  it_waits,
};

/// One package, however many attempts its load takes.
class DestinationRejects final : public delivery::Refusals {
 public:
  /// All outlive the object. `keys` are those of the package; `if_too_many` says what becomes of it then.
  DestinationRejects(const RunRequest& request, const ledger::PackageRecord& package, std::string run_id,
                     ledger::Ledger& ledger, delivery::PackageKeys& keys, IfTooMany if_too_many)
      : request_(request),
        package_(package),
        run_id_(std::move(run_id)),
        ledger_(ledger),
        letters_(ledger),
        keys_(keys),
        places_(package, ledger, request.destination.capabilities().name_length_max()),
        if_too_many_(if_too_many),
        is_recorded_(package.refused > 0) {}

  bool are_allowed() const override;
  bool wants_texts() const override;
  Status begin(std::uint64_t documents, const std::map<std::string, std::uint64_t>& rows,
               const std::string& first_reason) override;
  Status take(const delivery::RefusedDocument& document) override;
  Status keep() override;

  /// A part of the package is at the destination, and is not to be read again.
  void part_is_committed() { if_too_many_ = IfTooMany::it_waits; }

  /// Whether the newest attempt failed because more is refused than may be left out.
  bool are_too_many() const { return are_too_many_; }

  /// Whether an attempt of this process said what it leaves out.
  bool was_told() const { return was_told_; }

  /// Of the newest attempt that said it.
  std::uint64_t count() const { return count_; }
  /// With all that is nested in them, by table.
  const std::map<std::string, std::uint64_t>& rows() const { return rows_; }
  /// The first of them, for the report.
  const std::vector<RejectReport>& first() const { return first_; }
  /// How many came from each input whose path is known.
  const std::map<std::string, std::uint64_t>& by_input() const { return by_input_; }

 private:
  Status check_bounds(const std::string& first_reason) const;

  const RunRequest& request_;
  const ledger::PackageRecord& package_;
  std::string run_id_;
  ledger::Ledger& ledger_;
  LetterKeeper letters_;
  delivery::PackageKeys& keys_;
  RowPlaces places_;
  IfTooMany if_too_many_;
  bool are_too_many_ = false;
  bool is_recorded_;  ///< the ledger holds that some are left out
  bool was_told_ = false;
  std::uint64_t count_ = 0;
  std::map<std::string, std::uint64_t> rows_;
  std::vector<RejectReport> first_;
  std::map<std::string, std::uint64_t> by_input_;
};

}  // namespace outfall::pipeline
