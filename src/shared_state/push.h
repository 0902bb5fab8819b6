// SPDX-License-Identifier: Apache-2.0
//
// One push: a copy of the ledger and the job files of its pending packages, then the head that names them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ledger/data_dir.h"
#include "outfall/error.h"
#include "shared_state/head.h"

namespace outfall::shared_state {

/// What stands in a file, as the object of this name.
Result<StoredObject> describe_file(std::string name, const std::string& path);

/// A holder's place in the shared state. Used by one thread at a time.
class Pusher {
 public:
  /// `head` is the newest, and ours. All outlive the object.
  Pusher(ObjectStore& store, const ledger::PipelinePaths& paths, Head head);

  enum class Then { holds, releases };

  /// Copies what the ledger has committed by now and makes it the newest version. What no version needs is removed.
  ///
  /// False: another runner has claimed the pipeline, and nothing of ours will ever be read again.
  /// Errors: the newest version is the one before, or, where only an answer was lost, this one.
  Result<bool> push(Then then);

  /// Lets go of the pipeline, as it was pushed last. False: as above.
  Result<bool> release();

  const Head& head() const { return head_; }

 private:
  Result<StoredObject> put_object(std::string_view kind, const std::string& path);
  Status put_ledger(Head& next, const std::string& copy);
  Status put_jobs(Head& next, const std::string& copy);
  Result<bool> put(Head next);
  void remove_old();

  ObjectStore& store_;
  const ledger::PipelinePaths& paths_;
  Head head_;
  Head before_;                ///< kept as well: somebody may just be fetching it
  std::uint64_t objects_ = 0;  ///< that were put, for their names
};

/// Shows that a holder lives. Used by one thread, beside its Pusher.
class Beats {
 public:
  /// `claim` is that of the holder. The store outlives the object.
  Beats(ObjectStore& store, const Head& claim);

  /// One more. False: another runner has claimed the pipeline.
  Result<bool> beat();

  /// The last one goes, too.
  void end();

 private:
  ObjectStore& store_;
  const std::string pipeline_;
  const std::string claim_;
  const std::uint64_t generation_;
  std::uint64_t number_ = 0;
};

}  // namespace outfall::shared_state
