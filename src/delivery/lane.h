// SPDX-License-Identifier: Apache-2.0
//
// Lane: an ordered part of what a package brings, at which one thread works at a time: a job file that goes out in
// batches, or a whole package that goes into one transaction.
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "delivery/writer.h"
#include "outfall/error.h"

namespace outfall::delivery {

/// What a lane does next.
enum class Step {
  ready,
  waiting,  ///< until its time has come
  done,     ///< all its rows are settled
  stopped,  ///< for this run
};

struct Turn {
  Step step = Step::ready;
  std::chrono::nanoseconds wait{};  ///< of waiting
};

class Lane {
 public:
  virtual ~Lane() = default;

  /// Lanes of one table may have to keep their order.
  virtual const std::string& table() const = 0;

  /// What an earlier run left it as.
  virtual Step standing() const { return Step::ready; }

  /// What it does after its wait: "to send batch 4 of users again: HTTP 429".
  virtual std::string awaited() const { return {}; }

  /// Sends what is next, takes the answer and makes durable what it means. `writer` belongs to the thread; the lane
  /// makes it where there is none and it needs one, and removes one that is of no more use.
  ///
  /// Errors: it cannot be recorded how far the lane is: no lane goes on.
  virtual Result<Turn> advance(std::unique_ptr<Writer>& writer) = 0;

  /// Nobody goes on with it at once: what it has come to is made durable.
  ///
  /// Errors: as above.
  virtual Status pause() { return {}; }
};

}  // namespace outfall::delivery
