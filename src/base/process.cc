// SPDX-License-Identifier: Apache-2.0
//
// The identity of this process, from the kernel.
#include "base/process.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>

#include "base/file.h"

namespace outfall {

ProcessIdentity this_process() {
  std::array<char, 256> host{};
  if (gethostname(host.data(), host.size() - 1) != 0) {
    host[0] = '\0';
  }
  std::string boot_id = read_file("/proc/sys/kernel/random/boot_id").value_or("");
  while (!boot_id.empty() && boot_id.back() == '\n') {
    boot_id.pop_back();
  }
  return {.host = host.data(), .boot_id = std::move(boot_id), .pid = getpid()};
}

bool is_ending(std::int64_t pid) {
  return read_file(fmt::format("/proc/{}/statm", pid)).value_or("").starts_with("0 ");
}

}  // namespace outfall
