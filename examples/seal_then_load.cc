// SPDX-License-Identifier: Apache-2.0
//
// Loads in two steps: the rows are read and sealed now, and brought to the database later, maybe by another program.
#include <cstdio>
#include <cstdlib>

#include "outfall/outfall.h"

int main() {
  const char* samples = std::getenv("OUTFALL_SAMPLES");
  const std::string file = std::string(samples ? samples : "data") + "/github_events.jsonl";
  const std::string destination = "duckdb:later.duckdb";

  // What it can do is known before anything is opened.
  const auto can = outfall::destination_capabilities(destination);
  if (!can || can->mode != outfall::DeliveryMode::transactional) return 1;

  outfall::Pipeline pipeline({.name = "later"});
  const outfall::Report sealed = pipeline.run({.inputs = {file},
                                               .destination = destination,
                                               .write_disposition = outfall::WriteDisposition::replace,
                                               .seal_only = true});
  std::printf("%s: %zu rows wait\n", std::string(name(sealed.ending)).c_str(), std::size_t{sealed.balance.pending});
  if (sealed.ending != outfall::Ending::pending) return 1;

  const outfall::ResumeReport loaded = pipeline.resume();
  std::printf("%s\n", std::string(name(loaded.ending)).c_str());
  return loaded.ending == outfall::Ending::delivered ? 0 : 1;
}
