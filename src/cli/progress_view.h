// SPDX-License-Identifier: Apache-2.0
//
// Shows on stderr where a run stands: a bar that is drawn again in place, plain lines, or JSON objects.
//
// Fed from the thread that runs the pipeline. The clock is passed in, so that what is shown is decided by values alone.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

#include "cli/command.h"
#include "cli/terminal.h"
#include "outfall/pipeline.h"

namespace outfall::cli {

using Clock = std::chrono::steady_clock;

/// How fast a stage goes, and how long it will take, from what it did so far.
class StageMeter {
 public:
  void update(const Progress& progress, Clock::time_point now);

  /// True when the newest update began another stage.
  bool began() const { return began_; }

  const Progress& progress() const { return progress_; }
  Clock::duration elapsed() const { return now_ - start_; }
  double rows_per_second() const;

  /// 0 to 1; empty where no total is known.
  std::optional<double> share() const;
  std::optional<Clock::duration> left() const;

 private:
  Progress progress_;
  bool started_ = false;
  bool began_ = false;
  Clock::time_point start_;
  Clock::time_point now_;
};

/// `extract  [=====>    ]  48%  120,000 rows  43.1 of 90.0 MB  30,512 rows/s  12 s left`, at most `columns` wide.
std::string bar_line(const StageMeter& meter, std::size_t columns);

/// The same facts as words: `progress: extract, 120,000 rows, ...`
std::string plain_line(const StageMeter& meter);

/// The same facts as one JSON object; the fields are in docs/command-line.md.
std::string json_line(const StageMeter& meter);

class ProgressView {
 public:
  virtual ~ProgressView() = default;
  virtual void show(const Progress& progress, Clock::time_point now) = 0;

  /// Leaves the cursor at the beginning of an empty line.
  virtual void end() = 0;

  /// Null for ProgressMode::none.
  static std::unique_ptr<ProgressView> make(ProgressMode mode, std::FILE* out, const Terminal& terminal);
};

}  // namespace outfall::cli
