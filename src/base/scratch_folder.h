// SPDX-License-Identifier: Apache-2.0
//
// For tests: a folder of their own that vanishes with its object, and a child process to do what must not happen to the
// test itself.
#pragma once

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>
#include <utility>

#include "base/env.h"
#include "base/file.h"

namespace outfall {

class ScratchFolder {
 public:
  ScratchFolder() : path_(parent() + "/outfall_" + random_hex(Env::system(), 8)) {
    // If it cannot be made, the first file in it fails the test and says why.
    static_cast<void>(make_directories(path_));
  }
  ScratchFolder(const ScratchFolder&) = delete;
  ScratchFolder& operator=(const ScratchFolder&) = delete;
  ~ScratchFolder() {
    // A test may have closed it.
    chmod(path_.c_str(), 0755);
    static_cast<void>(remove_tree(path_));
  }

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  static std::string parent() {
    const char* asked = std::getenv("TEST_TMPDIR");
    return asked == nullptr ? "/tmp" : asked;
  }

  std::string path_;
};

/// Runs `work() -> int` in a forked child and returns its wait status; the child ends without destructors or exit
/// handlers.
template <class Work>
int run_forked(Work work) {
  const pid_t child = fork();
  if (child == 0) {
    _exit(work());
  }
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return status;
}

/// Forks first, then holds what `prepare()` gives while the child runs `work() -> int`: for what two processes share.
/// (What SQLite has open does not survive a fork.) Returns the child's wait status.
template <class Prepare, class Work>
int run_beside(Prepare prepare, Work work) {
  int gate[2];
  if (pipe(gate) != 0) return -1;
  const pid_t child = fork();
  if (child == 0) {
    char opened = 0;
    _exit(read(gate[0], &opened, 1) == 1 ? work() : 100);
  }
  const auto held = prepare();
  const bool opened = write(gate[1], "x", 1) == 1;
  close(gate[0]);
  close(gate[1]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return opened ? status : -1;
}

/// Gives up root, for which no permission is denied. In a child only.
inline bool become_unprivileged() {
  constexpr uid_t nobody = 65534;
  return geteuid() != 0 || (setgid(nobody) == 0 && setuid(nobody) == 0);
}

}  // namespace outfall
