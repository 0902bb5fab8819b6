// SPDX-License-Identifier: Apache-2.0
//
// LoadAccount: what the report of a run says of its packages: the balance, tables, rejected rows, letters.
//
// A package is added when the run meets it, with all that is pending of it. What becomes of it is added by the one run
// that does it, so that the reports of all runs together say each row once.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "delivery/destination.h"
#include "ledger/ledger.h"
#include "outfall/error.h"
#include "outfall/report.h"
#include "pipeline/destination_rejects.h"
#include "pipeline/row_places.h"
#include "schema/schema.h"

namespace outfall::pipeline {

/// Whether an earlier run has sealed a package.
enum class Resumed { no, yes };

bool is_root(const schema::Schema& schema, const std::string& name);

/// Used by one thread. Errors of all methods: the ledger cannot be read, or its schemas.
class LoadAccount {
 public:
  /// It outlives the object.
  explicit LoadAccount(Report& report) : report_(report) {}

  /// Before anything else. The same.
  void attach(ledger::Ledger* ledger) { ledger_ = ledger; }

  /// A sealed package: what was rejected is settled by the seal, what is in it waits for its destination. What its
  /// destination has rejected of it counts where nobody was told.
  Status add(const ledger::PackageRecord& package);
  /// A package that is loaded, by a run that was killed before it told what was rejected.
  Status add_untold(const ledger::UntoldLoad& load);
  /// Documents that were rejected with a package, unless that was told.
  Status add_rejected(const std::string& load_id, std::uint64_t rejected);
  /// A package that this run has sealed and given up: as if it had read nothing.
  void take_back(const ledger::PackageRecord& package);

  /// Lanes of a package are about to be worked on, and those of no other.
  void begin_lanes() { rejected_by_input_.clear(); }
  /// They have rejected a document of this input.
  void note_rejected(const std::string& input) { ++rejected_by_input_[input]; }
  /// What the lanes have come to. `package` is what it was before.
  Status add_lanes(const ledger::PackageRecord& package, const delivery::LanesSummary& lanes,
                   const schema::Schema& schema, RowPlaces& places);
  Status tell_lanes(const ledger::PackageRecord& package, const schema::Schema& schema, Resumed resumed);

  /// A package that is loaded now.
  void add_loaded(const ledger::PackageRecord& package, const schema::Schema& schema,
                  const delivery::LoadSummary& summary, Resumed resumed);
  /// Behind it: its documents that the destination has left out.
  Status add_refused(const ledger::PackageRecord& package, const DestinationRejects& rejects, Resumed resumed);

  /// A package that this run has sealed, or that it was there to deliver, is not where it was to go.
  Status tell_pending(const ledger::PackageRecord& package);
  /// At the end: all packages that wait.
  void list_pending();

 private:
  Result<std::uint64_t> add_letters(const ledger::UntoldLoad& load);
  Status count_rejected(const std::string& load_id, std::uint64_t rejected);
  Status tell_letters(const std::string& load_id);
  void tell_failed(const delivery::LanesSummary& lanes);
  void add_rejected_of_inputs(const std::map<std::string, std::uint64_t>& by_input);
  TableReport& table_report(const std::string& name, const schema::Schema& schema);

  Report& report_;
  ledger::Ledger* ledger_ = nullptr;
  /// The load ids whose rejected rows are in the balance, with as many letters as were told.
  std::map<std::string, std::uint64_t> balanced_;
  /// By lanes of the package in hand, as far as letters are kept.
  std::map<std::string, std::uint64_t> rejected_by_input_;
};

}  // namespace outfall::pipeline
