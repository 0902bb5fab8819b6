// SPDX-License-Identifier: Apache-2.0
//
// Who this process is, so that a message or a record on disk can name it.
#pragma once

#include <cstdint>
#include <string>

namespace outfall {

struct ProcessIdentity {
  std::string host;
  std::string boot_id;  ///< of the running kernel; empty where the system does not tell
  std::int64_t pid = 0;
};

/// Asked anew each time: a fork has another pid.
ProcessIdentity this_process();

/// Whether the process is at its end: its memory is gone or going, and in a moment so is what it holds. Large ones take
/// a while after they were killed.
bool is_ending(std::int64_t pid);

}  // namespace outfall
