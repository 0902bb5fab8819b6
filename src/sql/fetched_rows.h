// SPDX-License-Identifier: Apache-2.0
//
// Rows of a query with values, fetched some thousands at a time through a cursor at the server: memory does not grow
// with the result.
#pragma once

#include <span>
#include <string_view>

#include "outfall/arrow.h"
#include "sql/connection.h"

namespace outfall::sql {

/// A cursor lives in a transaction: the one that is open, or one of its own.
enum class EndOfRows { leaves_transaction, ends_transaction };

struct FetchedQuery {
  std::string_view query;
  std::span<const Value> values;
  EndOfRows end;
};

/// The session is for these rows alone until `out` is released.
Status fetch_rows(Connection& session, const FetchedQuery& query, ArrowArrayStream* out);

}  // namespace outfall::sql
