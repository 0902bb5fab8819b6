// SPDX-License-Identifier: Apache-2.0
//
// MarkedSockets: the sockets with which libpq connects for one session, told from all others of this process.
//
// libpq connects inside one call and gives no way to end it. But it sets the time that an address asks for on a socket
// before it connects: a time that nobody else asks for is a mark. A socket that is shut down answers at once. Those of
// another kind than TCP have no mark, and looking up a name has no socket.
//
// What no socket is, is never opened a second time: closing any descriptor of a file would drop all the locks that this
// process has on it (fcntl).
#pragma once

#include <optional>
#include <string>

namespace outfall::sql {

class MarkedSockets {
 public:
  /// `uri`: as libpq takes it. While so many connect at once that there are no marks left, it gets none.
  explicit MarkedSockets(std::string uri);
  MarkedSockets(const MarkedSockets&) = delete;
  MarkedSockets& operator=(const MarkedSockets&) = delete;

  /// Sockets that are still there get the time that the address asks for: nobody's shut_down finds them again.
  ~MarkedSockets();

  /// The same with the mark.
  const std::string& uri() const { return uri_; }

  /// Shuts down those that there are now.
  void shut_down() const;

 private:
  std::string uri_;
  unsigned asked_ms_ = 0;           ///< 0: what the system does
  std::optional<unsigned> mark_{};  ///< milliseconds
};

}  // namespace outfall::sql
