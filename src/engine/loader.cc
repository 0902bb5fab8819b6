// SPDX-License-Identifier: Apache-2.0
//
// The public face of pushed rows: an ordinary run in a thread of its own, over a source that is fed from outside.
#include "outfall/loader.h"

#include <fmt/format.h>

#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

#include "engine/run_options.h"
#include "engine/target.h"
#include "sources/memory/memory_source.h"

namespace outfall {
namespace {

Error given_up() {
  return {.message = "the rows were given up before they were sealed", .hint = "", .blame = Blame::interrupted};
}

Error sealed_already() {
  return {.message = "the rows are sealed, and no more can be appended to them",
          .hint = "load what comes later with a loader of its own",
          .blame = Blame::usage};
}

Error out_of_memory() {
  return {.message = "not enough memory to take rows", .hint = "RunOptions::memory says how much a run may hold"};
}

Error ended_early() {
  return {.message = "the run ended before all rows were there", .hint = "its report says why"};
}

}  // namespace

class Loader::State {
 public:
  State(PipelineOptions pipeline, RunOptions options)
      : pipeline_(std::move(pipeline)),
        options_(std::move(options)),
        on_stop_(options_.stop, [this] { stop_.request_stop(); }) {
    if (Status checked = engine::check_pushed(options_); !checked) {
      end(std::move(checked.error()));
      return;
    }
    options_.stop = stop_.get_token();
    source_ = std::make_unique<sources::MemorySource>(sources::MemorySourceOptions{
        .chunk_bytes = options_.chunk, .memory_bytes = options_.memory / 2, .stop = options_.stop});
    rows_ = &source_->add_pushed({.table = options_.table, .run_key = options_.run_key});
    try {
      thread_ = std::thread([this] { run(); });
    } catch (const std::exception& thrown) {
      end({.message = fmt::format("cannot start the thread of a load: {}", thrown.what()), .hint = ""});
    }
  }

  State(const State&) = delete;
  State& operator=(const State&) = delete;

  ~State() {
    if (!thread_.joinable()) return;
    rows_->give_up(given_up());
    stop_.request_stop();
    thread_.join();
  }

  /// `take` hands one piece to the run.
  template <class Take>
  Status append(Take take) {
    if (error_) return fail(*error_);
    if (!thread_.joinable()) return fail(sealed_already());
    Status taken;
    try {
      taken = take(*rows_);
    } catch (const std::exception&) {
      taken = fail(out_of_memory());
    }
    if (taken) return taken;
    // What ended the run is what matters; where the rows are at fault, they end it.
    const bool run_ended = rows_->is_closed();
    if (!run_ended) rows_->give_up(taken.error());
    thread_.join();
    return fail(error_.emplace(report_.error.value_or(run_ended ? ended_early() : std::move(taken.error()))));
  }

  const Report& seal() {
    if (!thread_.joinable()) return report_;
    rows_->finish();
    thread_.join();
    error_ = report_.error;
    return report_;
  }

 private:
  void run() {
    try {
      report_ = run_in_thread();
    } catch (const std::exception&) {
      report_ = engine::failed_report(pipeline_, out_of_memory());
    }
    source_->cancel();
  }

  Report run_in_thread() {
    const auto target = engine::find_target(pipeline_, options_, *source_);
    if (!target) return engine::failed_report(pipeline_, target.error());
    return engine::run_target({.target = *target,
                               .options = pipeline_,
                               .run = options_,
                               .source = source_.get(),
                               .command = "load " + source_->inputs().front().path});
  }

  void end(Error error) {
    report_ = engine::failed_report(pipeline_, error);
    error_ = std::move(error);
  }

  PipelineOptions pipeline_;
  RunOptions options_;
  std::stop_source stop_;  ///< also when the caller's stop is requested
  std::stop_callback<std::function<void()>> on_stop_;
  std::unique_ptr<sources::MemorySource> source_;
  sources::PushedRows* rows_ = nullptr;
  std::thread thread_;          ///< joinable until the run is known to have ended
  Report report_;               ///< the thread's until it was joined
  std::optional<Error> error_;  ///< what every call says
};

Loader::Loader(PipelineOptions pipeline, RunOptions options)
    : state_(std::make_shared<State>(std::move(pipeline), std::move(options))) {}

Status Loader::append(std::string_view document) {
  return state_->append([document](sources::PushedRows& rows) { return rows.append(document); });
}

Status Loader::append(ArrowArray* rows, const ArrowSchema& schema) {
  Status taken = state_->append([rows, &schema](sources::PushedRows& pushed) { return pushed.append(rows, schema); });
  if (!taken && rows->release != nullptr) rows->release(rows);
  return taken;
}

Report Loader::seal() {
  return state_->seal();
}

}  // namespace outfall
