// SPDX-License-Identifier: Apache-2.0
//
// A plugin in C: appends a line a row to a file, with the key of the row in front, and rejects rows without a name.
//
//   cc -std=c11 -shared -fPIC -I include examples/notify.c -o libnotify.so
//   outfall run users.jsonl --to 'plugin:./libnotify.so#notify'
//
// A row that comes twice, after a crash, has the same key both times: `sort -u` leaves one of it.
#include <stdio.h>
#include <string.h>

#include "outfall/plugin.h"

// The column of this name, or NULL.
static const struct ArrowArray* find(const struct ArrowArray* rows, const struct ArrowSchema* columns, const char* name,
                                     const char* format) {
  for (int64_t i = 0; i < columns->n_children; ++i) {
    const struct ArrowSchema* column = columns->children[i];
    if (strcmp(column->name, name) == 0 && strcmp(column->format, format) == 0) return rows->children[i];
  }
  return NULL;
}

// The text of a row of a column of texts (Arrow's "u"), or NULL where it has none.
static const char* text_at(const struct ArrowArray* column, int64_t row, int* length) {
  const uint8_t* validity = column->buffers[0];
  const int32_t* offsets = column->buffers[1];
  const char* bytes = column->buffers[2];
  row += column->offset;
  if (validity != NULL && (validity[row / 8] >> (row % 8) & 1) == 0) return NULL;
  *length = offsets[row + 1] - offsets[row];
  return bytes + offsets[row];
}

static int write_rows(void* state, struct ArrowArray* rows, struct ArrowSchema* columns,
                      const struct outfall_table* table, struct outfall_call* call) {
  (void)state;
  FILE* file = fopen("notified.txt", "a");
  if (file == NULL) {
    call->set_reason(call, "notified.txt cannot be opened");
    return OUTFALL_RETRY;
  }
  const struct ArrowArray* names = find(rows, columns, "name", "u");
  int answer = OUTFALL_DELIVERED;
  for (int64_t row = 0; row < rows->length; ++row) {
    int length = 0;
    const char* name = names == NULL ? NULL : text_at(names, row + rows->offset, &length);
    if (name == NULL) {
      call->reject(call, (uint64_t)row, "it has no name");
      answer = OUTFALL_REJECTED;
      continue;
    }
    char key[33];
    call->row_key(call, (uint64_t)row, key);
    fprintf(file, "%s %s %.*s\n", key, table->name, length, name);
  }
  return fclose(file) == 0 ? answer : OUTFALL_UNKNOWN;
}

static int complete_load(void* state, struct outfall_call* call) {
  (void)state;
  call->log(call, "all rows are written");
  return OUTFALL_DELIVERED;
}

int notify(uint32_t version, struct outfall_destination* destination) {
  if (version < OUTFALL_PLUGIN_VERSION) return 1;  // the struct of an older program ends earlier
  destination->version = OUTFALL_PLUGIN_VERSION;
  destination->write = write_rows;
  destination->complete_load = complete_load;
  return 0;
}
