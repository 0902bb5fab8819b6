// SPDX-License-Identifier: Apache-2.0
//
// DocumentRows: which rows of the tables of a package belong to which document: the row of the root table with all that
// is nested in it.
//
// The rows of every table stand in the order of their documents, so all of a document, or of many in a row, are one
// stretch of each table. Which stretch is found by walking along the ids, or, where rows of several documents may have
// the same, along what tells documents apart; places on the way are remembered, so many of them that a search is short,
// and no more, however many documents there are.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "columnar/file_rows.h"
#include "columnar/row_texts.h"
#include "delivery/destination.h"

namespace outfall::delivery {

/// Some rows of a table, or some documents of a root table.
using columnar::RowRange;

/// A job file of a table.
struct DocumentJob {
  const ledger::JobRecord* record = nullptr;
  std::uint64_t begin = 0;  ///< its first row among those of the table
  columnar::IpcFileReader file;
  columnar::FileRows rows;
  std::vector<std::string> columns;
};

/// A table with rows of the package.
struct DocumentTable {
  const schema::Table* table = nullptr;
  std::size_t parent = 0;  ///< its place among the tables; of the root its own
  bool has_nested = false;
  std::uint64_t rows = 0;
  std::vector<DocumentJob> jobs{};
};

class DocumentRows {
 public:
  /// Opens the job files of a root table and of what is nested in it, and walks along all rows. The request outlives
  /// the object.
  ///
  /// Errors: a file is damaged; rows do not stand where those of their document are.
  static Result<DocumentRows> open(const LoadRequest& request, const schema::Table& root);

  /// The root first, parents before what is nested in them.
  const std::vector<DocumentTable>& tables() const { return tables_; }
  std::vector<DocumentTable>& tables() { return tables_; }
  std::optional<std::size_t> find(const std::string& table) const;

  std::uint64_t documents() const { return tables_.front().rows; }

  /// The first row of each table that belongs to the document or to one behind it.
  Result<std::vector<std::uint64_t>> begin_of(std::uint64_t document);

  /// The document of a row.
  Result<std::uint64_t> document_of(std::size_t table, std::uint64_t row);

  /// Which of the jobs of the table has the row.
  std::size_t job_of(std::size_t table, std::uint64_t row) const;

  /// The id of a row, of the one that it is nested in, or what all rows of its document have and no others.
  enum class IdOf : std::uint8_t { row, parent, document };
  /// As JSON writes it.
  Result<std::string> id_of(std::size_t table, std::uint64_t row, IdOf which);

 private:
  /// The ids of the rows of one table.
  struct Ids {
    std::vector<std::array<columnar::RowTexts, 3>> jobs{};  ///< by IdOf
    std::unordered_set<std::string> of_document{};          ///< those of the document in hand
    std::string text{};
  };

  struct Place {
    std::uint64_t document = 0;
    std::vector<std::uint64_t> rows;  ///< by table, where those of the document begin
  };

  Status add(const schema::Table& table, std::size_t parent, const LoadRequest& request);
  Status walk_all();
  Status step();
  Status go_to(std::uint64_t document);

  std::vector<DocumentTable> tables_{};
  std::vector<Ids> ids_{};
  bool has_document_ids_ = true;  ///< in all job files
  std::vector<Place> places_{};   ///< one for `stride_` documents
  std::uint64_t stride_ = 1;
  Place at_{};
};

}  // namespace outfall::delivery
