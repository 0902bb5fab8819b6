// SPDX-License-Identifier: Apache-2.0
//
// Connections over ADBC drivers: PostgreSQL.
#pragma once

#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "sql/connection.h"

namespace outfall::sql {

struct PostgresOptions {
  enum class Access { read_write, read_only };

  std::string uri;  ///< with all that libpq takes, also what is secret
  Access access = Access::read_write;
  std::vector<std::string> secrets{};  ///< of the uri; no error says them
  std::stop_token stop{};              ///< ends the wait for a server that does not answer
  std::string first_dataset{};  ///< in which names without a schema are looked up first; empty: the server's default
};

/// Opens a session in UTC. Everything that libpq looks at counts: .pgpass, PGPASSWORD, service files, certificates.
///
/// Errors: the server is not there, is full, or is just starting: retry; the password, the database or the address is
///         wrong: usage. None says the password.
/// Threads: safe. A stop shuts down the sockets of TCP with which libpq connects. While it looks up a name, or waits for
///          a server behind a Unix socket, it cannot be told to end, and the stop waits for it: at most as long as the
///          connect_timeout of the uri.
Result<std::unique_ptr<Connection>> open_postgres(const PostgresOptions& options);

/// Loads the driver, which open_postgres would do, and opens nothing.
///
/// Errors: usage: it is not there.
Status find_postgres_driver();

}  // namespace outfall::sql
