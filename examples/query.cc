// SPDX-License-Identifier: Apache-2.0
//
// Loads a file and looks at the tables that came of it, root and nested ones joined.
#include <cstdio>
#include <cstdlib>

#include "outfall/outfall.h"

namespace {

// Cells come as text, in the order of the columns; NULL is an empty optional.
bool print(std::span<const outfall::QueryCell> cells) {
  for (const outfall::QueryCell& cell : cells) {
    const std::string_view text = cell.value_or("NULL");
    std::printf("%.*s\t", static_cast<int>(text.size()), text.data());
  }
  std::printf("\n");
  return true;
}

}  // namespace

int main() {
  const char* samples = std::getenv("OUTFALL_SAMPLES");
  const std::string file = std::string(samples ? samples : "data") + "/github_issues.jsonl";

  outfall::Pipeline pipeline({.name = "looked_at", .destination = "duckdb:looked_at.duckdb"});
  const outfall::Report report =
      pipeline.run({.inputs = {file}, .table = "issues", .write_disposition = outfall::WriteDisposition::replace});
  if (report.ending != outfall::Ending::delivered) return 1;

  const auto looked = outfall::query({.destination = "looked_at",
                                      .statement = "select i.number, l.name from issues i "
                                                   "join issues__labels l on l._dlt_parent_id = i._dlt_id "
                                                   "order by all limit 5"},
                                     {.row = print});
  if (!looked) std::fprintf(stderr, "%s\n%s\n", looked.error().message.c_str(), looked.error().hint.c_str());
  return looked && looked->rows == 5 ? 0 : 1;
}
