// SPDX-License-Identifier: Apache-2.0
//
// LetterKeys: which primary keys dead letters have, so that the delivery of a later row of one of them is noticed. Rows
// of a table without such letters are not looked at.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "delivery/row_keys.h"
#include "ledger/ledger.h"
#include "schema/schema.h"

namespace outfall::delivery {

/// Any thread may call, once it has begun.
class LetterKeys {
 public:
  /// Of the tables of the package that have a primary key.
  Status begin(ledger::Ledger& ledger, const schema::Schema& schema, const ledger::PackageRecord& package);

  /// The columns of the table's key; null: it has none.
  const std::vector<KeyColumn>* columns(const std::string& table) const;

  /// Whether any letter of the table has a key.
  bool has_any(const std::string& table) const;
  /// Keys of letters of the table that were made of other columns: the table had another primary key then, and nobody
  /// can say which rows of it are the same.
  const std::vector<std::string>& of_other_columns(const std::string& table) const;
  /// A row of the table was delivered: adds the keys of the letters that have the same one, as these have it.
  void take_delivered(const std::string& table, const std::string& key, std::int64_t row,
                      std::vector<ledger::DeliveredKey>& out) const;
  /// The same for all of them, where nobody knows which rows were delivered.
  void take_all(const std::string& table, std::int64_t row, std::vector<ledger::DeliveredKey>& out) const;
  void add(const std::string& table, const std::string& key);

 private:
  struct Table {
    std::vector<KeyColumn> columns;
    std::unordered_map<std::string, std::vector<std::string>> keys;  ///< of letters, by what they are now
    std::vector<std::string> of_other_columns;
  };

  std::map<std::string, Table, std::less<>> tables_;
  mutable std::mutex mutex_;  ///< of all keys
};

/// Rows of a job file from `first` up to `last`; `before` are those of the table in front of the file.
struct JobPart {
  const ledger::JobRecord& job;
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::uint64_t before = 0;
};

/// The primary keys of rows of a package, read from its job files. Used by one thread.
class PackageKeys {
 public:
  /// All outlive the object.
  PackageKeys(const ledger::PackageRecord& package, const schema::Schema& schema, std::string folder);
  PackageKeys(const PackageKeys&) = delete;
  PackageKeys& operator=(const PackageKeys&) = delete;
  ~PackageKeys();

  /// Of a row, by its place among those of the table; empty: it has none.
  Result<std::string> of(const std::string& table, std::uint64_t row);

  /// Adds those of the part that letters have.
  Status find(const JobPart& part, const LetterKeys& letters, std::vector<ledger::DeliveredKey>& found);

  /// Those of the whole package that letters have now; each table with rows has delivered some.
  Result<std::vector<ledger::DeliveredKey>> find_all(ledger::Ledger& ledger);

 private:
  struct Open;
  Result<RowKeys*> open(const ledger::JobRecord& job);

  const ledger::PackageRecord& package_;
  const schema::Schema& schema_;
  const std::string folder_;
  std::unique_ptr<Open> open_;  ///< the file that was read last
};

/// Calls letters overtaken by what lanes have delivered of a package, where that could not be seen batch by batch: rows
/// in other files that may have been delivered before there was a letter, and letters whose key has other columns. For
/// the end of each attempt, and for the end of a package. Of a file that cannot be read any row may be a later one.
///
/// Errors: the state store cannot be read or written.
Status overtake_over_files(ledger::Ledger& ledger, const ledger::PackageRecord& package, const schema::Schema& schema,
                           const std::string& folder);

}  // namespace outfall::delivery
