// SPDX-License-Identifier: Apache-2.0
//
// A server that never answers, and what is left of a session that nobody wants any more.
#include "sql/adbc_connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "sql/marked_sockets.h"

namespace outfall::sql {
namespace {

/// Takes connections, and never says a word.
class SilentServer {
 public:
  SilentServer() {
    sockaddr_in place{};
    place.sin_family = AF_INET;
    place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&place), sizeof place), 0);
    EXPECT_EQ(::listen(socket_, 8), 0);
    socklen_t size = sizeof place;
    EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&place), &size), 0);
    port_ = ntohs(place.sin_port);
  }
  ~SilentServer() { ::close(socket_); }
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;

  std::string uri(std::string_view options = "tcp_user_timeout=60000") const {
    return fmt::format("postgresql://nobody@127.0.0.1:{}/none?connect_timeout=600&{}", port_, options);
  }
  std::uint16_t port() const { return static_cast<std::uint16_t>(port_); }
  /// Waits until somebody is there.
  int take() const { return ::accept(socket_, nullptr, nullptr); }

 private:
  int socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int port_ = 0;
};

std::size_t threads() {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}));
}

/// Begins to connect, and stops once the server has been reached.
Error stop_at(const SilentServer& server, const std::string& uri) {
  std::stop_source stop;
  int connection = -1;
  std::thread stopping([&] {
    connection = server.take();
    stop.request_stop();
  });
  const auto opened = open_postgres({.uri = uri, .stop = stop.get_token()});
  stopping.join();
  ::close(connection);
  return opened ? Error{.message = "connected", .hint = ""} : opened.error();
}

TEST(OpenPostgres, AStopWhileTheServerIsSilentLeavesNoThread) {
  const SilentServer server;
  const std::size_t before = threads();
  EXPECT_EQ(stop_at(server, server.uri()).blame, Blame::interrupted);
  EXPECT_EQ(threads(), before);
}

TEST(OpenPostgres, AStopEndsTheWaitWhateverTimesTheAddressAsksFor) {
  const SilentServer server;
  for (const std::string_view options : {"tcp_user_timeout=5000", "tcp_user_timeout=0", "application_name=none"}) {
    EXPECT_EQ(stop_at(server, server.uri(options)).blame, Blame::interrupted) << options;
  }
}

/// Whether another process finds the file locked.
bool is_locked(int file) {
  const pid_t other = ::fork();
  if (other == 0) {
    struct flock asked{};
    asked.l_type = F_WRLCK;
    ::_exit(::fcntl(file, F_GETLK, &asked) == 0 && asked.l_type != F_UNLCK ? 1 : 0);
  }
  int status = 0;
  EXPECT_EQ(::waitpid(other, &status, 0), other);
  return WIFEXITED(status) && WEXITSTATUS(status) == 1;
}

TEST(OpenPostgres, AStopLeavesLocksOfFilesAndOtherSockets) {
  const SilentServer server;
  const SilentServer other;
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in place{};
  place.sin_family = AF_INET;
  place.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  place.sin_port = htons(other.port());
  ASSERT_EQ(::connect(socket, reinterpret_cast<sockaddr*>(&place), sizeof place), 0);
  std::FILE* file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  struct flock whole{};
  whole.l_type = F_WRLCK;
  ASSERT_EQ(::fcntl(::fileno(file), F_SETLK, &whole), 0);
  ASSERT_TRUE(is_locked(::fileno(file)));

  EXPECT_EQ(stop_at(server, server.uri()).blame, Blame::interrupted);

  EXPECT_TRUE(is_locked(::fileno(file)));
  EXPECT_EQ(::send(socket, "x", 1, MSG_NOSIGNAL), 1);
  std::fclose(file);
  ::close(socket);
}

std::string uri_with(unsigned time) {
  return fmt::format("postgresql://h/d?tcp_user_timeout={}", time);
}

/// The time that libpq would set for an address: the last.
unsigned time_of(const MarkedSockets& sockets) {
  return static_cast<unsigned>(std::atoi(sockets.uri().c_str() + sockets.uri().rfind('=') + 1));
}

/// A socket as libpq makes it.
class Socket {
 public:
  explicit Socket(unsigned time) {
    EXPECT_EQ(::setsockopt(socket_, IPPROTO_TCP, TCP_USER_TIMEOUT, &time, sizeof time), 0);
  }
  ~Socket() { ::close(socket_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  unsigned time() const {
    unsigned time = 0;
    socklen_t size = sizeof time;
    EXPECT_EQ(::getsockopt(socket_, IPPROTO_TCP, TCP_USER_TIMEOUT, &time, &size), 0);
    return time;
  }

 private:
  int socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
};

TEST(MarkedSockets, EachHasAMarkOfItsOwnAboveTheTimeOfTheAddress) {
  const MarkedSockets first(uri_with(60'000));
  const MarkedSockets second(uri_with(60'000));
  EXPECT_NE(time_of(first), time_of(second));
  EXPECT_GT(time_of(first), 60'000U);
  EXPECT_LE(time_of(first), 61'000U);
  EXPECT_GT(time_of(MarkedSockets("host=h tcp_user_timeout = '500'")), 500U);
  EXPECT_LE(time_of(MarkedSockets("host=h tcp_user_timeout = '500'")), 1500U);
  EXPECT_TRUE(MarkedSockets("host=h").uri().starts_with("host=h tcp_user_timeout=2"));
  EXPECT_TRUE(MarkedSockets("postgres://h").uri().starts_with("postgres://h?tcp_user_timeout=2"));
}

TEST(MarkedSockets, AMarkEndsWithTheConnecting) {
  for (const unsigned asked : {0U, 5000U, 60'000U}) {
    auto sockets = std::make_unique<MarkedSockets>(uri_with(asked));
    const Socket connected(time_of(*sockets));
    EXPECT_NE(connected.time(), asked);
    sockets.reset();
    EXPECT_EQ(connected.time(), asked);
  }
}

TEST(MarkedSockets, NoMarkIsGivenTwiceAtATimeOrThatASocketHas) {
  const MarkedSockets held(uri_with(60'000));
  const Socket foreign(60'500);
  std::set<unsigned> others;
  for (int i = 0; i < 2500; ++i) others.insert(time_of(MarkedSockets(uri_with(60'000))));
  EXPECT_EQ(others.size(), 998U);
  EXPECT_FALSE(others.contains(time_of(held)));
  EXPECT_FALSE(others.contains(60'500U));
}

}  // namespace
}  // namespace outfall::sql
