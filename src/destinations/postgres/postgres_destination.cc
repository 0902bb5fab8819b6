// SPDX-License-Identifier: Apache-2.0
#include "destinations/postgres/postgres_destination.h"

#include <fmt/format.h>

#include <utility>

#include "destinations/postgres/address.h"
#include "sql/adbc_connection.h"
#include "sql/catalog.h"
#include "sql/dialect.h"

namespace outfall::destinations::postgres {

namespace {

using Access = sql::PostgresOptions::Access;

delivery::Capabilities capabilities_of(const Options& options) {
  const sql::Dialect& dialect = sql::postgres_dialect();
  return {.identifier_length_max = dialect.identifier_length_max,
          .identifier_unit = dialect.identifier_unit,
          .case_sensitive_names = true,
          .dialect = &dialect,
          .naming = options.naming.value_or(NamingConvention::snake_case),
          .max_table_nesting = options.max_table_nesting,
          .dlt_type = "dlt.destinations.postgres"};
}

}  // namespace

Result<std::unique_ptr<PostgresDestination>> PostgresDestination::make(std::string_view address, const Options& options,
                                                                       Env& env) {
  Result<Address> parsed = parse_address(address);
  if (!parsed) return fail(std::move(parsed.error()));
  return std::unique_ptr<PostgresDestination>(
      new PostgresDestination(std::move(parsed->uri), parsed->shown, options, env));
}

PostgresDestination::PostgresDestination(std::string uri, const std::string& shown, const Options& options, Env& env)
    : DatabaseDestination(options.called.empty() ? shown : options.called, capabilities_of(options), env),
      uri_(std::move(uri)) {}

Status PostgresDestination::check_usable() {
  const Result<sql::Connection*> session = session_to_look(delivery::Inspection::before_a_load);
  return session ? Status() : fail(session.error());
}

/// Whether the server would take rows of this session.
Status check_writable(sql::Connection& session) {
  const auto answer = session.rows("SELECT current_setting('transaction_read_only')", {});
  if (!answer) return fail(answer.error());
  if (answer->front().at(0) != "on") return {};
  return fail(Error{.message = "the session can only read",
                    .hint = "the server is a standby, or default_transaction_read_only is on for this user: name the "
                            "one that takes writes, or several hosts with target_session_attrs=read-write",
                    .remedy = Remedy::retry});
}

Result<std::unique_ptr<sql::Connection>> PostgresDestination::connect(delivery::SessionUse use) {
  const bool only_looks = use == delivery::SessionUse::only_look;
  auto session =
      sql::open_postgres({.uri = uri_, .access = only_looks ? Access::read_only : Access::read_write, .stop = stop()});
  if (!session) return fail(std::move(session.error()).in(address()));
  if (only_looks) return session;
  if (Status writable = check_writable(**session); !writable) return fail(std::move(writable.error()).in(address()));
  return session;
}

Result<std::unique_ptr<sql::Connection>> PostgresDestination::connect_to_query(const delivery::QueryRequest& request) {
  const bool only_reads = request.access == delivery::QueryAccess::read_only;
  auto session = sql::open_postgres({.uri = uri_,
                                     .access = only_reads ? Access::read_only : Access::read_write,
                                     .stop = request.stop,
                                     .first_dataset = request.dataset});
  if (!session) return fail(std::move(session.error()).in(address()));
  if (request.dataset.empty()) return session;
  const Result<bool> there = sql::has_dataset(**session, request.dataset);
  if (!there) return fail(there.error());
  if (*there) return session;
  return fail(fmt::format("{} has no dataset {}", address(), request.dataset),
              "the query \"select schema_name from information_schema.schemata\" says what is there");
}

Status PostgresDestination::expect_new(sql::Connection* session, const std::string& dataset) {
  const auto may = session->rows(
      "SELECT has_database_privilege(current_database(), 'CREATE')::text, current_user::text, "
      "current_database()::text",
      {});
  if (!may) return fail(may.error());
  const sql::TextRow& row = may->front();
  if (row.at(0) == "true") return {};
  const std::string user = row.at(1).value_or("");
  const sql::Dialect& dialect = sql::postgres_dialect();
  return fail(Error{.message = fmt::format("{}: the user {} may not make the schema {}", address(), user, dataset),
                    .hint = fmt::format("let its owner say GRANT CREATE ON DATABASE {} TO {}, or make the schema: "
                                        "CREATE SCHEMA {} AUTHORIZATION {}",
                                        sql::quoted(dialect, row.at(2).value_or("")), sql::quoted(dialect, user),
                                        sql::quoted(dialect, dataset), sql::quoted(dialect, user)),
                    .blame = Blame::usage});
}

}  // namespace outfall::destinations::postgres
