// SPDX-License-Identifier: Apache-2.0
//
// DocumentSieve: finds the documents of a package that a database refuses by loading: those that fail are left out, the
// others go in.
//
// Documents go in piece by piece, the first piece is all of them. A piece that is refused is taken back and goes on as
// smaller ones, which grow again as long as nothing is refused, because a database may get all of a piece before it
// says a word: where the database names the row, as what stands before its document, that alone, and what stands behind
// it; else as two halves. What is refused alone is refused. So each document is held against all before it, and of two
// with one key the first stays. What is taken back is a savepoint, or, where a database has none, the transaction,
// which begins again with what is known by then. Where rows are merged, the merge itself can refuse documents: then the
// shortest beginning of the table is searched for that it refuses; the last document of that is refused.
//
// In memory are the refused documents, with their reasons.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "delivery/destination.h"
#include "delivery/document_rows.h"
#include "sql/connection.h"
#include "sql/transaction.h"

namespace outfall::delivery {

/// How often a load is tried at most, whatever is refused.
struct SieveLimits {
  /// Pieces: a refused row that is named costs three of them, which are some milliseconds, and its rows once more.
  std::uint64_t pieces = 100'000;
  /// Transactions that begin again: each sends all rows.
  std::uint64_t transactions = 1'000;
};

/// Of one load, whatever number of transactions it takes.
class DocumentSieve {
 public:
  /// `roots`: the tables of the package that are nested in no other, in the order in which they go in. `tables` says
  /// what stands in the place of their nulls. The request outlives the object.
  ///
  /// Errors: nobody knows which rows are one document; a job file is damaged.
  static Result<DocumentSieve> make(const LoadRequest& request, const std::vector<const schema::Table*>& roots,
                                    const LoadSummary& tables, const sql::Dialect& dialect, SieveLimits limits = {});

  /// Inserts these rows of a job, and returns how many the database took.
  using InsertRows = std::function<Result<std::uint64_t>(DocumentJob& job, const std::vector<RowRange>& rows)>;

  /// Puts all documents in that are not refused, into a transaction in which nothing of the package is.
  ///
  /// Errors: `learn` says whether that is the end of it.
  Status insert(sql::Transaction& transaction, const InsertRows& insert);

  /// After a transaction failed and was rolled back: it is to begin again.
  ///
  /// Errors: the failure, if it was no row; it has begun too often.
  Status learn(Error failed, const sql::Connection& connection);

  /// Whether a transaction that has taken everything is the load, and not only a question.
  bool is_whole() const;

  /// It was a question, and is rolled back: the next one is to begin. Errors: as of `learn`.
  Status pass();

  /// Counts what is in, and hands over what is refused. Errors: as of Refusals.
  Status tell(LoadSummary& summary);

 private:
  /// A root table with all that is nested in it.
  struct Chain {
    DocumentRows rows;
    bool is_merged = false;
    std::map<std::uint64_t, std::string> refused{};  ///< why, by document
    std::vector<RowRange> pieces{};  ///< of documents that are still to be tried; the next one is the last
    std::uint64_t at_once = 0;       ///< documents of the next piece at most
    std::uint64_t limit = 0;         ///< documents from here on stay out of this transaction
    std::uint64_t merged = 0;        ///< the merge takes all before this one
    std::uint64_t unmerged = 0;      ///< and refuses something before this one,
    std::string merge_refusal{};     ///< saying so

    const schema::Table& root() const { return *rows.tables().front().table; }
    std::uint64_t settled() const { return pieces.empty() ? rows.documents() : pieces.back().begin; }
  };

  /// An insert that failed.
  struct Failed {
    Error error;
    std::optional<std::size_t> table{};  ///< none: it was not the database that failed
    const DocumentJob* job = nullptr;
    std::vector<RowRange> rows{};  ///< of the job, that were sent
  };

  DocumentSieve(const LoadRequest& request, SieveLimits limits) : request_(&request), limits_(limits) {}

  Status refuse_keyless(Chain& chain, const sql::DefaultValues& defaults, const sql::Dialect& dialect);
  Status insert(Chain& chain, sql::Transaction& transaction, const InsertRows& insert);
  static RowRange next_piece(Chain& chain);
  static std::optional<Failed> insert_documents(Chain& chain, RowRange documents, const InsertRows& insert);
  Status narrow(Chain& chain, RowRange piece, const Failed& failed, const sql::Connection& connection);
  Status narrow_merge(Chain& chain, Error failed);
  Status refuse(Chain& chain, std::uint64_t document, std::string_view reason);
  Status tell(Chain& chain);
  std::uint64_t refused() const;
  const std::string& first_reason() const;
  Status count_transaction();
  Error too_often(std::uint64_t times, std::string_view what) const;

  const LoadRequest* request_;
  SieveLimits limits_;
  std::vector<Chain> chains_{};
  std::uint64_t pieces_ = 0;
  std::uint64_t transactions_ = 0;
  bool begins_again_ = false;  ///< the transaction failed, and it is known by now why
};

/// Rows of a root table that is merged, and have no value in a column of its primary key; the first of them.
/// `defaults`: what stands in the place of nulls.
Result<std::vector<std::uint64_t>> find_keyless(const DocumentTable& table, const sql::DefaultValues& defaults,
                                                const sql::Dialect& dialect, std::size_t at_most);

/// "it has no value in the primary key (id)"
std::string keyless_reason(const schema::Table& table);

}  // namespace outfall::delivery
