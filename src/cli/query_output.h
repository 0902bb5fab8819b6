// SPDX-License-Identifier: Apache-2.0
//
// Prints the rows of a query on stdout as they arrive.
#pragma once

#include <cstdio>
#include <memory>
#include <span>

#include "cli/command.h"
#include "outfall/query.h"

namespace outfall::cli {

/// Writes to a stream until nobody reads it any more.
class QueryOutput {
 public:
  virtual ~QueryOutput() = default;
  virtual void columns(std::span<const QueryColumn> columns) = 0;

  /// False: nobody reads, so there is no use in more.
  virtual bool row(std::span<const QueryCell> cells) = 0;

  /// Writes what is still held back.
  virtual void end() = 0;

  static std::unique_ptr<QueryOutput> make(OutputForm form, std::FILE* out);
};

}  // namespace outfall::cli
