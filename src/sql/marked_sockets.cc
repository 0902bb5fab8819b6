// SPDX-License-Identifier: Apache-2.0
#include "sql/marked_sockets.h"

#include <dirent.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <memory>
#include <mutex>
#include <set>
#include <string_view>
#include <utility>

namespace outfall::sql {
namespace {

constexpr std::string_view option = "tcp_user_timeout";

/// It must not matter whether what an address asks for is so many milliseconds more while it connects.
constexpr unsigned marks_max = 1000;

/// Addresses that leave the time to the system get so much that it decides all the same.
constexpr unsigned without_limit_ms = std::numeric_limits<int>::max() - marks_max - 1;

/// The time of a TCP socket. What is none answers nothing, and nothing happens to it.
std::optional<unsigned> time_of(int descriptor) {
  unsigned timeout = 0;
  socklen_t size = sizeof timeout;
  if (::getsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &timeout, &size) != 0) return std::nullopt;
  return timeout;
}

/// Calls `look` with each descriptor that there is now of a TCP socket, and its time.
void look_at_sockets(const auto& look) {
  const std::unique_ptr<DIR, int (*)(DIR*)> open(::opendir("/proc/self/fd"), ::closedir);
  if (!open) return;
  while (const dirent* entry = ::readdir(open.get())) {
    if (entry->d_name[0] == '.') continue;
    const int descriptor = std::atoi(entry->d_name);
    if (const std::optional<unsigned> time = time_of(descriptor)) look(descriptor, *time);
  }
}

/// Its own descriptor of the same socket: whoever closes the other one meanwhile makes no mistake of it.
void shut_down_if_marked(int descriptor, unsigned mark) {
  const int own = ::dup(descriptor);
  if (own < 0) return;
  const std::optional<unsigned> time = time_of(own);
  if (time == mark) ::shutdown(own, SHUT_RDWR);
  // A file that came in between stays open: closing it would drop its locks.
  if (time) ::close(own);
}

/// The marks of those who connect now.
class Marks {
 public:
  static Marks& of_process() {
    static Marks marks;
    return marks;
  }

  /// The next one above `asked_ms` that no socket of this process has.
  std::optional<unsigned> take(unsigned asked_ms) {
    std::set<unsigned> seen;
    look_at_sockets([&seen](int, unsigned time) { seen.insert(time); });
    const std::lock_guard lock(mutex_);
    for (unsigned tries = 0; tries < marks_max; ++tries) {
      const unsigned mark = asked_ms + 1 + next_++ % marks_max;
      if (!seen.contains(mark) && taken_.insert(mark).second) return mark;
    }
    return std::nullopt;
  }

  void give_back(unsigned mark) {
    const std::lock_guard lock(mutex_);
    taken_.erase(mark);
  }

 private:
  std::mutex mutex_;
  std::set<unsigned> taken_;
  unsigned next_ = 0;
};

/// The time that an address asks for. libpq takes the last one.
unsigned time_in(std::string_view uri) {
  const std::size_t at = uri.rfind(option);
  if (at == std::string_view::npos) return 0;
  const std::size_t begin = std::min(uri.find_first_not_of(" ='", at + option.size()), uri.size());
  unsigned found = 0;
  std::from_chars(uri.data() + begin, uri.data() + uri.size(), found);
  return std::min(found, without_limit_ms);
}

/// Behind all other options, where it counts.
std::string with_time(std::string_view uri, unsigned time) {
  const bool is_uri = uri.starts_with("postgresql://") || uri.starts_with("postgres://");
  const char before = !is_uri ? ' ' : uri.contains('?') ? '&' : '?';
  return fmt::format("{}{}{}={}", uri, before, option, time);
}

}  // namespace

MarkedSockets::MarkedSockets(std::string uri) : uri_(std::move(uri)), asked_ms_(time_in(uri_)) {
  mark_ = Marks::of_process().take(asked_ms_ == 0 ? without_limit_ms : asked_ms_);
  if (mark_) uri_ = with_time(uri_, *mark_);
}

MarkedSockets::~MarkedSockets() {
  if (!mark_) return;
  look_at_sockets([this](int descriptor, unsigned time) {
    if (time == mark_) ::setsockopt(descriptor, IPPROTO_TCP, TCP_USER_TIMEOUT, &asked_ms_, sizeof asked_ms_);
  });
  Marks::of_process().give_back(*mark_);
}

void MarkedSockets::shut_down() const {
  if (!mark_) return;
  look_at_sockets([this](int descriptor, unsigned time) {
    if (time == mark_) shut_down_if_marked(descriptor, *mark_);
  });
}

}  // namespace outfall::sql
