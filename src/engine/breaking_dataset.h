// SPDX-License-Identifier: Apache-2.0
//
// BreakingDataset: hands every call on to a DatasetDestination, and breaks a load off where it is told to, as a process
// that dies there would.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "outfall/dataset_destination.h"

namespace outfall::engine {

enum class BreakAt { migrate, begin_load, load_job, complete_load };
enum class BreakWhen {
  before,  ///< the call is not made
  amid,    ///< of load_job: behind the first row
  behind,  ///< it is made, and nobody hears of its answer
};

struct Break {
  BreakAt at = BreakAt::migrate;
  BreakWhen when = BreakWhen::before;
  int nth = 1;  ///< of these calls
  /// abandon: the run ends there; resolve: it goes on as after an answer that was lost.
  Remedy remedy = Remedy::abandon;
};

/// The first row, and then none.
class BreakingJob final : public LoadJob {
 public:
  explicit BreakingJob(LoadJob& inner) : inner_(inner) {}

  const std::string& id() const override { return inner_.id(); }
  const TablePlan& table() const override { return inner_.table(); }
  std::uint64_t row_count() const override { return inner_.row_count(); }
  Result<std::string_view> next_lines() override {
    if (was_asked_) return broken();
    was_asked_ = true;
    const Result<std::string_view> lines = inner_.next_lines();
    return lines ? Result<std::string_view>(lines->substr(0, lines->find('\n') + 1)) : lines;
  }
  Status stream(ArrowArrayStream*) override { return broken(); }
  const std::string& path() const override { return inner_.path(); }
  bool is_stopped() const override { return inner_.is_stopped(); }

 private:
  static std::unexpected<Error> broken() { return fail("broken off by the conformance suite"); }

  LoadJob& inner_;
  bool was_asked_ = false;
};

class BreakingDataset final : public DatasetDestination {
 public:
  /// `settings`: what the destination is opened with, in place of what the pipeline has for it; null: that.
  BreakingDataset(std::shared_ptr<DatasetDestination> inner, std::string name, Settings settings,
                  std::optional<Break> point)
      : DatasetDestination(named(inner->options(), std::move(name))),
        inner_(std::move(inner)),
        settings_(std::move(settings)),
        point_(point) {}

  /// What the engine is not asked for.
  DatasetDestination& inner() { return *inner_; }

  Status open(const Settings& settings) override { return inner_->open(settings_ ? settings_ : settings); }
  Result<bool> has_load(const std::string& dataset, const std::string& load_id) override {
    return inner_->has_load(dataset, load_id);
  }
  Result<std::vector<DatasetLoad>> loads(const std::string& dataset) override { return inner_->loads(dataset); }
  Result<std::optional<DatasetSchema>> stored_schema(const std::string& dataset, const std::string& name,
                                                     const std::string& version_hash) override {
    return inner_->stored_schema(dataset, name, version_hash);
  }
  Result<std::optional<DatasetState>> stored_state(const std::string& dataset, const std::string& pipeline) override {
    return inner_->stored_state(dataset, pipeline);
  }
  Status read(const std::string& dataset, const std::string& table, const TakeLines& take) override {
    return inner_->read(dataset, table, take);
  }
  Status migrate(const LoadPlan& plan) override {
    return broken(BreakAt::migrate, [&] { return inner_->migrate(plan); });
  }
  Status begin_load(const LoadPlan& plan) override {
    return broken(BreakAt::begin_load, [&] { return inner_->begin_load(plan); });
  }
  Status load_job(const LoadPlan& plan, LoadJob& job) override {
    return broken(BreakAt::load_job, [&]() -> Status {
      if (!has_broken_ || point_->when != BreakWhen::amid) return inner_->load_job(plan, job);
      BreakingJob some(job);
      (void)inner_->load_job(plan, some);  // what it answers is lost
      return {};
    });
  }
  Status complete_load(const LoadPlan& plan, const std::optional<DatasetState>& state) override {
    return broken(BreakAt::complete_load, [&] { return inner_->complete_load(plan, state); });
  }
  /// A process that died has told nobody anything.
  Status abandon_load(const std::string& dataset, const std::string& load_id) override {
    return has_broken_ ? Status() : inner_->abandon_load(dataset, load_id);
  }
  void close() override { inner_->close(); }

 private:
  static DatasetOptions named(DatasetOptions options, std::string name) {
    options.name = std::move(name);
    return options;
  }

  template <class Call>
  Status broken(BreakAt at, Call&& call) {
    if (!point_ || point_->at != at || --point_->nth != 0) return call();
    has_broken_ = true;
    if (point_->when != BreakWhen::before) {
      if (Status called = call(); !called) return called;
    }
    return fail(Error{.message = "broken off by the conformance suite", .hint = "", .remedy = point_->remedy});
  }

  const std::shared_ptr<DatasetDestination> inner_;
  const Settings settings_;
  std::optional<Break> point_;
  bool has_broken_ = false;
};

}  // namespace outfall::engine
