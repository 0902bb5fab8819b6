// SPDX-License-Identifier: Apache-2.0
//
// A host that has other libraries in its process. It loads documents, asks for them, and prints the libraries of the
// process.
#include <cstdio>
#include <fstream>
#include <string>

#include "outfall/outfall.h"

int main() {
  outfall::Pipeline pipeline({.name = "hosted", .destination = "duckdb:hosted.duckdb"});
  const outfall::Report report = pipeline.run({.inputs = {"data/github_events.jsonl"}, .table = "events"});
  if (report.error) std::fprintf(stderr, "%s\n", report.error->message.c_str());

  std::string counted;
  const auto looked = outfall::query({.destination = "hosted", .statement = "select count(*) from events"},
                                     {.row = [&](std::span<const outfall::QueryCell> cells) {
                                       counted = cells[0].value_or("");
                                       return true;
                                     }});
  if (!looked) std::fprintf(stderr, "%s\n", looked.error().message.c_str());

  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (const auto at = line.find('/'); at != std::string::npos) std::printf("%s\n", line.c_str() + at);
  }
  return report.ending == outfall::Ending::delivered && counted == "100" ? 0 : 1;
}
