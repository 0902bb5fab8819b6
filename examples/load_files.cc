// SPDX-License-Identifier: Apache-2.0
//
// Loads a file into tables: a pipeline, a source, a destination, a report. Run again after a crash it finishes what it
// left.
#include <cinttypes>
#include <cstdio>
#include <cstdlib>

#include "outfall/outfall.h"

int main(int argc, char** argv) {
  const char* samples = std::getenv("OUTFALL_SAMPLES");
  const std::string file = argc > 1 ? argv[1] : std::string(samples ? samples : "data") + "/github_issues.jsonl";

  outfall::Pipeline pipeline({.name = "issues", .destination = "duckdb:issues.duckdb"});
  const outfall::Report report =
      pipeline.run({.inputs = {file}, .write_disposition = outfall::WriteDisposition::replace});

  for (const auto& table : report.tables) std::printf("%s: %" PRIu64 " rows\n", table.name.c_str(), table.rows);
  if (report.error) std::fprintf(stderr, "%s\n%s\n", report.error->message.c_str(), report.error->hint.c_str());
  return static_cast<int>(report.ending);
}
