// SPDX-License-Identifier: Apache-2.0
//
// What the tests of functions as destinations share: rows with numbers, and a pipeline into the function.
#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include "loading.h"

namespace outfall::library {

/// Rows of the ids [0, rows).
inline std::vector<std::string> numbered(int rows) {
  std::vector<std::string> out;
  for (int i = 0; i < rows; ++i) out.push_back(fmt::format(R"({{"id":{},"name":"n{}"}})", i, i));
  return out;
}

inline std::vector<std::int64_t> ids(const Rows& rows) {
  std::vector<std::int64_t> out;
  for (const Row row : rows) out.push_back(row.get<std::int64_t>("id").value_or(-1));
  return out;
}

inline std::vector<std::int64_t> counted_from(std::int64_t first, std::int64_t last) {
  std::vector<std::int64_t> found(static_cast<std::size_t>(last - first));
  std::iota(found.begin(), found.end(), first);
  return found;
}

class CustomLoading : public Loading {
 protected:
  template <class F>
  Report run(CustomOptions options, F function, const std::vector<std::string>& rows, RunOptions run_options = {}) {
    if (options.name.empty()) options.name = "sink";
    return run_to(custom_destination(std::move(options), std::move(function)), rows, std::move(run_options));
  }

  Report run_to(std::shared_ptr<CustomDestination> to, const std::vector<std::string>& rows, RunOptions options = {}) {
    options.from_memory = {{.table = "users", .documents = documents(rows)}};
    return pipeline(std::move(to)).run(options);
  }

  /// Rows of several tables.
  template <class F>
  Report run_tables(CustomOptions options, F function, const std::map<std::string, std::vector<std::string>>& tables,
                    RunOptions run_options = {}) {
    if (options.name.empty()) options.name = "sink";
    for (const auto& [name, rows] : tables)
      run_options.from_memory.push_back({.table = name, .documents = documents(rows)});
    return pipeline(custom_destination(std::move(options), std::move(function))).run(run_options);
  }

  Pipeline pipeline(std::shared_ptr<CustomDestination> to) const {
    return Pipeline({.name = "p", .custom_destination = std::move(to), .data_dir = folder_ / "state"});
  }

  std::vector<DeadLetter> letters() const {
    std::vector<DeadLetter> found;
    EXPECT_TRUE(visit_dead_letters({.data_dir = folder_ / "state"}, [&](const DeadLetter& letter) {
      found.push_back(letter);
      return true;
    }));
    return found;
  }

  /// What is known of the tables of the newest package.
  std::vector<TableStatus> table_statuses() const {
    const Result<DataDirStatus> found = status({.data_dir = folder_ / "state", .pipeline = "p"});
    EXPECT_TRUE(found) << found.error().message;
    return found->pipelines.at(0).packages.at(0).tables;
  }
};

}  // namespace outfall::library
