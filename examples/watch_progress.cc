// SPDX-License-Identifier: Apache-2.0
//
// Watches a run while it goes on, and stops another one. What was stopped before the seal leaves nothing behind.
#include <cinttypes>
#include <cstdio>
#include <cstdlib>

#include "outfall/outfall.h"

namespace {

void print(const outfall::Progress& progress) {
  std::printf("%s: %" PRIu64 " rows, %" PRIu64 " bytes\n", outfall::name(progress.stage).data(), progress.rows,
              progress.bytes);
}

}  // namespace

int main() {
  const char* samples = std::getenv("OUTFALL_SAMPLES");
  const std::string file = std::string(samples ? samples : "data") + "/github_events.jsonl";

  outfall::Pipeline watched({.name = "watched", .destination = "null:"});
  const outfall::Report report = watched.run({.inputs = {file}, .progress = print});
  if (report.ending != outfall::Ending::delivered) return 1;

  // Anything may ask for the stop: a signal, a button, another thread. Here it is asked before the first row.
  std::stop_source stop;
  stop.request_stop();
  outfall::Pipeline stopped({.name = "stopped", .destination = "duckdb:stopped.duckdb"});
  const outfall::Report none = stopped.run({.inputs = {file}, .stop = stop.get_token()});
  std::printf("stopped: %" PRIu64 " of %" PRIu64 " documents delivered\n", none.balance.delivered, none.balance.in);
  return none.ending == outfall::Ending::interrupted && none.balance.delivered == 0 ? 0 : 1;
}
