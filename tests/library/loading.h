// SPDX-License-Identifier: Apache-2.0
//
// What the tests of the library share: a world of its own for each, and a look at what a table holds.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/scratch_folder.h"
#include "outfall/outfall.h"

namespace outfall::library {

class Loading : public testing::Test {
 protected:
  std::string address() const { return "duckdb:" + (folder_ / "db.duckdb"); }

  PipelineOptions to_database(std::string name = "p") const {
    return {.name = std::move(name), .destination = address(), .dataset = "d", .data_dir = folder_ / "state"};
  }

  /// The first column of all rows, in order.
  std::vector<std::string> look(const std::string& statement) const {
    std::vector<std::string> found;
    const auto done = query({.destination = address(), .statement = statement, .dataset = "d"},
                            {.row = [&](std::span<const QueryCell> cells) {
                              found.emplace_back(cells[0].value_or("NULL"));
                              return true;
                            }});
    EXPECT_TRUE(done) << done.error().message;
    return found;
  }

  ScratchFolder folder_;
};

inline std::string message_of(const Report& report) {
  return report.error ? report.error->message : "";
}

}  // namespace outfall::library
