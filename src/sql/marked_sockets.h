// SPDX-License-Identifier: Apache-2.0
//
// MarkedSockets: the sockets with which libpq connects for one session, told from all others of this process.
//
// libpq connects inside one call and gives no way to end it. But it sets the time that an address asks for on a socket
// before it connects: a time that nobody else asks for is a mark. A socket that is shut down answers at once. Those of
// another kind than TCP have no mark, and looking up a name has no socket.
#pragma once

#include <string>

namespace outfall::sql {

class MarkedSockets {
 public:
  /// `uri`: as libpq takes it. One that asks for a time of its own gets no mark.
  explicit MarkedSockets(std::string uri);

  /// The same with the mark.
  const std::string& uri() const { return uri_; }

  /// Shuts down those that there are now.
  void shut_down() const;

 private:
  std::string uri_;
  unsigned mark_ = 0;  ///< milliseconds; 0: none
};

}  // namespace outfall::sql
