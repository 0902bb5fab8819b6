// SPDX-License-Identifier: Apache-2.0
//
// Question: the destination that somebody wants to ask, found by its address, its name or a pipeline, with the dataset
// in which names are looked up.
#pragma once

#include <memory>

#include "delivery/destination.h"
#include "outfall/query.h"

namespace outfall::engine {

struct Question {
  std::unique_ptr<delivery::Destination> destination;
  delivery::QueryRequest request;
  QueryReport report;  ///< with the destination and the dataset
};

/// Errors: as query().
Result<Question> prepare_question(const QueryOptions& options);

/// The error of a statement, with a hint where our options are the remedy: the database cannot know them.
Error with_query_hint(Error error, const QueryReport& report);

}  // namespace outfall::engine
