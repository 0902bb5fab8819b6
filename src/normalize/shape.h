// SPDX-License-Identifier: Apache-2.0
//
// Shape: what one worker has seen of the documents so far, kept so that a repeated key costs a comparison.
//
// The shape mirrors the documents: an ObjectShape holds a KeySlot for each key in the order first met, and a slot knows
// the column of its scalars, the shape of its objects and the table of its lists. Names are normalized once, when a
// slot is made. Columns and tables are local to the worker; the committer decides what they become (committer.h).
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "columnar/column_builder.h"
#include "normalize/row_id.h"
#include "normalize/schema_log.h"
#include "normalize/table_contract.h"
#include "normalize/type_conflicts.h"
#include "outfall/types.h"
#include "schema/columns_there.h"
#include "schema/naming.h"
#include "schema/time_zone.h"

namespace outfall::limits {
/// Rows of one table in one chunk. Their ids stay below the 2 GiB that the text of an Arrow column may have.
inline constexpr std::uint32_t table_rows_max = 100'000'000;
}  // namespace outfall::limits

namespace outfall::normalize {

inline constexpr std::uint32_t none = UINT32_MAX;

struct KeySlot;
struct ObjectShape;
struct TableShape;

/// Where a new column stands among the new columns of its row. dlt flattens an object level by level: the scalars of a
/// level first, then its objects from the last to the first. `path` has the position of each enclosing key and, last,
/// of the key itself.
struct DiscoveryOrder {
  std::vector<std::uint32_t> path;
  bool system = false;  ///< a system column that the document did not bring: behind all others, in order of `path`
};
bool operator<(const DiscoveryOrder& a, const DiscoveryOrder& b);

/// The first value of a chunk that did not fit its column.
struct VariantSighting {
  std::uint32_t column = none;
  std::string value;
  std::uint64_t line = 0;
};

/// A column of a table, as this worker knows it, with the cells of the chunk in hand. What every cell needs comes
/// first.
struct ColumnSlot {
  std::uint64_t chunk_serial = 0;           ///< last chunk that set a cell
  std::uint64_t row_serial = 0;             ///< last row that set a cell
  const KeySlot* row_key = nullptr;         ///< the key that did, for the message when another one does too
  const ObjectShape* row_object = nullptr;  ///< the object that has that key
  const schema::TimeZone* clock = nullptr;  ///< that a timestamp without an offset was read from; null: UTC
  schema::ColumnType type;
  schema::ValueRange range = schema::ValueRange::whole;  ///< of the type's values, those that it takes
  std::optional<columnar::ColumnBuilder> cells;
  std::string name;
  std::int64_t unit = 1;     ///< microseconds that it counts in (microseconds_kept)
  bool cuts_moments = true;  ///< moments and times that are no multiple of it; otherwise they do not fit
  bool nullable = true;
  bool declared = false;                ///< the user stated the type
  std::uint8_t key_part = no_key_part;  ///< the place in its table's key (RootOptions::key)
  bool constant = false;                ///< the same text on every row (`_dlt_load_id`): has no cells here
  bool confirmed = false;               ///< the committed schema has it, and with this type
  std::uint32_t base = none;            ///< of a variant: the column whose type did not fit
  bool found_as_variant = false;        ///< the chunk's first cell came here because it did not fit `base`
  std::array<std::uint32_t, 11> variants = filled_with_none();  ///< by DataType of the value
  std::uint64_t variant_serial = 0;                             ///< last chunk that put a value here as a variant
  columnar::ColumnRoom room;                                    ///< that the cells of the last chunk needed

  static constexpr std::uint8_t no_key_part = UINT8_MAX;

 private:
  static constexpr std::array<std::uint32_t, 11> filled_with_none() {
    std::array<std::uint32_t, 11> all{};
    all.fill(none);
    return all;
  }
};

/// A key of an object. What every value needs comes first, in one line of the cache.
struct alignas(64) KeySlot {
  enum class Role : std::uint8_t {
    data,         ///< the user's
    row_id,       ///< `_dlt_id`: the document brings its own row id
    overwritten,  ///< another system column: ours replaces it
    left_out,     ///< a system column that an earlier load made: not taken
    reserved,     ///< begins like a system column and is none: an error when it is used
    nul,          ///< its name would have a NUL character, which no database takes: an error when it is used
  };
  std::string raw;                  ///< as written between the quotes
  std::uint64_t object_serial = 0;  ///< last object that had the key
  std::uint32_t same_as = none;     ///< the slot of the same key in another spelling
  std::uint32_t column = none;      ///< of the scalars; none until the first
  Role role = Role::data;
  std::string key;                        ///< with escapes resolved
  std::string column_name;                ///< normalized, with the path of enclosing objects
  std::string identifier;                 ///< normalized key alone
  std::optional<NameClaim> column_claim;  ///< only where names are kept apart, as the next
  std::optional<NameClaim> table_claim;
  std::uint64_t column_claim_serial = 0;  ///< last chunk that told of it
  std::uint64_t table_claim_serial = 0;
  std::uint64_t flattening_serial = 0;  ///< of the newest decision that objects and lists here are taken apart
  std::unique_ptr<ObjectShape> object;
  std::unique_ptr<ObjectShape> list;  ///< the rows of the nested table; null until the first list
};

/// The key as JSON spells it between the quotes: one table may get its rows from inputs of several formats.
std::string json_spelling(std::string_view key);

/// The keys that objects at one path have. For a list it is the shape of its rows; their first slot is `value`, for
/// scalars.
struct ObjectShape {
  TableShape* table = nullptr;
  std::vector<std::string> parts;  ///< identifiers of the enclosing objects inside the row
  std::string keys;                ///< their keys, each with a dot behind it
  std::string list_key;            ///< of a list: its key, with those of the enclosing objects
  int level = 0;                   ///< how much deeper nesting may go from here: at 0 objects and lists stay JSON
  int row_level = 0;               ///< the level of the row that the object stands in
  std::vector<std::unique_ptr<KeySlot>> slots;
  std::unordered_map<std::string_view, std::uint32_t> by_raw;
  std::unordered_map<std::string_view, std::uint32_t> by_key;
  /// Of a list: the rows around lists that stand directly in it. The list inside costs them a level of its own.
  std::unique_ptr<ObjectShape> wrapped;
  std::uint64_t parent_row_serial = 0;  ///< of a list: the parent row that had it last
};

struct TableShape {
  std::string name;
  std::vector<std::string> path;  ///< identifiers from the root table down, not shortened
  TableShape* parent = nullptr;
  bool confirmed = false;
  TableContract contract;
  std::deque<ColumnSlot> columns;
  std::unordered_map<std::string_view, std::uint32_t> by_name;
  std::unordered_map<std::string, std::string> first_keys;  ///< by column: the keys that had the name first
  std::vector<std::string> required;                        ///< columns of the user's that must be set in every row
  RowIdKind row_ids = RowIdKind::random;                    ///< of a root table, as the next
  std::vector<std::string> key;                             ///< that the ids follow from, sorted
  std::uint32_t id_column = none;
  std::uint32_t load_id_column = none;    ///< root tables
  std::uint32_t parent_id_column = none;  ///< nested tables, as the two below
  std::uint32_t list_index_column = none;
  std::uint32_t root_id_column = none;  ///< only where the root key is asked for
  std::uint32_t origin_column = none;   ///< only where ids follow from what rows hold (schema::origin_column_name)
  bool row_open = false;
  std::uint64_t row_serial = 0;              ///< of the row in hand or the last one
  std::uint64_t parent_row_serial = 0;       ///< the parent row that gave rows last
  const ObjectShape* parent_list = nullptr;  ///< the list that gave them

  // The chunk in hand.
  std::uint64_t chunk_serial = 0;
  const TableShape* first_parent = nullptr;  ///< of the first row: one name may be reached on two paths
  std::uint32_t rows = 0;
  std::optional<columnar::ColumnBuilder> documents;  ///< of the rows (RootOptions::keeps_documents)
  columnar::ColumnRoom documents_room;               ///< that those of the last chunk needed
  std::vector<std::uint32_t> touched;                ///< columns with cells, in order of the first
  std::vector<std::uint32_t> discovered;  ///< columns that the committed schema may lack, in the order they would get
  std::vector<std::uint32_t> assumed;     ///< columns whose type was relied on without a cell of their own
  std::vector<const KeySlot*> flattened;  ///< keys whose objects or lists were taken apart
  std::vector<VariantSighting> variants;
  std::vector<ConflictSighting> conflicts;  ///< each type of a column once
  std::vector<std::pair<DiscoveryOrder, std::uint32_t>> row_discoveries;

  // The document in hand, to take it back.
  std::uint64_t document_serial = 0;
  std::uint32_t rows_before = 0;
  std::size_t touched_before = 0;
  std::size_t discovered_before = 0;
  std::size_t assumed_before = 0;
  std::size_t variants_before = 0;
  std::size_t conflicts_before = 0;
  std::size_t columns_before = 0;
};

/// Types that the user stated with --column, by path: keys from the root joined with dots, list levels left out.
using ColumnHints = std::unordered_map<std::string, schema::ColumnType>;

/// What holds for a root table and all tables below it.
struct RootOptions {
  int max_nesting = 1000;
  bool root_key = false;  ///< nested rows carry the id of their root row
  /// Rows have the JSON documents that they were beside their cells, also where a value has no place in these. For
  /// tables that have no nested ones (max_nesting 0).
  bool keeps_documents = false;
  RowIdKind row_ids = RowIdKind::random;
  std::vector<std::string> key{};  ///< for RowIdKind::key_hash: the columns of the primary key, sorted
};

/// What becomes of a document that cannot be shaped.
enum class BadDocuments : std::uint8_t {
  fail,       ///< it ends the run
  leave_out,  ///< it is told apart, and nothing of it is in a table
};

/// What becomes of keys of a document that are called like the columns that a load adds.
enum class SystemColumns : std::uint8_t {
  leave_out,  ///< an earlier load made them
  keep,       ///< `_dlt_id` is the row's id; what this load adds itself it replaces; all else is data
};

struct ShapeOptions {
  schema::Naming naming{NamingConvention::snake_case, std::nullopt};
  int max_nesting = 1000;  ///< of tables that are not in `roots`, as the next
  bool root_key = false;
  bool row_ids_for_columns = false;  ///< rows that come as columns get `_dlt_id` and `_dlt_load_id`, as documents do
  std::uint32_t table_rows_max = limits::table_rows_max;  ///< a test has fewer
  std::unordered_map<std::string, RootOptions> roots;     ///< by root table
  ColumnHints hints;
  BadDocuments bad_documents = BadDocuments::fail;
  SystemColumns system_columns = SystemColumns::leave_out;
  OnCollision on_collision = OnCollision::error;
  TypeConflicts type_conflicts = TypeConflicts::variant;
  TableContracts contracts{};                   ///< of tables that are there, and of root tables
  SettledTypes settled_types;                   ///< of new columns: what an earlier pass found
  const schema::ColumnsThere* there = nullptr;  ///< what the destination has; null: nothing
  std::optional<schema::TimeZone> clock{};      ///< that timestamps in text were read from; none: UTC

  RootOptions of_root(const std::string& table) const {
    const auto found = roots.find(table);
    return found == roots.end() ? RootOptions{.max_nesting = max_nesting, .root_key = root_key} : found->second;
  }
};

/// The shapes of all tables of a run, as one worker knows them.
class Shape {
 public:
  Shape(const ShapeOptions& options, const SchemaLog& log) : options_(options), log_(log) {}

  /// Takes over what the committed schema has gained. A local guess that the schema decided otherwise empties the whole
  /// shape, and so do too many keys; it is learnt again from the log.
  void sync();

  /// The shape of the documents of a root table.
  ObjectShape& root(const std::string& table_name);

  /// The slot of a key that `object` has not seen in this spelling. `raw` is the spelling, `key` the key itself.
  KeySlot& add_key(ObjectShape& object, std::string_view raw, std::string_view key);

  /// The shape of a nested object, of the rows of a list, and of the rows around lists that stand directly in a list.
  ObjectShape& object_of(KeySlot& slot, const ObjectShape& within);
  ObjectShape& list_of(KeySlot& slot, const ObjectShape& within);
  ObjectShape& wrapped_rows_of(ObjectShape& rows);

  /// The names of a key's column and of the table of its lists, where OnCollision::suffix keeps names apart. Asked for
  /// before either is made.
  const NameClaim& claim_column(const ObjectShape& object, KeySlot& slot);
  const NameClaim& claim_table(const ObjectShape& object, KeySlot& slot);

  /// The column of that name, made with `type` if the table has none.
  std::uint32_t column(TableShape& table, const std::string& name, const schema::ColumnType& type);
  std::uint32_t find_column(const TableShape& table, std::string_view name) const;

  /// Whether the table has no column of that name, and its contract lets it get none.
  bool refuses_column(const TableShape& table, std::string_view name) const;

  /// Whether the contract lets no column be made beside `base` for values of `kind`, and there is none.
  bool refuses_variant(const TableShape& table, std::uint32_t base, DataType kind) const;

  /// What the column beside `base` is called that takes values of `kind`.
  std::string variant_name(const TableShape& table, std::uint32_t base, DataType kind) const;

  /// What to do about a row that has no value for a column that must have one.
  std::string not_set_hint(const TableShape& table, std::string_view column) const;

  /// Forgets the columns from `first` on, which no chunk has told of yet.
  void drop_columns(TableShape& table, std::size_t first);

  /// The column beside `base` that takes values of `kind`; `type` is what it gets if it is new.
  std::uint32_t variant(TableShape& table, std::uint32_t base, DataType kind, const schema::ColumnType& type);

  /// The type that the user stated for the column of this key, if any.
  const schema::ColumnType* hint(const ObjectShape& object, const KeySlot& slot) const;

  /// The type that a new column of this name has to get, from an earlier pass or from the destination, if any.
  const schema::ColumnType* settled_for(const TableShape& table, const std::string& column_name) const;

  /// Gives the slot its column. One that the table does not have gets the type that was stated for it, or that an
  /// earlier pass settled, or else `found`, that of its first value.
  void give_column(const ObjectShape& object, KeySlot& slot, const schema::ColumnType& found);

  /// Whether a column gets another type where a value does not fit it. What the user stated stays, and so does JSON
  /// that says that objects under its key are not taken apart.
  bool settles_type(const ObjectShape& object, const ColumnSlot& column) const;

  /// Notes that `column` has to take a value of type `value`.
  void note_conflict(TableShape& table, std::uint32_t column, const schema::ColumnType& value, std::string_view text,
                     std::uint64_t line) const;

  /// Tables that the committed schema has, as far as known here.
  std::size_t confirmed_tables() const { return confirmed_tables_; }
  const ShapeOptions& options() const { return options_; }

 private:
  TableShape& table(const std::string& name);
  TableShape& nested_table(TableShape& parent, const std::vector<std::string>& path);
  void set_parent(TableShape& nested, TableShape& parent);
  std::uint32_t add_column(TableShape& table, ColumnSlot slot);
  void add_system_columns(TableShape& table);
  static void give_key(TableShape& table, const std::vector<std::string>& key);
  static std::uint8_t key_part(const TableShape& table, std::string_view column);
  bool learn(const LoggedColumn& column);
  bool learn(const NameClaim& claim);
  std::string list_table_name(const ObjectShape& object, const std::string& identifier) const;
  const schema::ColumnThere* there(const TableShape& table, std::string_view column_name) const;
  static void require(TableShape& table, const std::string& column);
  bool carries_root_id(const TableShape& table) const;
  RowIdKind row_ids(const TableShape& table) const;
  void learn_anew();
  KeySlot::Role role_of(const ObjectShape& object, std::string_view column_name) const;

  const ShapeOptions& options_;
  const SchemaLog& log_;
  std::size_t log_position_ = 0;
  std::size_t claims_position_ = 0;
  std::size_t confirmed_tables_ = 0;
  std::size_t keys_ = 0;  // slots of all objects together
  std::deque<TableShape> tables_;
  std::unordered_map<std::string_view, TableShape*> tables_by_name_;
  std::unordered_map<std::string, std::string> first_lists_;  // by table: the keys of the list that had the name first
  std::unordered_map<std::string, std::unique_ptr<ObjectShape>> roots_;
};

}  // namespace outfall::normalize
