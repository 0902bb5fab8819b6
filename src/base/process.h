// SPDX-License-Identifier: Apache-2.0
//
// Who this process is, so that a message or a record on disk can name it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace outfall {

struct ProcessIdentity {
  std::string host;
  std::string boot_id;  ///< of the running kernel; empty where the system does not tell
  std::int64_t pid = 0;
};

/// Asked anew each time: a fork has another pid.
ProcessIdentity this_process();

/// The namespace in which pids mean what they mean to us; empty where the system does not tell.
std::string pid_namespace();

/// When a process began, by a count that tells it from another one with the same pid. None: there is no such process.
std::optional<std::uint64_t> process_start(std::int64_t pid);

/// Whether the process is at its end: its memory is gone or going, and in a moment so is what it holds. Large ones take
/// a while after they were killed.
bool is_ending(std::int64_t pid);

}  // namespace outfall
