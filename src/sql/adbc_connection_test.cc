// SPDX-License-Identifier: Apache-2.0
//
// A server that never answers, and what is left of a session that nobody wants any more.
#include "sql/adbc_connection.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <iterator>
#include <stop_token>
#include <string>
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

  std::string uri() const {
    return fmt::format("postgresql://nobody@127.0.0.1:{}/none?connect_timeout=600&tcp_user_timeout=60000", port_);
  }
  /// Waits until somebody is there.
  int take() const { return ::accept(socket_, nullptr, nullptr); }

 private:
  int socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  int port_ = 0;
};

std::size_t threads() {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}));
}

TEST(OpenPostgres, AStopWhileTheServerIsSilentLeavesNoThread) {
  const SilentServer server;
  const std::size_t before = threads();
  std::stop_source stop;
  int connection = -1;
  std::thread stopping([&] {
    connection = server.take();
    stop.request_stop();
  });
  const auto opened = open_postgres({.uri = server.uri(), .stop = stop.get_token()});
  stopping.join();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().blame, Blame::interrupted);
  EXPECT_EQ(threads(), before);
  ::close(connection);
}

TEST(MarkedSockets, EachHasAMarkOfItsOwnUnlessTheAddressAsksForATime) {
  EXPECT_NE(MarkedSockets("postgresql://h/d?tcp_user_timeout=60000").uri(),
            MarkedSockets("postgresql://h/d?tcp_user_timeout=60000").uri());
  EXPECT_EQ(MarkedSockets("host=h tcp_user_timeout=600001").uri(), "host=h tcp_user_timeout=600001");
  EXPECT_EQ(MarkedSockets("host=h").uri(), "host=h");
}

}  // namespace
}  // namespace outfall::sql
