// SPDX-License-Identifier: Apache-2.0
//
// Committer: merges what the workers found into the schema, one chunk after another in input order.
//
// Workers shape against what they know, which may be behind. A chunk agrees with the schema when everything it assumed
// is so: then its new columns are appended in the order it found them. One that does not agree is shaped again by a
// worker that knows all that was committed before. So the schema comes out as if one worker had read everything row by
// row.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "normalize/schema_log.h"
#include "normalize/shaped_chunk.h"
#include "schema/schema.h"

namespace outfall::normalize {

class Committer {
 public:
  /// Both outlive the committer. What the schema has already goes into the log. `write_disposition` is that of new root
  /// tables.
  Committer(schema::Schema& schema, std::string write_disposition, SchemaLog& log);

  /// False also for a chunk that would bring too many tables or columns: the worker that knows all of them says where.
  bool agrees(const ShapedChunk& chunk) const;

  /// Takes over the tables and columns of a chunk that agrees.
  void merge(const ShapedChunk& chunk);

 private:
  bool agrees(const ShapedTable& shaped) const;
  bool agrees(const NameClaim& claim) const;
  bool agrees(const Discard& discard) const;
  schema::Table& table_for(const ShapedTable& shaped);
  void add_column(schema::Table& table, const ShapedColumn& column);
  void record(const schema::Table& table, const schema::Column& column);

  schema::Schema& schema_;
  std::string write_disposition_;
  SchemaLog& log_;
  std::map<std::pair<std::string, std::string>, std::string> first_keys_;  // by table and name: who had it first
};

}  // namespace outfall::normalize
