// SPDX-License-Identifier: Apache-2.0
//
// Dialect: a database as data. What its identifiers, types and ALTER look like; the code that writes SQL is the same
// for all.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "outfall/error.h"
#include "schema/column_type.h"
#include "schema/naming.h"
#include "sql/connection.h"

namespace outfall::sql {

using schema::ColumnType;

using IdentifierUnit = schema::LengthUnit;
enum class NameCase { sensitive, insensitive };
enum class AddColumn { one_a_statement, many_a_statement };
enum class AddNotNull { refused, accepted };

/// A type of the database that is like one of ours and takes less, or more.
struct OtherWord {
  std::string_view word;
  ColumnType type;  ///< whose values are kept as they are, as far as the range goes
  schema::ValueRange range = schema::ValueRange::whole;
};

/// The database's word for each type. A word with `{}` takes the precision (and the scale) there.
struct TypeWords {
  std::string_view text;
  std::string_view text_of_length;  ///< `{}` is the length; the same as `text` where a length means nothing
  std::string_view text_unique;  ///< of texts that the schema calls unique, unless their length is said; empty: as any
  std::string_view double_;
  std::string_view bool_;
  std::string_view timestamp;
  std::string_view timestamp_naive[4];  ///< of whole seconds, milliseconds, microseconds, nanoseconds
  std::string_view integers[5];         ///< of at most 8, 16, 32, 64 and 128 bits; empty: not there
  std::string_view binary;
  std::string_view json;
  std::string_view decimal;  ///< `{}` is the precision, the second `{}` the scale
  std::string_view date;
  std::string_view time;
  std::string_view binary_as_hex;   ///< `{column}` as JSON has it: 0x and hexadecimal digits
  std::string_view bool_as_text;    ///< `{column}` as rows have it where the column is text; empty: as it is converted
  std::string_view binary_as_text;  ///< the same
  /// Words that are asked before all others, most of which no column of ours is made with.
  std::array<OtherWord, 8> others;
  /// How words of types begin that keep a text or refuse it, and are like none of ours. The first does so with bytes
  /// too.
  std::array<std::string_view, 3> of_texts;
  int decimal_precision_max;
};

/// How a column comes as the types that record batches have.
struct ReadColumn {
  std::string expression;                            ///< in the place of the column
  std::optional<ColumnType> written = std::nullopt;  ///< what the texts stand for as which it comes
};

/// What it takes to read rows that go elsewhere, beside the SELECT that all databases have.
struct ReadWords {
  std::string_view snapshot;  ///< behind the begin of a transaction whose queries are to see the same; empty: they do
  /// Asks for the schema, the name and the kind (TABLE, VIEW, or PART for what another table has as well) of all tables
  /// that are a user's.
  std::string_view tables;
  std::string_view schemas;     ///< asks for those in which names without a schema are looked up, the first one first
  std::string_view value;       ///< `{}` as a text that says all of it
  std::string_view value_kind;  ///< whether that is an `integer`, a `real`, or what stands between quotes: `text`
  std::string_view literal;     ///< such a text between quotes, `{text}`, as a value of the type `{type}`
  std::string_view before;      ///< the moment `{value}` less `{seconds}`; null where it is none
  ReadColumn (*column)(std::string expression, std::string_view word) = nullptr;  ///< null: every one as it is
};

struct Dialect {
  std::string_view name;
  char quote;  ///< around identifiers; doubled inside
  std::size_t identifier_length_max;
  IdentifierUnit identifier_unit = IdentifierUnit::characters;
  NameCase names;
  AddColumn add_column;
  AddNotNull add_not_null;
  bool alters_columns = true;                   ///< a column that is there can get another type, and can be let be null
  std::array<std::string_view, 2> own_schemas;  ///< schemas that hold nothing of a user's
  /// Ask the catalog, of the catalog $1 and the schema $2. Tables: name, VIEW or another word, schema; where names are
  /// compared without case, of all schemas whose ASCII letters are the same. Columns, of exactly that schema: table,
  /// column, type, whether it may be null (NO: it may not), default.
  std::string_view schemas;
  std::string_view tables;
  std::string_view columns;
  /// Waits until no other transaction holds the name $1, and holds it to the end of this one. Empty: a transaction that
  /// writes holds the whole database.
  std::string_view lock;
  /// Ends the sessions of the same user that hold the name $1. Empty: they end with their process.
  std::string_view end_holders;
  /// No later statement of this transaction waits long for a lock. Empty: none does anyway.
  std::string_view bound_waits;
  std::string_view datasets;        ///< asks for all schemas that have _dlt_loads, in their order
  std::string_view create_schema;   ///< `{}` is its name; empty: a session opens it
  std::string_view row_id_storage;  ///< behind the type of a column of row ids, which are random texts
  /// Asks for table, column (null: all of them) and whether its values are computed, where types cannot be changed; of
  /// the catalog $1 and the schema $2.
  std::string_view fixed_columns;
  /// Asks for what rows of the tables must keep to, of the same: table, kind (sql/constraints.h), how the database
  /// writes it, its condition, the list of its columns or expressions, the table that it refers to, and the list of the
  /// columns there. Lists are JSON, names in them quoted.
  std::string_view constraints;
  bool has_savepoints;             ///< a transaction can go back to where it was before a statement failed
  std::string_view row_place;      ///< a column that every table has, which grows with the rows of a new one
  std::string_view is_at_place;    ///< `{places}`: a table whose column `place` has some of these
  std::string_view analyze;        ///< `{}` is a new table that is about to be joined with; empty: nothing is needed
  std::string_view index_staging;  ///< `{schema}`, `{index}`, `{table}`, `{columns}`: the same; empty: the same
  /// Whether MERGE can bring rows into `{table}` and count them; empty: an update and an insert are as fast.
  std::string_view can_merge;
  std::string_view inserted_so_far;  ///< how many rows this transaction has inserted into `{table}`
  /// Asks for table, column, name and whether it is a constraint, of all unique indexes of one column; of the catalog
  /// $1 and the schema $2. Empty: columns that the schema calls unique are not held to it.
  std::string_view unique_indexes;
  std::string_view make_unique_index;  ///< `{index}`, `{table}`, `{column}`: reads what is there, keeps no reader out
  std::string_view make_unique_constraint;  ///< `{table}`, `{index}`: of such an index; keeps readers out for a moment
  /// Keeps everybody else out of the tables `{}`, with commas between them. Empty: statements that need that do not
  /// wait long.
  std::string_view lock_table;
  std::string_view lock_timeout;              ///< asks how long a lock is waited for
  std::string_view set_lock_timeout;          ///< `{}` is such an answer: for the rest of the transaction
  std::array<std::string_view, 2> temporary;  ///< catalog and schema of a session's temporary tables
  std::string_view is_distinct;               ///< whether `{0}` and `{1}` are not the same; two nulls are
  std::string_view is_same_text;              ///< whether `{0}` and `{1}`, if they are texts, have the same characters
  std::string_view is_false;                  ///< whether the condition `{}` of a check refuses a row
  std::string_view try_cast;            ///< the first `{}` as the type of the second; NULL where it cannot become one
  std::string_view empty_table;         ///< `{}` is the table: removes every row of it inside a transaction
  std::string_view truncate_table;      ///< the same where it is faster and keeps others out; empty: it is not
  std::string_view clone_empty;         ///< `{clone}`: makes it as `{table}` is, without rows; empty: nothing does
  std::string_view beyond_nanoseconds;  ///< `{column}`, `{table}`: asks for a row whose moment has no nanoseconds
  std::string_view moment;              ///< `{}` is a text such as timestamp_text gives, as a timestamp with time zone
  TypeWords types;
  /// How rows are read that other destinations are to have.
  ReadWords reading;
  std::string_view json_value;     ///< `{}` is the placeholder of a JSON document; empty: as any
  std::string_view moment_value;   ///< the same of a timestamp with time zone, as text; empty: it is none
  std::string_view number_value;   ///< the same of a decimal of more than 38 digits; empty: there are no such
  bool has_bracket_names = false;  ///< names also stand between [] and between ``
  /// Whether an answer says that a table, a view or their schema is not there.
  bool (*is_undefined_relation)(std::string_view answer) = nullptr;
  /// What other words stand for. Null: nothing.
  std::optional<ColumnType> (*other_type)(std::string_view word) = nullptr;
};

/// The identifier between quotes, whatever it contains.
std::string quoted(const Dialect& dialect, std::string_view identifier);

/// The text between single quotes, as statements have it.
std::string text_literal(std::string_view text);

/// "catalog"."schema"."table"
std::string quoted(const Dialect& dialect, const TableName& name);

/// The n-th placeholder of a statement, counted from 1.
std::string placeholder(int n);

/// Errors: a precision that the database does not have.
Result<std::string> type_name(const Dialect& dialect, const ColumnType& type);

/// The type that the word stands for, which may say less than the one that it was made from; none: one that we have
/// nothing like.
std::optional<ColumnType> named_type(const Dialect& dialect, std::string_view word);

/// What a column of that type takes of it.
schema::ValueRange named_range(const Dialect& dialect, std::string_view word);

/// Whether a column of the database's type keeps each value of `type` as it is, or refuses it.
bool keeps_or_refuses(const Dialect& dialect, const ColumnType& type, std::string_view word);

/// Whether rows that are shaped for `type` are as the database's type `word` wants them.
bool is_named(const Dialect& dialect, const ColumnType& type, std::string_view word);

/// The form under which two identifiers are one to the database.
std::string folded(const Dialect& dialect, std::string_view identifier);

/// Whether the database takes the two identifiers for one.
bool is_same_name(const Dialect& dialect, std::string_view a, std::string_view b);

/// Whether a dataset may be called so.
///
/// Errors: usage: the database keeps the name for itself, or takes no such name.
Status check_dataset_name(const Dialect& dialect, std::string_view dataset);

const Dialect& duckdb_dialect();
const Dialect& sqlite_dialect();
const Dialect& postgres_dialect();

}  // namespace outfall::sql
