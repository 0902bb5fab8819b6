// SPDX-License-Identifier: Apache-2.0
//
// MergeSettings: how the rows of a root table are merged, as hints of the table and of its columns say it. Hints have
// dlt's names; what dlt has no hint for begins with x-outfall.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "outfall/error.h"
#include "outfall/types.h"
#include "schema/table.h"

namespace outfall::schema {

namespace hint {
inline constexpr std::string_view merge_strategy = "x-merge-strategy";
inline constexpr std::string_view source_filter = "x-merge-source-filter";
inline constexpr std::string_view destination_scope = "x-merge-destination-scope";
inline constexpr std::string_view skip_unchanged = "x-merge-skip-unchanged-rows";
inline constexpr std::string_view boundary = "x-boundary-timestamp";
inline constexpr std::string_view missing_columns = "x-outfall-missing-columns";
inline constexpr std::string_view removes = "x-outfall-delete";
inline constexpr std::string_view max_deleted = "x-outfall-max-deleted";
inline constexpr std::string_view dropped = "x-outfall-dropped";  ///< names of tables
// Of columns.
inline constexpr std::string_view row_version = "x-row-version";
inline constexpr std::string_view valid_from = "x-valid-from";
inline constexpr std::string_view valid_to = "x-valid-to";
inline constexpr std::string_view active_until = "x-active-record-timestamp";
}  // namespace hint

inline constexpr std::string_view valid_from_column_name = "_dlt_valid_from";
inline constexpr std::string_view valid_to_column_name = "_dlt_valid_to";

/// How many rows a load may take away: their number, or else how many of a hundred.
struct DeletionLimit {
  std::optional<std::uint64_t> rows{};
  std::optional<double> percent{};
};

struct MergeSettings {
  MergeStrategy strategy = MergeStrategy::delete_insert;
  std::vector<std::string> primary_key{};
  std::vector<std::string> merge_key{};
  const Column* hard_delete = nullptr;  ///< one that has a type, as the next
  const Column* dedup_sort = nullptr;
  std::string source_filter{};
  std::string destination_scope{};
  bool skip_unchanged = false;
  MissingColumns missing_columns = MissingColumns::null;
  std::string valid_from{};
  std::string valid_to{};
  std::string row_version{};  ///< of scd2 always; of others where it is said
  /// Microseconds since 1970. None: the load says.
  std::optional<std::int64_t> boundary{};
  std::optional<std::int64_t> active_until{};
  bool removes = false;  ///< the load has keys of rows that go, and no rows
};

/// Without the hint: delete-insert.
///
/// Errors: abandon: the hint names one that is not known here.
Result<MergeStrategy> merge_strategy(const Table& root);

/// What the table says; it must outlive the result.
///
/// Errors: abandon: a hint has a value that is not known here; there is no key that the strategy could go by.
Result<MergeSettings> merge_settings(const Table& root);

/// None: a load may take away what it does.
DeletionLimit deletion_limit(const Table& root);

/// The same as its hint has it: `100`, `5%`. Null: it has none.
Json deletion_limit_hint(const DeletionLimit& limit);

/// The names of the columns for which it is true, such as &Column::primary_key.
std::vector<std::string> columns_where(const Table& table, bool Column::* flag);

/// The first column with that hint. Null: there is none.
const Column* column_with(const Table& table, std::string_view hint);

}  // namespace outfall::schema
