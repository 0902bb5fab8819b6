// SPDX-License-Identifier: Apache-2.0
//
// Normalizer: streams chunks of documents through the workers and hands on finished batches of rows, in input order.
//
// One thread reads, `workers` threads shape, the calling thread commits and writes. The number of chunks in flight is
// bounded, so is the memory. Whatever the number of workers and the size of the chunks, schema, column order, variants
// and rows come out the same.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "normalize/batch_assembler.h"
#include "normalize/chunk.h"
#include "normalize/shaped_chunk.h"
#include "normalize/shaper.h"
#include "schema/schema.h"

namespace outfall::normalize {

/// Gives the next chunk; nothing at the end. Called from one thread of the normalizer's.
using ReadChunk = std::function<Result<std::optional<Chunk>>()>;

/// Takes back a chunk that was shaped. Called from any thread.
using RecycleChunk = std::function<void(Chunk)>;

/// A document that is in no table because it cannot be shaped.
struct RejectedDocument {
  std::uint32_t input = 0;
  std::uint64_t line = 0;    ///< where it was seen, counted from 1
  std::uint64_t column = 0;  ///< characters
  std::uint64_t offset = 0;  ///< of its first byte in the decompressed input
  std::string_view text;     ///< its bytes, which may not be text at all; valid during the call
  std::string_view message;
  std::string_view hint;
  const CsvLayout* csv = nullptr;  ///< null: it was to be JSON
  bool by_contract = false;        ///< its table's contract has it left out
  std::uint64_t rows_before = 0;   ///< of its root table, which come from what stands before it
};

/// Takes a document that was left out (BadDocuments::leave_out, ContractMode::discard_row). Called in input order, and
/// before any error behind it. An answer that is no success ends the work with it.
using TakeRejected = std::function<Status(const RejectedDocument&)>;

struct NormalizeOptions {
  ShapeOptions shape;
  std::string write_disposition = "append";  ///< of root tables
  std::string load_id;
  RowIdSeed seed{};
  int workers = 1;  ///< threads, the calling one among them
  std::size_t chunks_in_flight_max = 8;
  std::vector<InputFacts> inputs;  ///< by Chunk::input
  std::stop_token stop;
  /// Makes a `read` that waits return soon, with any answer. Called when nobody wants more.
  std::function<void()> cancel_read;
  /// Needed where shape.bad_documents leaves them out, or a contract does.
  TakeRejected take_rejected;
  /// Documents read so far; called after each chunk.
  std::function<void(std::uint64_t documents)> progress;
};

/// A variant column that got values, with the first of them.
struct VariantSummary {
  std::string table;
  std::string column;
  std::string base_column;
  std::string value;
  std::uint32_t input = 0;
  std::uint64_t line = 0;
  bool is_stated = false;  ///< the type of the base column
};

/// A column whose type does not take all of its values.
struct ConflictSummary {
  std::string table;
  std::string column;
  schema::ColumnType from;
  schema::ColumnType to;  ///< takes all that was met
  std::string value;      ///< the first that did not fit
  std::uint32_t input = 0;
  std::uint64_t line = 0;
};

/// What contracts have left out of one column, or of a table that was not made.
struct DiscardSummary {
  Discard discard;
  std::uint32_t input = 0;  ///< of the first value
};

/// A key that did not get the name it would have alone.
struct CollisionSummary {
  std::string table;
  std::string name;   ///< of the column; empty: it is about the table
  std::string keys;   ///< that lead to it
  std::string apart;  ///< where its values are
};

struct NormalizeSummary {
  std::map<std::string, std::uint64_t> rows;               ///< by table
  std::map<std::string, std::set<std::string>> columns{};  ///< that were handed on, by table
  std::vector<std::uint64_t> documents;                    ///< in the tables, by input
  std::vector<std::uint64_t> left_out;                     ///< by input
  std::uint64_t duplicate_keys = 0;
  std::uint64_t numbers_as_text = 0;  ///< integers that no decimal has the digits for
  SystemColumnSet system_columns_left_out;
  std::vector<CollisionSummary> collisions;  ///< each key once, in input order
  std::vector<VariantSummary> variants;      ///< in input order
  std::vector<DiscardSummary> discards;      ///< in input order
  /// In input order. If there are any, not all rows were handed on: normalize anew with these types settled.
  std::vector<ConflictSummary> conflicts;
  std::uint64_t chunks_shaped_again = 0;
};

/// Shapes everything that `read` gives into `schema`, which grows, and batches for `write`.
///
/// Threads: `workers` in all, the calling one among them. The callbacks are called from any of them, `read` and
/// `cancel_read` at any time, all others one at a time.
///
/// Errors: what the callbacks say; a document that cannot be shaped and is not left out, with input, line and column,
/// always the first in input order; Blame::interrupted when asked to stop.
Result<NormalizeSummary> normalize(const NormalizeOptions& options, schema::Schema& schema, const ReadChunk& read,
                                   const RecycleChunk& recycle, const WriteBatch& write);

}  // namespace outfall::normalize
