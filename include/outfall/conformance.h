// SPDX-License-Identifier: Apache-2.0
//
// The conformance suite of destinations that take whole loads (outfall/dataset_destination.h): whether one keeps what
// it promises. It runs pipelines into it, breaks loads off between any two calls, goes on with new objects, as another
// process would, and looks at what is there.
//
//   const auto report = outfall::test_conformance({.make = [] { return std::make_shared<Folder>("out"); }});
//   for (const outfall::ConformanceCase& one : report->cases) EXPECT_EQ(one.failure, "") << one.name;
//
// Of a plugin: `outfall destination test plugin:./libfolder.so#folder --conformance`.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "outfall/dataset_destination.h"
#include "outfall/error.h"

namespace outfall {

/// How a destination differs from others, beside its DatasetOptions.
struct ConformanceQuirks {
  /// A new object for the same data. Called for each case several times.
  std::function<std::shared_ptr<DatasetDestination>()> make{};
  /// Datasets that the suite makes, and leaves behind, begin so. None of them may be there.
  std::string dataset = "conformance";
  /// It answers DatasetDestination::read. Without, nobody knows whether rows are there once.
  bool reads_back = true;
};

struct ConformanceCase {
  std::string name{};
  std::string failure{};  ///< empty: passed
  std::string skipped{};  ///< why it does not apply; empty: it does
};

struct ConformanceReport {
  std::vector<ConformanceCase> cases{};

  bool has_passed() const {
    for (const ConformanceCase& one : cases) {
      if (!one.failure.empty()) return false;
    }
    return true;
  }
};

/// Takes some seconds. State is kept in a folder for temporary files, and removed.
///
/// Errors: usage: no object could be made.
Result<ConformanceReport> test_conformance(const ConformanceQuirks& quirks);

/// The same of a plugin, by its address or its name in the configuration. Datasets begin with "conformance_" and the
/// time.
///
/// Errors: usage: it is no destination that takes whole loads.
Result<ConformanceReport> test_conformance(const std::string& destination);

/// As one JSON document without line breaks.
std::string to_json(const ConformanceReport& report);

}  // namespace outfall
