// SPDX-License-Identifier: Apache-2.0
#include "sql/marked_sockets.h"

#include <dirent.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <utility>

namespace outfall::sql {
namespace {

/// What addresses ask for that say nothing else, as long as it does not matter if it is up to a second more.
constexpr std::string_view usual = "tcp_user_timeout=60000";
constexpr unsigned usual_ms = 60'000;
constexpr unsigned marks = 1000;

unsigned next_mark() {
  static std::atomic<unsigned> taken{0};
  return usual_ms + 1 + taken++ % marks;
}

/// Its own descriptor of the same socket: whoever closes the other one meanwhile makes no mistake of it.
void shut_down_if_marked(int descriptor, unsigned mark) {
  const int own = ::dup(descriptor);
  if (own < 0) return;
  unsigned timeout = 0;
  socklen_t size = sizeof timeout;
  const bool is_tcp = ::getsockopt(own, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, &size) == 0;
  if (is_tcp && timeout == mark) ::shutdown(own, SHUT_RDWR);
  ::close(own);
}

}  // namespace

MarkedSockets::MarkedSockets(std::string uri) : uri_(std::move(uri)) {
  const std::size_t at = uri_.find(usual);
  const std::size_t end = at + usual.size();
  const bool is_usual = at != std::string::npos && (end == uri_.size() || uri_[end] == '&' || uri_[end] == ' ');
  if (!is_usual) return;
  mark_ = next_mark();
  uri_.replace(at, usual.size(), fmt::format("tcp_user_timeout={}", mark_));
}

void MarkedSockets::shut_down() const {
  if (mark_ == 0) return;
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir("/proc/self/fd"), ::closedir);
  if (!open) return;
  while (const dirent* entry = ::readdir(open.get())) {
    if (entry->d_name[0] == '.') continue;
    shut_down_if_marked(std::atoi(entry->d_name), mark_);
  }
}

}  // namespace outfall::sql
