// SPDX-License-Identifier: Apache-2.0
//
// SIGINT and SIGTERM as a stop token. The first one asks the run to stop, the second one ends the process at once,
// which is as safe as a crash.
#pragma once

#include <stop_token>
#include <thread>

#include "outfall/report.h"

namespace outfall::cli {

/// While it lives, signals go to its token. One at a time; made and destroyed by the main thread.
class StopSignals {
 public:
  StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;
  ~StopSignals();

  std::stop_token token() const { return source_.get_token(); }

  /// What was interrupted, by the first signal that came; any other ending as it is. The library only knows that it was
  /// asked to stop.
  static Ending named(Ending ending);

 private:
  std::stop_source source_;
  int wake_[2] = {-1, -1};  ///< the handler writes, the watcher reads
  std::thread watcher_;
  bool hears_hangup_ = false;
};

}  // namespace outfall::cli
