// SPDX-License-Identifier: Apache-2.0
//
// PipelineLock: one live process per pipeline, decided by the kernel.
//
// It is an open-file-description lock on a file of its own, so the death of the holder releases it at once, two objects
// of one process exclude each other as well, and process numbers (equal in two containers) decide nothing. The file's
// text says who holds it; it is for the message only, and stale when nobody does.
#pragma once

#include <optional>
#include <string>

#include "base/env.h"
#include "base/file.h"
#include "base/wait.h"
#include "outfall/error.h"

namespace outfall::ledger {

/// Who holds, or held, the lock.
struct LockHolder {
  std::string host;
  std::string boot_id;
  std::int64_t pid = 0;
  std::int64_t started_at = 0;  ///< microseconds since 1970: when the lock was taken
};

struct LockRequest {
  std::string path;      ///< the lock file; made if missing, its folder must exist
  std::string pipeline;  ///< for messages
  LockWait wait{};
};

class PipelineLock {
 public:
  /// Errors: busy, retry: another process holds it, named with host, pid and start; interrupted, abandon: stopped while
  /// waiting.
  static Result<PipelineLock> take(Env& env, const LockRequest& request);

  /// Who holds the lock now; empty when nobody does. For looking: the answer may be old when it arrives.
  static Result<std::optional<LockHolder>> holder(const std::string& path);

 private:
  explicit PipelineLock(File file) : file_(std::move(file)) {}

  File file_;
};

}  // namespace outfall::ledger
