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
enum class WriteDisposition { append, replace };

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

/// What was promised about repeats, named after how the promise is kept.
enum class DeliveryMode {
  transactional,  ///< rows and the record of the load commit together: exactly once
  at_least_once,  ///< the mark is made after the write: nothing lost, a crash may repeat
  none,           ///< nothing is kept, so nothing is promised (null:)
};

std::string_view name(DataType type);
std::string_view name(WriteDisposition disposition);
std::string_view name(NamingConvention naming);
std::string_view name(OnReject on_reject);
std::string_view name(OnBadFiles on_bad_files);
std::string_view name(Parallelism parallelism);
std::string_view name(TypeConflicts type_conflicts);
std::string_view name(DeliveryMode mode);

std::optional<DataType> data_type(std::string_view name);
std::optional<WriteDisposition> write_disposition(std::string_view name);
std::optional<NamingConvention> naming_convention(std::string_view name);
std::optional<Parallelism> parallelism(std::string_view name);

/// Another process has what this one needs, and is waited for.
struct LockWaiting {
  enum class For { pipeline, database };
  For what = For::pipeline;
  std::string sentence{};  ///< `pipeline 'shop' is held by process 12 on host, since ...`
};

}  // namespace outfall
