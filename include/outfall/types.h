// SPDX-License-Identifier: Apache-2.0
//
// The words that options, reports and schemas share: data types, write dispositions, naming conventions, delivery
// modes.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace outfall {

/// A moment in UTC.
using Time = std::chrono::sys_time<std::chrono::microseconds>;

/// The type of a column. Names are dlt's, and appear so in schema documents and on the command line.
enum class DataType { text, bigint, double_, bool_, timestamp, date, time, decimal, wei, binary, json };

/// What a load does to the rows that a table already holds.
enum class WriteDisposition {
  append,
  replace,  ///< they go, with all that is nested in them
  merge,    ///< those with a key that the load brings go, or become what it brings: MergeStrategy
  remove,   ///< `delete`: those with a key that the load brings go, with all that is nested in them; no row comes
  skip,     ///< nothing is read, and nothing happens to them
};

/// How rows are merged by their keys. The last row of a load with one primary key counts.
enum class MergeStrategy {
  delete_insert,  ///< rows with a key that the load brings go, then its rows come
  upsert,         ///< rows with a key that the load brings become its rows; the others come
  insert_only,    ///< rows of the load whose key is there are left out
  /// Rows are versions, each with the time from which and to which it holds. One that the load does not bring again
  /// ends; one that is not there begins.
  scd2,
  cdc,  ///< the load has all rows that there are: those with another key go, then as upsert
};

/// What a run begins afresh with.
enum class Refresh {
  drop_sources,    ///< all tables of the schema go, with their columns, and the state of the pipeline's sources
  drop_resources,  ///< the tables that the inputs fill go, with all that is nested in them
  drop_data,       ///< the rows of these tables go, as those of replaced ones; their columns stay
};

/// How the rows of a replaced table go. In each way all at once, with what takes their place.
enum class ReplaceStrategy {
  truncate_and_insert,  ///< they are deleted, then rows are inserted
  insert_from_staging,  ///< rows are kept apart until all are there; then the table is emptied and filled
  staging_optimized,    ///< rows come into a table of their own, which takes the other one's place
};

/// What a database commits at once of a load.
enum class CommitUnit {
  package,  ///< all of it, with the record of the load: readers see all or nothing
  /// A root table with all that is nested in it, in a transaction of its own: readers may see a part of the load.
  table,
  job,  ///< the same of each job file, where its table is neither replaced nor merged
};

/// What becomes of a row that is there where the one that it becomes has no value (MergeStrategy::upsert).
enum class MissingColumns {
  null,  ///< it loses its own
  keep,  ///< it keeps its own
};

/// What is done with a row that is bad: one that does not parse, or that its table cannot take.
enum class OnReject {
  fail,         ///< the run fails, and nothing of it is visible
  dead_letter,  ///< it is kept in the state store with reason and place; the others are loaded
  drop,         ///< it is counted, and the others are loaded
};

/// In which order job files are delivered, where they are delivered in batches.
enum class Parallelism {
  parallel,          ///< several at once, in any order
  table_sequential,  ///< those of one table one after the other, in the order of their rows
  sequential,        ///< one after the other, on the calling thread
};

/// What becomes of keys without a value in rows that are handed over as JSON.
enum class RowNulls {
  omit,   ///< they are left out
  send,   ///< every column of the table has its key, with a null where the row has no value
  as_is,  ///< what the document has as null stays so, and what it does not have is not there
};

/// What is done with a file that cannot be read to its end: it is cut off, damaged, gone, or an array that is broken.
enum class OnBadFiles {
  fail,  ///< the run fails, and nothing of it is visible
  skip,  ///< no row of it is loaded, and the report names it; the others are loaded
};

/// How an input is written. All but Parquet may be compressed with gzip or zstd.
enum class InputFormat {
  json,     ///< documents, one a line or in one array
  csv,      ///< records of fields with a delimiter between them
  parquet,  ///< columns in a file that is read from its end
  arrow,    ///< columns as an Arrow IPC file or stream
};

/// How rows are written for other programs.
enum class RowsFormat {
  arrow,    ///< an Arrow IPC stream
  parquet,  ///< a Parquet file
};

/// What is done when two keys of one row become one name.
enum class OnCollision {
  error,   ///< the document is bad
  suffix,  ///< the first key of the run has the name, each other one the name with a suffix made from the key
};

/// What is done with a value that is of another type than its column and cannot become one of it.
enum class TypeConflicts {
  variant,  ///< it goes to a column beside its own, `<column>__v_<type>`, as dlt does it
  widen,    ///< the column gets a type that takes both: the inputs are read again, a column that is there is altered
  text,     ///< the same, and that type is text
  reject,   ///< its row is bad (OnReject)
};

/// How keys become identifiers.
enum class NamingConvention { snake_case, direct, duck_case, sql_ci_v1, sql_cs_v1 };

/// When it is made durable that a batch was delivered.
enum class BatchProgress {
  strict,   ///< before the next one is sent: a crash repeats one batch of each job file at most
  grouped,  ///< at most 10 ms later: a crash repeats what they brought, in the same batches under the same keys
};

/// How rows are written for a program, or into the file that a function is given the path of.
enum class LoaderFileFormat {
  jsonl,        ///< one JSON object a line
  typed_jsonl,  ///< the values of the columns, with a mark in front of what JSON has no type for, as dlt writes it
  parquet,
  arrow,  ///< an Arrow IPC stream
  csv,    ///< with a line of names
};

/// What a run may be asked to promise about repeats.
enum class Guarantee {
  at_least_once,
  effectively_once,  ///< what comes again has no effect
  exactly_once,
};

/// What was promised about repeats, named after how the promise is kept.
enum class DeliveryMode {
  transactional,    ///< rows and the record of the load commit together: exactly once
  table_by_table,   ///< the rows of a table and their mark commit together: exactly once, and a part may be seen
  job_by_job,       ///< the same of each job file
  idempotency_key,  ///< a batch comes again under its key, and whoever takes it knows what it has: effectively once
  at_least_once,    ///< the mark is made after the write: nothing lost, a crash may repeat
  none,             ///< nothing is kept, so nothing is promised (null:)
};

std::string_view name(DataType type);
std::string_view name(WriteDisposition disposition);
std::string_view name(MergeStrategy strategy);
std::string_view name(ReplaceStrategy strategy);
std::string_view name(CommitUnit unit);
std::string_view name(MissingColumns missing);
std::string_view name(Refresh refresh);
std::string_view name(NamingConvention naming);
std::string_view name(OnReject on_reject);
std::string_view name(OnBadFiles on_bad_files);
std::string_view name(Parallelism parallelism);
std::string_view name(RowNulls nulls);
std::string_view name(TypeConflicts type_conflicts);
std::string_view name(DeliveryMode mode);
std::string_view name(LoaderFileFormat format);
std::string_view name(Guarantee guarantee);
std::string_view name(BatchProgress progress);

/// None: nothing is promised.
std::optional<Guarantee> guarantee(DeliveryMode mode);

std::optional<DataType> data_type(std::string_view name);
std::optional<WriteDisposition> write_disposition(std::string_view name);
std::optional<MergeStrategy> merge_strategy(std::string_view name);
std::optional<ReplaceStrategy> replace_strategy(std::string_view name);
std::optional<NamingConvention> naming_convention(std::string_view name);
std::optional<Parallelism> parallelism(std::string_view name);
std::optional<LoaderFileFormat> loader_file_format(std::string_view name);
std::optional<BatchProgress> batch_progress(std::string_view name);
std::optional<RowNulls> row_nulls(std::string_view name);

/// Another process has what this one needs, or a function or program has not returned, and is waited for.
struct LockWaiting {
  enum class For { pipeline, database, destination };
  For what = For::pipeline;
  /// `pipeline 'shop' is held by process 12 on host, since ...`, `exec:./push.py: for the answer to abort_load, 6 s so
  /// far`.
  std::string sentence{};
};

}  // namespace outfall
