// SPDX-License-Identifier: Apache-2.0
//
// Schema: the document that says which tables a dataset has, as dlt stores it (engine version 11), and its version
// hash.
//
// What we understand is here as C++ values; all else stays in the documents behind them and is written back as it came.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "outfall/types.h"
#include "schema/named_list.h"
#include "schema/table.h"

namespace outfall::schema {

/// The one form of the document that we read and write. A dlt from 1.0 on brings older ones to it.
inline constexpr std::int64_t schema_engine_version = 11;

/// Hashes of earlier versions that a document carries, newest first.
inline constexpr std::size_t previous_hashes_max = 10;

struct Schema {
  std::string name;
  std::int64_t version = 1;
  std::string version_hash;  ///< as of the last bump; edits since then are not in it
  std::vector<std::string> previous_hashes;
  NamedList<Table> tables;
  Json settings;     ///< detections, default hints, preferred types, contract
  Json normalizers;  ///< naming convention, configuration of the relational normalizer

  /// The document this was read from; the places of the members above hold nulls.
  Json stored;

  /// A schema that nothing was loaded with yet: the tables of every dataset, version 1, its hash.
  static Schema make(std::string_view name, NamingConvention naming);

  /// Reads a stored document.
  /// Errors: abandon, naming the table, column and key that are wrong, or the engine version that is not ours.
  static Result<Schema> parse(std::string_view text);
  static Result<Schema> from_document(const Json& document);

  /// The document, keys in stored order. Reading and writing one changes no byte but white space.
  Json document() const;
  std::string to_json() const { return outfall::to_json(document()); }

  /// The text that is hashed: the document without its version and hashes, keys sorted.
  std::string canonical_json() const;

  /// The hash of the schema as it is now.
  std::string compute_version_hash() const;

  /// Whether there are edits since the last bump.
  bool is_edited() const { return compute_version_hash() != version_hash; }

  /// Takes over edits: when the hash changed, the version grows and the old hash joins the previous ones. True then.
  bool bump();

  /// The convention its names follow.
  /// Errors: abandon: a convention of the user's own, which we cannot run.
  Result<NamingConvention> naming() const;

  /// Follows another one from now on, and forgets the tables of data: they are called as before.
  void change_naming(NamingConvention convention);

  /// Whether a key is read as a path, so that `a__b` keeps both underscores. False only in schemas of old datasets.
  bool breaks_paths() const;

  /// Names of the detections that are switched on.
  std::vector<std::string> detections() const;

  /// Whether default hints make this column not null, whatever the rows say.
  bool is_not_null_by_default(std::string_view column) const;

  /// Levels of nesting that become tables and columns; none: the normalizer's own limit.
  std::optional<int> max_nesting() const;
  void set_max_nesting(int levels);

  /// Whether the rows below a root table carry the root row's id: for this table, for all, or because a table below has
  /// the column already.
  bool propagates_root_id(std::string_view root_table) const;
  void propagate_root_id(std::string_view root_table);

  /// The rows below all root tables carry it from now on.
  void propagate_root_ids();

  /// Follows `parent` up to the root. `table` itself when it is one or is not in the schema.
  std::string_view root_of(std::string_view table) const;
};

/// The schema of a pipeline that was given none: its name without a trailing `_pipeline`, in snake_case, of at most 64
/// characters.
std::string default_schema_name(std::string_view pipeline);

}  // namespace outfall::schema
