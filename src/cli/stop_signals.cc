// SPDX-License-Identifier: Apache-2.0
//
// A signal handler may do next to nothing: it notes the signal and writes one byte, and a thread turns that into the
// request to stop.
#include "cli/stop_signals.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace outfall::cli {
namespace {

std::atomic<int> first_signal = 0;
std::atomic<int> wake_descriptor = -1;
static_assert(std::atomic<int>::is_always_lock_free, "a handler may only use lock-free atomics");

extern "C" void on_stop_signal(int signal) {
  const int saved = errno;
  // A terminal that goes away asks for the same.
  if (signal == SIGHUP) signal = SIGTERM;
  if (first_signal.exchange(signal) != 0) {
    // Somebody insists. What is durable stays so; everything else is redone by the next run. A terminal that was paused
    // or a reader that is busy may be what keeps us: it must not keep us here too.
    pollfd shown{.fd = STDERR_FILENO, .events = POLLOUT, .revents = 0};
    if (::poll(&shown, 1, 0) == 1) (void)!::write(STDERR_FILENO, "\n", 1);
    ::_exit(128 + signal);
  }
  (void)!::write(wake_descriptor.load(), "s", 1);
  errno = saved;
}

void handle(int signal, void (*handler)(int)) {
  struct sigaction action{};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(signal, &action, nullptr);
}

}  // namespace

StopSignals::StopSignals() {
  if (::pipe2(wake_, O_CLOEXEC) != 0) return;  // then signals keep their default: they end the process
  wake_descriptor = wake_[1];
  watcher_ = std::thread([this] {
    char byte = 0;
    while (::read(wake_[0], &byte, 1) < 0 && errno == EINTR) {
    }
    if (byte == 's') source_.request_stop();
  });
  handle(SIGINT, on_stop_signal);
  handle(SIGTERM, on_stop_signal);
  // nohup has it ignored, and that stays.
  struct sigaction hangup{};
  hears_hangup_ = ::sigaction(SIGHUP, nullptr, &hangup) == 0 && hangup.sa_handler != SIG_IGN;
  if (hears_hangup_) handle(SIGHUP, on_stop_signal);
}

StopSignals::~StopSignals() {
  if (!watcher_.joinable()) return;
  handle(SIGINT, SIG_DFL);
  handle(SIGTERM, SIG_DFL);
  if (hears_hangup_) handle(SIGHUP, SIG_DFL);
  (void)!::write(wake_[1], "q", 1);
  watcher_.join();
  wake_descriptor = -1;
  ::close(wake_[0]);
  ::close(wake_[1]);
}

Ending StopSignals::named(Ending ending) {
  return ending == Ending::interrupted && first_signal.load() == SIGTERM ? Ending::terminated : ending;
}

}  // namespace outfall::cli
