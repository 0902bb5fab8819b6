// SPDX-License-Identifier: Apache-2.0
#include "sql/postgres_connect_error.h"

#include <algorithm>
#include <array>
#include <string>

namespace outfall::sql {
namespace {

struct Entry {
  std::string_view words;  ///< of libpq or of the server
  std::string_view hint;
  Blame blame = Blame::usage;
};

constexpr std::string_view bad_password = "check user and password: in the address, in PGPASSWORD, or in ~/.pgpass";
constexpr std::string_view no_line =
    "the server's pg_hba.conf has no line for this user, database and machine: let its administrator add one";
constexpr std::string_view wants_tls =
    "the server lets this user in only over TLS: write ?sslmode=require or ?sslmode=verify-full behind the address";
constexpr std::string_view certificates =
    "?sslrootcert=FILE names the certificates that are trusted (sslrootcert=system: those of this machine), and the "
    "host of the address must be the one in the server's certificate";
constexpr std::string_view no_postgres =
    "what answers there does not speak PostgreSQL's protocol: check host and port of the address";
constexpr std::string_view bad_address =
    "write postgres://USER@HOST:PORT/DATABASE?OPTION=VALUE; signs such as % = & / @ in a part are written %25 %3D %26 "
    "%2F %40";
constexpr std::string_view is_full =
    "close other sessions, try again later, or raise max_connections or the user's CONNECTION LIMIT";

// The first that fits counts. Where several hosts were tried, what a person can change comes first.
constexpr std::array entries{
    Entry{"password authentication failed", bad_password},
    Entry{"no password supplied", bad_password},
    Entry{"authentication failed", "the server's pg_hba.conf says how this user is let in: check the user's name"},
    Entry{"SSL encryption", no_line},  // tried with TLS and without
    Entry{"SSL on", no_line},
    Entry{"no encryption", wants_tls},
    Entry{"SSL off", wants_tls},
    Entry{"no pg_hba.conf entry", no_line},
    Entry{"pg_hba.conf rejects", "the server's pg_hba.conf keeps this user, database or machine out on purpose"},
    Entry{"does not support SSL",
          "the server has no TLS: turn it on there, or do without it: ?sslmode=prefer behind the address"},
    Entry{"certificate verify failed", certificates},
    Entry{"server certificate for", certificates},
    Entry{"root certificate", certificates},
    Entry{"certificate", "sslcert, sslkey and sslrootcert behind the address say which files are used"},
    Entry{"invalid response to SSL negotiation", no_postgres},
    Entry{"expected authentication request", no_postgres},
    Entry{"wrong version number", no_postgres},
    Entry{"unsupported frontend protocol", no_postgres},
    Entry{"permission denied for database", "let its owner say GRANT CONNECT ON DATABASE ... TO ..."},
    Entry{"is not permitted to log in", "let the administrator say ALTER ROLE ... LOGIN"},
    Entry{"FATAL:  database \"", "make it with createdb, or name another one behind the last / of the address"},
    Entry{"FATAL:  role \"",
          "name another user in the address, postgres://USER@..., or have it made: CREATE ROLE ... LOGIN"},
    Entry{"definition of service", "services are in ~/.pg_service.conf, or in the file that PGSERVICEFILE names"},
    Entry{" URI ", bad_address},
    Entry{"connection option", bad_address},
    Entry{"connection info string", bad_address},
    Entry{"invalid port number", bad_address},
    Entry{"invalid integer value", bad_address},
    Entry{"invalid percent-encoded", bad_address},
    Entry{" value: \"", bad_address},
    Entry{"could not translate host name", "check the host of the address, and whether this machine can look names up",
          Blame::run},
    Entry{"Connection refused", "check host and port of the address, and whether the server runs", Blame::run},
    Entry{"No such file or directory", "check host and port of the address, and whether the server runs", Blame::run},
    Entry{"timeout expired",
          "nothing answered in time: check host, port and firewalls, or wait longer with ?connect_timeout=SECONDS",
          Blame::run},
    Entry{"too many", is_full, Blame::run},
    Entry{"remaining connection slots", is_full, Blame::run},
    Entry{"starting up", "try again once it takes connections", Blame::run},
    Entry{"shutting down", "try again once it takes connections", Blame::run},
    Entry{"recovery", "try again once it takes connections", Blame::run},
    Entry{"not yet accepting connections", "try again once it takes connections", Blame::run},
    Entry{"standby", "name a host that takes writes", Blame::run},
    Entry{"read-only", "name a host that takes writes", Blame::run},
};

/// In one line: libpq gives each host that it tried a line, and puts its own advice behind a tab.
std::string in_one_line(std::string_view said) {
  constexpr std::string_view own = "Failed to connect: ";
  if (said.starts_with(own)) said.remove_prefix(own.size());
  said = said.substr(0, said.find("\n\tIs the server running"));
  std::string line;
  bool is_break = false;
  for (const char c : said) {
    if (c == '\n' || c == '\t') {
      is_break = true;
      continue;
    }
    if (is_break && !line.empty()) line += "; ";
    is_break = false;
    line += c;
  }
  return line;
}

}  // namespace

Error postgres_connect_error(std::string_view said) {
  const std::string line = in_one_line(said);
  const auto* found =
      std::ranges::find_if(entries, [&](const Entry& entry) { return line.find(entry.words) != std::string::npos; });
  if (found == entries.end()) return {.message = line, .hint = "", .remedy = Remedy::retry};
  const bool may_help = found->blame == Blame::run;
  return {.message = line,
          .hint = std::string(found->hint),
          .remedy = may_help ? Remedy::retry : Remedy::abandon,
          .blame = found->blame};
}

}  // namespace outfall::sql
