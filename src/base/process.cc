// SPDX-License-Identifier: Apache-2.0
//
// The identity of this process, from the kernel.
#include "base/process.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>

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

std::string pid_namespace() {
  std::array<char, 64> name{};
  const ssize_t length = readlink("/proc/self/ns/pid", name.data(), name.size());
  return length < 0 ? std::string() : std::string(name.data(), static_cast<std::size_t>(length));
}

std::optional<std::uint64_t> process_start(std::int64_t pid) {
  const std::string text = read_file(fmt::format("/proc/{}/stat", pid)).value_or("");
  // The program's name stands in parentheses and may hold any others; the start is the 20th field behind it.
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::nullopt;
  constexpr int fields_before = 20;
  std::size_t at = name_end;
  for (int field = 0; field < fields_before; ++field) at = std::min(text.find(' ', at + 1), text.size());
  std::uint64_t start = 0;
  std::from_chars(text.data() + std::min(at + 1, text.size()), text.data() + text.size(), start);
  return start;
}

bool is_ending(std::int64_t pid) {
  return read_file(fmt::format("/proc/{}/statm", pid)).value_or("").starts_with("0 ");
}

}  // namespace outfall
