// SPDX-License-Identifier: Apache-2.0
//
// What taker.py is, as a plugin: writes down each batch with its key, in one piece, into the file TAKEN.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "outfall/plugin.h"

static int take(void* state, struct ArrowArray* rows, struct ArrowSchema* columns, const struct outfall_table* table,
                struct outfall_call* call) {
  (void)state;
  (void)table;
  const struct ArrowArray* ids = NULL;
  for (int64_t i = 0; i < columns->n_children; ++i) {
    if (strcmp(columns->children[i]->name, "id") == 0) ids = rows->children[i];
  }
  char* line = malloc(64 + (size_t)rows->length * 24);
  if (ids == NULL || line == NULL) return OUTFALL_FATAL;
  size_t length = (size_t)sprintf(line, "%s", call->key);
  for (int64_t i = 0; i < rows->length; ++i) {
    const int64_t id = ((const int64_t*)ids->buffers[1])[i + ids->offset + rows->offset];
    length += (size_t)sprintf(line + length, " %lld", (long long)id);
  }
  line[length++] = '\n';
  const int file = open(TAKEN, O_WRONLY | O_CREAT | O_APPEND, 0600);
  const int is_written = write(file, line, length) == (ssize_t)length;
  close(file);
  free(line);
  return is_written ? OUTFALL_DELIVERED : OUTFALL_UNKNOWN;
}

int taker(uint32_t version, struct outfall_destination* destination) {
  destination->version = version;
  destination->write = take;
  return 0;
}
