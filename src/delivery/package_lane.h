// SPDX-License-Identifier: Apache-2.0
//
// PackageLane: a package that its destination takes as a whole. Its jobs are ordered parts of one transaction.
//
// Where the destination records its loads, its record is the mark: it is asked before the first attempt, since an
// earlier process may have committed, and after every commit, whatever that was answered.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/env.h"
#include "delivery/attempts.h"
#include "delivery/destination.h"
#include "delivery/lane.h"

namespace outfall::delivery {

class PackageLane final : public Lane {
 public:
  /// `attempt_failed` may be null. All outlive the object.
  PackageLane(Destination& destination, const LoadRequest& request, Env& env,
              const std::function<void(const Error&)>& attempt_failed);

  const std::string& table() const override { return no_table_; }
  std::string awaited() const override;
  Result<Turn> advance(std::unique_ptr<Writer>& writer) override;

  /// Errors: the last attempt's; interrupted: the stop was requested, the message says what is known.
  Result<LoadSummary> result();

 private:
  Outcome open();
  std::optional<Outcome> find_load();
  Outcome load();
  Outcome failed(Error error);
  Error interrupted() const;

  Destination& destination_;
  LoadRequest request_;
  const std::function<void(const Error&)>& attempt_failed_;
  const std::string no_table_{};
  Storm storm_{};
  Attempts attempts_;
  bool is_asked_ = false;         ///< the destination has answered what it has
  bool is_partly_there_ = false;  ///< a part of it is committed by itself
  std::optional<LoadSummary> done_{};
  std::optional<Error> error_{};  ///< of the last attempt
};

}  // namespace outfall::delivery
