// SPDX-License-Identifier: Apache-2.0
//
// Loads documents that the program has: a range of texts, and a function that gives one after another. One run, one
// package: both tables become visible in the same moment.
#include <cinttypes>
#include <cstdio>
#include <string>
#include <vector>

#include "outfall/outfall.h"

int main() {
  const std::vector<std::string> users = {R"({"id": 1, "name": "Ann"})", R"({"id": 2, "name": "Bob"})"};

  // Stands for a cursor, a socket, a parser: the text is borrowed until the next call, an empty optional is the end.
  int page = 0;
  std::string text;
  const auto next_event = [&]() -> outfall::Result<std::optional<std::string_view>> {
    if (++page > 100) return std::nullopt;
    text = R"({"page": )" + std::to_string(page) + R"(, "user": {"id": 1}})";
    return text;
  };

  outfall::Pipeline pipeline({.name = "memory", .destination = "duckdb:memory.duckdb"});
  const outfall::Report report =
      pipeline.run({.from_memory = {{.table = "users", .documents = outfall::documents(users)},
                                    {.table = "events", .documents = next_event}},
                    .write_disposition = outfall::WriteDisposition::replace});

  for (const auto& table : report.tables) std::printf("%s: %" PRIu64 " rows\n", table.name.c_str(), table.rows);
  if (report.error) std::fprintf(stderr, "%s\n%s\n", report.error->message.c_str(), report.error->hint.c_str());
  return report.ending == outfall::Ending::delivered && report.balance.delivered == 102 ? 0 : 1;
}
