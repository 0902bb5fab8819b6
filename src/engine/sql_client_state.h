// SPDX-License-Identifier: Apache-2.0
//
// The session that a client, its cursors and its transactions share.
#pragma once

#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

#include "engine/question.h"
#include "outfall/sql_client.h"
#include "sql/connection.h"

namespace outfall {

namespace engine {

struct CancelSession {
  sql::Connection* session;
  void operator()() const { session->cancel(); }
};

inline Error usage_error(std::string message, std::string hint) {
  return {.message = std::move(message), .hint = std::move(hint), .blame = Blame::usage};
}

}  // namespace engine

struct SqlClient::State {
  State(engine::Question question, std::unique_ptr<sql::Connection> connection, const std::stop_token& stop)
      : report(std::move(question.report)),
        access(question.request.access),
        destination(std::move(question.destination)),
        session(std::move(connection)),
        cancel(stop, engine::CancelSession{session.get()}),
        stop_token(stop) {}

  /// What the session answered, for whoever asked.
  std::unexpected<SqlError> failed(Error error);

  SqlStatus check_free() const;

  /// What only reads sees one moment a statement, and is refused by the database what would write.
  Status begin_reading();
  void end_reading();

  QueryReport report;
  delivery::QueryAccess access;
  std::unique_ptr<delivery::Destination> destination;
  std::unique_ptr<sql::Connection> session;
  std::stop_callback<engine::CancelSession> cancel;  // behind the session: it is gone before what it cancels
  std::stop_token stop_token;
  bool has_cursor = false;
  bool in_transaction = false;
  std::optional<Error> transaction_failure{};  ///< of a statement in it
};

}  // namespace outfall
