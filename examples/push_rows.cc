// SPDX-License-Identifier: Apache-2.0
//
// Pushes rows call by call: a program that makes its rows itself needs no file. Nothing is visible before the seal.
#include <cinttypes>
#include <cstdio>
#include <string>

#include "outfall/outfall.h"

namespace {

/// Each call says whether the run still goes on; what ended it, every later call says too.
outfall::Status measure(outfall::Loader& loader) {
  for (int second = 0; second < 3600; ++second) {
    const std::string row = R"({"second": )" + std::to_string(second) + R"(, "probes": [1.5, 2.5]})";
    if (outfall::Status taken = loader.append(row); !taken) return taken;
  }
  return {};
}

}  // namespace

int main() {
  const outfall::PipelineOptions pipeline{.name = "pushed", .destination = "duckdb:pushed.duckdb"};

  outfall::Loader loader(pipeline, {.table = "measurements", .write_disposition = outfall::WriteDisposition::replace});
  if (outfall::Status measured = measure(loader); !measured) {
    std::fprintf(stderr, "%s\n%s\n", measured.error().message.c_str(), measured.error().hint.c_str());
  }
  const outfall::Report report = loader.seal();
  for (const auto& table : report.tables) std::printf("%s: %" PRIu64 " rows\n", table.name.c_str(), table.rows);

  // Destroyed without a seal it leaves nothing behind, as a crash would.
  {
    outfall::Loader abandoned(pipeline, {.table = "measurements"});
    if (!abandoned.append(R"({"second": -1})")) return 1;
  }
  return report.ending == outfall::Ending::delivered && report.balance.delivered == 3600 ? 0 : 1;
}
