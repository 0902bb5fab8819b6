// SPDX-License-Identifier: Apache-2.0
//
// RowPlaces: in which input a row of a package stood, and as which of its documents.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ledger/ledger.h"
#include "outfall/error.h"
#include "schema/naming.h"

namespace outfall::pipeline {

class RowPlaces {
 public:
  struct Place {
    std::string input;      ///< its path or run key; empty: not known
    std::uint64_t row = 0;  ///< of the input's documents that became rows, or else of the table, from 1
  };

  /// `name_length_max`: of tables, at the destination. All outlive the object.
  RowPlaces(const ledger::PackageRecord& package, ledger::Ledger& ledger,
            std::optional<schema::NameLimit> name_length_max)
      : package_(package), ledger_(ledger), name_length_max_(name_length_max) {}

  /// Of a row of a root table, counted from 0 over its job files.
  Result<Place> of(const std::string& table, std::uint64_t row);

  /// The same, counted in one job file.
  Result<Place> of_job(const std::string& job_file, std::uint64_t row);

 private:
  /// Of a table: where the rows of each input end, in their order. None: it is not known which rows are whose.
  using InputEnds = std::vector<std::pair<std::uint64_t, std::string>>;

  Result<InputEnds> find_ends(const std::string& table);

  const ledger::PackageRecord& package_;
  ledger::Ledger& ledger_;
  const std::optional<schema::NameLimit> name_length_max_;
  std::map<std::string, InputEnds> ends_;  ///< by table
};

/// Says in the letter of a row that was rejected where it stood in the input. Where that is not known the letter stays
/// as it is.
Status place_letter(RowPlaces& places, ledger::Letter& letter);

}  // namespace outfall::pipeline
