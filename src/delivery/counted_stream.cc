// SPDX-License-Identifier: Apache-2.0
//
// A stream that passes everything on and counts.
#include "delivery/counted_stream.h"

#include <utility>

namespace outfall::delivery {

namespace {

struct Counted {
  ArrowArrayStream source;
  std::uint64_t rows;
  std::function<void(std::uint64_t)> progress;
};

Counted& counted(ArrowArrayStream* self) {
  return *static_cast<Counted*>(self->private_data);
}

int next(ArrowArrayStream* self, ArrowArray* out) {
  Counted& from = counted(self);
  int answer = from.source.get_next(&from.source, out);
  if (answer == 0 && out->release != nullptr) {
    from.rows += static_cast<std::uint64_t>(out->length);
    from.progress(from.rows);
  }
  return answer;
}

void release(ArrowArrayStream* self) {
  Counted& from = counted(self);
  if (from.source.release != nullptr) from.source.release(&from.source);
  delete &from;
  self->release = nullptr;
}

}  // namespace

void count_rows(ArrowArrayStream* stream, std::uint64_t before, const std::function<void(std::uint64_t)>& progress) {
  if (!progress) return;
  auto* around = new Counted{std::exchange(*stream, {}), before, progress};
  stream->get_schema = [](ArrowArrayStream* self, ArrowSchema* out) {
    return counted(self).source.get_schema(&counted(self).source, out);
  };
  stream->get_next = &next;
  stream->get_last_error = [](ArrowArrayStream* self) {
    return counted(self).source.get_last_error(&counted(self).source);
  };
  stream->release = &release;
  stream->private_data = around;
}

}  // namespace outfall::delivery
