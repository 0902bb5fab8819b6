// SPDX-License-Identifier: Apache-2.0
//
// DuckDB's C API as a table of function pointers, filled once from a libduckdb.so that is opened at run time.
//
// Only the duckdb_*.cc files of this folder include this header: DuckDB's own header ends here.
#pragma once

#include <duckdb.h>

#include <string>

#include "outfall/error.h"

// Every function that we call, once. The pointer keeps the function's name, so that a call is visibly DuckDB's.
#define OUTFALL_DUCKDB_FUNCTIONS(X)    \
  X(duckdb_library_version)            \
  X(duckdb_create_instance_cache)      \
  X(duckdb_get_or_create_from_cache)   \
  X(duckdb_close)                      \
  X(duckdb_connect)                    \
  X(duckdb_disconnect)                 \
  X(duckdb_interrupt)                  \
  X(duckdb_free)                       \
  X(duckdb_create_config)              \
  X(duckdb_set_config)                 \
  X(duckdb_destroy_config)             \
  X(duckdb_prepare)                    \
  X(duckdb_prepare_error)              \
  X(duckdb_destroy_prepare)            \
  X(duckdb_prepared_statement_type)    \
  X(duckdb_bind_null)                  \
  X(duckdb_bind_int64)                 \
  X(duckdb_bind_varchar_length)        \
  X(duckdb_bind_boolean)               \
  X(duckdb_bind_double)                \
  X(duckdb_bind_decimal)               \
  X(duckdb_bind_blob)                  \
  X(duckdb_bind_date)                  \
  X(duckdb_bind_time)                  \
  X(duckdb_bind_timestamp)             \
  X(duckdb_bind_timestamp_tz)          \
  X(duckdb_bind_value)                 \
  X(duckdb_create_timestamp_ns)        \
  X(duckdb_destroy_value)              \
  X(duckdb_execute_prepared)           \
  X(duckdb_pending_prepared)           \
  X(duckdb_pending_prepared_streaming) \
  X(duckdb_pending_execute_task)       \
  X(duckdb_pending_error)              \
  X(duckdb_execute_pending)            \
  X(duckdb_destroy_pending)            \
  X(duckdb_destroy_result)             \
  X(duckdb_result_error)               \
  X(duckdb_result_error_type)          \
  X(duckdb_rows_changed)               \
  X(duckdb_result_return_type)         \
  X(duckdb_column_count)               \
  X(duckdb_column_name)                \
  X(duckdb_column_type)                \
  X(duckdb_column_logical_type)        \
  X(duckdb_destroy_logical_type)       \
  X(duckdb_logical_type_get_alias)     \
  X(duckdb_get_type_id)                \
  X(duckdb_list_type_child_type)       \
  X(duckdb_array_type_child_type)      \
  X(duckdb_map_type_key_type)          \
  X(duckdb_map_type_value_type)        \
  X(duckdb_struct_type_child_count)    \
  X(duckdb_struct_type_child_type)     \
  X(duckdb_union_type_member_count)    \
  X(duckdb_union_type_member_type)     \
  X(duckdb_fetch_chunk)                \
  X(duckdb_destroy_data_chunk)         \
  X(duckdb_data_chunk_get_size)        \
  X(duckdb_data_chunk_get_vector)      \
  X(duckdb_vector_get_data)            \
  X(duckdb_vector_get_validity)        \
  X(duckdb_validity_row_is_valid)      \
  X(duckdb_string_t_data)              \
  X(duckdb_string_t_length)            \
  X(duckdb_row_count)                  \
  X(duckdb_value_is_null)              \
  X(duckdb_value_varchar)              \
  X(duckdb_arrow_scan)                 \
  X(duckdb_result_get_arrow_options)   \
  X(duckdb_destroy_arrow_options)      \
  X(duckdb_to_arrow_schema)            \
  X(duckdb_data_chunk_to_arrow)        \
  X(duckdb_error_data_message)         \
  X(duckdb_error_data_has_error)       \
  X(duckdb_destroy_error_data)

namespace outfall::sql {

struct DuckDbApi {
// NOLINTNEXTLINE(bugprone-macro-parentheses): a name that is declared cannot stand in parentheses
#define OUTFALL_MEMBER(function) decltype(&::function) function = nullptr;
  OUTFALL_DUCKDB_FUNCTIONS(OUTFALL_MEMBER)
#undef OUTFALL_MEMBER
  std::string library;  ///< the file it came from
};

/// The one table of this process. Opened with the first call; an error is tried again by the next one.
///
/// Looked for in: $OUTFALL_DUCKDB; beside the program or library that holds this code, in ../lib/outfall and ../lib of
/// it; where the build found it. Threads: safe.
Result<const DuckDbApi*> duckdb_api();

}  // namespace outfall::sql
