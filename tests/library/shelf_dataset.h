// SPDX-License-Identifier: Apache-2.0
//
// Shelf: a destination that takes whole loads and keeps them in memory, in each of the modes that there are, and with
// each of the faults that the conformance suite is to find.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "outfall/dataset_destination.h"

namespace outfall::library {

enum class ShelfFault {
  none,
  forgets_loads,       ///< has_load has none
  forgets_state,       ///< of the pipeline
  keeps_one_schema,    ///< the newest
  shows_rows_early,    ///< before the load is complete
  takes_jobs_twice,    ///< under one id
  keeps_nested_rows,   ///< of a table that is replaced
  loses_the_last_row,  ///< of each job
  throws,              ///< where a load is to be completed
};

/// What outlives an object.
struct ShelfData {
  std::map<std::string, std::vector<std::string>> tables{};
  std::vector<DatasetSchema> schemas{};
  std::vector<DatasetLoad> loads{};
  std::vector<DatasetState> states{};
  std::set<std::string> jobs{};
};

struct ShelfStore {
  std::map<std::string, ShelfData> datasets{};
  std::vector<std::string> abandoned{};  ///< load ids
  std::string password{};                ///< that it was opened with
  int calls = 0;                         ///< that change something
};

class Shelf final : public DatasetDestination {
 public:
  Shelf(std::shared_ptr<ShelfStore> store, DatasetOptions options, ShelfFault fault = ShelfFault::none)
      : DatasetDestination(std::move(options)), store_(std::move(store)), fault_(fault) {}

  Status open(const Settings& settings) override {
    store_->password = settings("password").value_or("");
    return {};
  }
  Result<bool> has_load(const std::string& dataset, const std::string& load_id) override {
    const Result<std::vector<DatasetLoad>> all = loads(dataset);
    return std::ranges::find(*all, load_id, &DatasetLoad::load_id) != all->end();
  }
  Result<std::vector<DatasetLoad>> loads(const std::string& dataset) override {
    if (fault_ == ShelfFault::forgets_loads) return std::vector<DatasetLoad>();
    return store_->datasets[dataset].loads;
  }
  Result<std::optional<DatasetSchema>> stored_schema(const std::string& dataset, const std::string& name,
                                                     const std::string& version_hash) override {
    std::optional<DatasetSchema> newest;
    for (const DatasetSchema& schema : store_->datasets[dataset].schemas) {
      if ((name.empty() || schema.name == name) && (version_hash.empty() || schema.version_hash == version_hash))
        newest = schema;
    }
    return newest;
  }
  Result<std::optional<DatasetState>> stored_state(const std::string& dataset, const std::string& pipeline) override {
    std::optional<DatasetState> newest;
    for (const DatasetState& state : store_->datasets[dataset].states) {
      if (state.pipeline == pipeline && fault_ != ShelfFault::forgets_state) newest = state;
    }
    return newest;
  }
  Status read(const std::string& dataset, const std::string& table, const TakeLines& take) override {
    for (const std::string& row : store_->datasets[dataset].tables[table]) {
      if (Status taken = take(row + "\n"); !taken) return taken;
    }
    return {};
  }

  Status migrate(const LoadPlan& plan) override {
    ++store_->calls;
    ShelfData& data = store_->datasets[plan.dataset];
    if (fault_ == ShelfFault::keeps_one_schema) data.schemas.clear();
    data.schemas.push_back(plan.schema);
    return {};
  }
  Status begin_load(const LoadPlan& plan) override {
    ++store_->calls;
    staged_.clear();
    ShelfData& data = store_->datasets[plan.dataset];
    if (!is_seen_at_once()) return {};
    for (const TablePlan& table : plan.tables) {
      if (!empties(table)) continue;
      data.tables[table.schema.name].clear();
      std::erase_if(data.jobs, [&](const std::string& job) { return job.starts_with(plan.load_id); });
    }
    return {};
  }
  Status load_job(const LoadPlan& plan, LoadJob& job) override {
    ++store_->calls;
    ShelfData& data = store_->datasets[plan.dataset];
    const bool is_known = options().mode == DeliveryMode::idempotency_key && data.jobs.contains(job.id());
    std::vector<std::string> rows;
    Result<std::string_view> lines = job.next_lines();
    for (; lines && !lines->empty(); lines = job.next_lines()) add_rows(*lines, rows);
    if (!lines) return fail(lines.error());
    if (fault_ == ShelfFault::loses_the_last_row) rows.pop_back();
    if (is_known && fault_ != ShelfFault::takes_jobs_twice) return {};
    std::vector<std::string>& place =
        is_seen_at_once() ? data.tables[job.table().schema.name] : staged_[job.table().schema.name];
    place.insert(place.end(), rows.begin(), rows.end());
    data.jobs.insert(job.id());
    return {};
  }
  Status complete_load(const LoadPlan& plan, const std::optional<DatasetState>& state) override {
    ++store_->calls;
    if (fault_ == ShelfFault::throws) throw std::runtime_error("the shelf broke");
    ShelfData& data = store_->datasets[plan.dataset];
    for (const TablePlan& table : plan.tables) put(table, data.tables[table.schema.name]);
    data.loads.push_back({.load_id = plan.load_id,
                          .schema_name = plan.schema.name,
                          .schema_version_hash = plan.schema.version_hash,
                          .completed_at = plan.schema.stored_at});
    if (state) data.states.push_back(*state);
    return {};
  }
  Status abandon_load(const std::string&, const std::string& load_id) override {
    store_->abandoned.push_back(load_id);
    return {};
  }

 private:
  bool is_seen_at_once() const {
    return options().mode != DeliveryMode::transactional || fault_ == ShelfFault::shows_rows_early;
  }
  bool empties(const TablePlan& table) const {
    return table.is_replaced && (table.schema.parent.empty() || fault_ != ShelfFault::keeps_nested_rows);
  }

  static void add_rows(std::string_view lines, std::vector<std::string>& rows) {
    for (std::size_t begin = 0; begin < lines.size();) {
      const std::size_t end = lines.find('\n', begin);
      rows.emplace_back(lines.substr(begin, end - begin));
      begin = end + 1;
    }
  }

  /// Of the column `id`, with its value.
  static std::string key_of(const std::string& row) {
    const std::size_t begin = row.find("\"id\":");
    return row.substr(begin, row.find_first_of(",}", begin) - begin);
  }

  void put(const TablePlan& table, std::vector<std::string>& rows) {
    if (is_seen_at_once()) return;
    if (empties(table)) rows.clear();
    for (const std::string& row : staged_[table.schema.name]) {
      const auto has_key = [&](const std::string& there) { return key_of(there) == key_of(row); };
      if (table.merge == MergeStrategy::insert_only && std::ranges::any_of(rows, has_key)) continue;
      if (table.merge) std::erase_if(rows, has_key);
      rows.push_back(row);
    }
  }

  const std::shared_ptr<ShelfStore> store_;
  const ShelfFault fault_;
  std::map<std::string, std::vector<std::string>> staged_;  ///< of the load at hand, by table
};

}  // namespace outfall::library
