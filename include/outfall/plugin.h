// SPDX-License-Identifier: Apache-2.0
//
// Plugins: shared libraries that take rows, in batches or as whole loads. `plugin:./libnotify.so#notify` loads the
// library and calls its function `notify`, which fills in a struct of functions. C11, and any language that speaks it.
//
//   int notify(uint32_t version, struct outfall_destination* destination) {
//     if (version < OUTFALL_PLUGIN_VERSION) return 1;
//     destination->version = OUTFALL_PLUGIN_VERSION;
//     destination->write = write_rows;
//     return 0;
//   }
//
// A plugin is a part of the process: what crashes it, crashes the run, and the next run goes on. It stays loaded until
// the process ends.
#ifndef OUTFALL_PLUGIN_H
#define OUTFALL_PLUGIN_H

#include <stdint.h>

#include "outfall/arrow.h"

#ifdef __cplusplus
extern "C" {
#endif

// Newer versions add members at the end of structs; what an older plugin left out is zero.
//
//   1  the first
//   2  outfall_table::changes; state, set_state, pipeline_state, count and gauge of outfall_call
//   3  outfall_destination::takes_files. A plugin of before that reads the file of outfall_call::path is refused with a
//      batch size of 0 until it says so: before, each plugin was given one
//   4  outfall_destination::dataset; set_hint and reason of outfall_call
#define OUTFALL_PLUGIN_VERSION 4

// The first version that has destinations which take whole loads.
#define OUTFALL_DATASET_PLUGIN_VERSION 4

// What became of a batch.
enum outfall_answer {
  // But for the rows that `reject` was called for: they are refused, as with OUTFALL_REJECTED.
  OUTFALL_DELIVERED = 0,
  // Nothing of it took effect; it may be sent again (see set_retry_after).
  OUTFALL_RETRY = 1,
  // The rows that `reject` was called for are refused, and the others delivered. Called for none: nothing is delivered,
  // and any may be to blame; halves of the batch come next.
  OUTFALL_REJECTED = 2,
  // It may have taken effect, as a whole, in part, or not. So is any other number.
  OUTFALL_UNKNOWN = 3,
  // Nothing of it took effect, and sending it again cannot help.
  OUTFALL_FATAL = 4
};

struct outfall_table {
  const char* name;
  const char* write_disposition;  // append, replace, merge, skip
  const char* parent;             // empty for a root table
  const char* resource;           // empty for a nested table
  const char* schema;             // the table with its columns and hints: a JSON object
  // Since version 2. Of begin_table what changed since the load before, a JSON object: {"new":false,
  // "new_columns":["b"],"retyped_columns":[{"name":"a","from":"bigint","to":"double"}]}; else NULL.
  const char* changes;
};

// What a call is about, and what can be said of it. Lives until the call returns. Texts are UTF-8 and end in NUL.
struct outfall_call {
  const char* load_id;
  const char* job_id;    // the job file that the rows are in; empty for hooks
  const char* key;       // of the batch: the same for each attempt, also by a later process; empty for hooks
  uint64_t batch_index;  // first_row divided by the size of batches; what tells a batch apart is its key
  uint64_t attempt;      // from 1; of this run
  uint64_t first_row;    // of the batch, counted in the job file from 0
  // Seconds until what is answered counts no more; negative: as long as it wants.
  double (*seconds_left)(const struct outfall_call* call);
  // Whether the run was asked to stop, or that time is over.
  int (*is_stopped)(const struct outfall_call* call);
  // The key of one row of the batch, counted from 0: 32 digits and NUL.
  void (*row_key)(const struct outfall_call* call, uint64_t row, char key[33]);
  // Why the answer is what it is, for people. The text is copied.
  void (*set_reason)(struct outfall_call* call, const char* reason);
  // With OUTFALL_REJECTED or OUTFALL_DELIVERED: a row of the batch, counted from 0. With any other answer it is passed
  // over.
  void (*reject)(struct outfall_call* call, uint64_t row, const char* reason);
  // With OUTFALL_RETRY: the wait is not shorter.
  void (*set_retry_after)(struct outfall_call* call, double seconds);
  // A line for whoever watches the run.
  void (*log)(struct outfall_call* call, const char* line);
  // What the configuration says under this key in the plugin's section, [destination.NAME]: a text that lives until the
  // call returns. NULL: no place has it; the reason is set, and names them all.
  const char* (*setting)(struct outfall_call* call, const char* key);
  // With a batch size of 0 the rows are in the file of this path, and `rows` has none (takes_files); else empty.
  const char* path;
  uint64_t row_count;
  void* engine;  // not the plugin's

  // Since version 2.

  // What the destination remembers in this pipeline under this name: JSON that lives until the call returns. NULL: it
  // remembers nothing.
  const char* (*state)(struct outfall_call* call, const char* name);
  // Has it remember that (NULL: forget it), as soon as it is recorded that this batch is delivered; not in hooks.
  // Returns 0; anything else: it is refused, and the reason is set.
  int (*set_state)(struct outfall_call* call, const char* name, const char* json);
  // The state of the pipeline, as of the newest seal: a JSON object that lives until the call returns, or empty.
  const char* (*pipeline_state)(struct outfall_call* call);
  // For the report: added up over calls, and the newest value.
  void (*count)(struct outfall_call* call, const char* name, uint64_t by);
  void (*gauge)(struct outfall_call* call, const char* name, double value);

  // Since version 4.

  // What a person may do about it; beside a reason. The text is copied.
  void (*set_hint)(struct outfall_call* call, const char* hint);
  // The reason that was set last, or an empty text.
  const char* (*reason)(const struct outfall_call* call);
};

// Since version 4: a destination that takes whole loads, and keeps tables, schema and state. What each call is for, and
// what it may promise, is in outfall/dataset_destination.h; a C++ class of that header becomes a plugin by
// outfall/dataset_plugin.h. Texts are UTF-8 and end in NUL; what a call is given lives until it returns. Times are
// microseconds since 1970.

struct outfall_column {
  const char* name;
  const char* data_type;  // as --column has it; empty: no value was seen yet
  int32_t nullable;
  int32_t precision;  // -1: none; so with scale
  int32_t scale;
  int32_t with_timezone;
  int32_t variant;
  int32_t primary_key;
  int32_t unique;
  int32_t is_new;    // of a table that is not new
  const char* from;  // the type that it had so far and the one it has now, with precision and zone; NULL: no other
  const char* to;
};

struct outfall_load_table {
  const char* name;
  const char* write_disposition;
  const char* parent;    // empty for a root table
  const char* resource;  // empty for a nested table
  const char* schema;    // the table with its columns and hints: a JSON object
  const struct outfall_column* columns;
  uint64_t column_count;
  int32_t is_new;
  int32_t is_replaced;         // what it has goes before the rows of the load come
  const char* merge_strategy;  // NULL: its rows are not merged
};

struct outfall_stored_schema {
  const char* name;
  const char* version_hash;
  const char* document;
  int64_t version;
  int64_t engine_version;
  int64_t stored_at;
};

struct outfall_stored_state {
  const char* pipeline;
  const char* state;
  const char* version_hash;
  const char* load_id;
  int64_t version;
  int64_t engine_version;
  int64_t created_at;
};

struct outfall_stored_load {
  const char* load_id;
  const char* schema_name;
  const char* schema_version_hash;
  int64_t completed_at;
};

struct outfall_load {
  const char* dataset;
  const char* load_id;
  const struct outfall_stored_schema* schema;
  const struct outfall_load_table* tables;  // a parent stands before what is nested in it
  uint64_t table_count;
  const char* const* dropped_tables;
  uint64_t dropped_count;
};

struct outfall_job {
  const char* id;
  const struct outfall_load_table* table;
  uint64_t row_count;
  const char* path;  // an Arrow IPC file with the rows
  // The next rows as JSON, a line each; 0 bytes: there are no more. Returns 0; anything else: the job file is damaged,
  // and the reason of the call is set.
  int (*next_lines)(struct outfall_job* job, const char** lines, uint64_t* bytes);
  // All rows as record batches; whoever takes them releases the stream. Returns as above.
  int (*stream)(struct outfall_job* job, struct ArrowArrayStream* rows);
  int (*is_stopped)(const struct outfall_job* job);
  void* engine;  // not the plugin's
};

// Takes what is asked for, any number of times; `to` is that of the call.
typedef void (*outfall_take_load)(void* to, const struct outfall_stored_load* load);
typedef void (*outfall_take_schema)(void* to, const struct outfall_stored_schema* schema);
typedef void (*outfall_take_state)(void* to, const struct outfall_stored_state* state);
// Lines of JSON. Returns 0; anything else: nobody wants more.
typedef int (*outfall_take_lines)(void* to, const char* lines, uint64_t bytes);

// What outfall_destination::dataset points to; it stays as long as the destination. Every function answers as an
// outfall_answer: OUTFALL_DELIVERED, or OUTFALL_RETRY (nothing happened), OUTFALL_UNKNOWN (it may have happened),
// OUTFALL_FATAL, and of `open` OUTFALL_REJECTED (the configuration is wrong). `state` is that of outfall_destination,
// of which naming_convention (NULL: snake_case), max_table_nesting and close count beside this.
struct outfall_dataset {
  const char* mode;                // transactional, idempotency_key, at_least_once
  const char* write_dispositions;  // append,replace,merge,delete
  const char* merge_strategies;    // delete-insert,upsert,insert-only,scd2,cdc; NULL: none
  uint64_t max_identifier_length;  // 0: any
  uint64_t recommended_file_size;  // 0: a table is one job
  int32_t folds_case;              // 1: names that differ only in case are one

  int (*open)(void* state, struct outfall_call* call);  // may be NULL
  int (*has_load)(void* state, const char* dataset, const char* load_id, int* is_there, struct outfall_call* call);
  int (*loads)(void* state, const char* dataset, outfall_take_load take, void* to, struct outfall_call* call);
  // `name` and `version_hash` may be empty.
  int (*stored_schema)(void* state, const char* dataset, const char* name, const char* version_hash,
                       outfall_take_schema take, void* to, struct outfall_call* call);
  int (*stored_state)(void* state, const char* dataset, const char* pipeline, outfall_take_state take, void* to,
                      struct outfall_call* call);
  int (*read)(void* state, const char* dataset, const char* table, outfall_take_lines take, void* to,
              struct outfall_call* call);  // may be NULL
  int (*migrate)(void* state, const struct outfall_load* load, struct outfall_call* call);
  int (*begin_load)(void* state, const struct outfall_load* load, struct outfall_call* call);  // may be NULL
  int (*load_job)(void* state, const struct outfall_load* load, struct outfall_job* job, struct outfall_call* call);
  // `pipeline_state`: NULL: it has not changed.
  int (*complete_load)(void* state, const struct outfall_load* load, const struct outfall_stored_state* pipeline_state,
                       struct outfall_call* call);
  int (*abandon_load)(void* state, const char* dataset, const char* load_id, struct outfall_call* call);  // may be NULL
  int (*close_files)(void* state, struct outfall_call* call);  // what is called next opens them again; may be NULL
};

// Zeroed before the plugin fills it in. All functions but `write`, or `dataset` in its place, may be left out. They are
// called from as many threads at once as batches are out. An exception must not leave them.
struct outfall_destination {
  uint32_t version;  // OUTFALL_PLUGIN_VERSION that the plugin was compiled with
  void* state;       // handed to each function

  // Rows as one record batch, a struct with a child a column. Whoever wants to keep them moves the structs out and sets
  // their `release` to NULL; else they are released when the call returns.
  int (*write)(void* state, struct ArrowArray* rows, struct ArrowSchema* columns, const struct outfall_table* table,
               struct outfall_call* call);

  // Before anything is read. Any answer but OUTFALL_DELIVERED ends the run; OUTFALL_REJECTED says that the
  // configuration is wrong.
  int (*open)(void* state, struct outfall_call* call);
  // Each at least once a load, also again by a later process.
  int (*begin_load)(void* state, struct outfall_call* call);
  int (*begin_table)(void* state, const struct outfall_table* table, struct outfall_call* call);
  int (*end_table)(void* state, const struct outfall_table* table, struct outfall_call* call);
  int (*complete_load)(void* state, struct outfall_call* call);
  // What is not delivered yet is given up. Told once; again where the run was stopped before it had answered.
  int (*abort_load)(void* state, struct outfall_call* call);
  // What became of a batch that was sent and not answered for, perhaps by an earlier process: OUTFALL_DELIVERED,
  // OUTFALL_RETRY (nothing of it took effect) or OUTFALL_UNKNOWN. Where it is given, a batch is not sent again before
  // it is known.
  int (*resolve)(void* state, const struct outfall_table* table, struct outfall_call* call);
  // When no call is out and none will come. Not called when the process is killed, or when a call never returned.
  void (*close)(void* state);

  const char* naming_convention;  // NULL: direct
  int32_t max_table_nesting;      // levels that become tables of their own, where the run says nothing; -1: 1000
  int32_t keeps_dlt_columns;      // 1: columns and tables that a load adds are given too
  int32_t deduplicates;           // 1: a key that comes twice counts once

  // Since version 3.

  // 1: it reads the file of outfall_call::path. Else, and of each older version, a batch size of 0 is refused before
  // anything is read.
  int32_t takes_files;

  // Since version 4.

  // It takes whole loads, and no batches: of the functions above `close` alone is called. NULL: it takes batches.
  const struct outfall_dataset* dataset;
};

// What `#NAME` names. `version` is the OUTFALL_PLUGIN_VERSION of the program that loads it, so `destination` has the
// members of that version and no byte behind them: what is newer must not be written, nor called. A plugin that needs
// its own version refuses an older program, as examples/notify.c does (`if (version < OUTFALL_PLUGIN_VERSION) return
// 1;`); one that can do without fills in the members of `version` alone, and gives that in
// outfall_destination::version. A newer program takes it as it is. Returns 0; anything else refuses, and the run ends
// before anything is read.
typedef int (*outfall_plugin)(uint32_t version, struct outfall_destination* destination);

#ifdef __cplusplus
}
#endif

#endif  // OUTFALL_PLUGIN_H
