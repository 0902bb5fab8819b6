// SPDX-License-Identifier: Apache-2.0
//
// A table from separated text is the same for any number of workers and any size of chunks, row for row.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "outfall/outfall.h"

namespace outfall {
namespace {

/// Fields of many lengths, quoted ones with delimiters and line ends, and empty ones.
std::string many_records() {
  std::string text = "id,word,quoted,score,gap\r\n";
  for (int i = 0; i < 4000; ++i) {
    text +=
        fmt::format("{},{},\"line {}\n, \"\"{}\"\"\",{}.5,{}\r\n", i,
                    std::string(static_cast<std::size_t>(i % 40), 'w'), i, i, i, i % 3 == 0 ? "" : std::to_string(i));
  }
  return text;
}

std::string table_of(const std::filesystem::path& folder, int workers, std::size_t chunk) {
  const std::string name = fmt::format("{}/w{}c{}", folder.string(), workers, chunk);
  Pipeline pipeline({.destination = "duckdb:" + name + ".duckdb", .dataset = "data", .data_dir = name});
  const Report report = pipeline.run({.inputs = {folder / "records.csv"}, .workers = workers, .chunk = chunk});
  if (report.error) return report.error->message;
  std::string rows;
  const auto looked = query({.destination = "duckdb:" + name + ".duckdb",
                             .statement = "select * exclude (_dlt_id, _dlt_load_id) from records order by rowid"},
                            {.columns =
                                 [&](std::span<const QueryColumn> columns) {
                                   for (const QueryColumn& column : columns)
                                     rows += column.name + ' ' + column.type + '|';
                                 },
                             .row =
                                 [&](std::span<const QueryCell> cells) {
                                   for (const QueryCell& cell : cells) rows.append(cell.value_or("NULL")) += '|';
                                   return true;
                                 }});
  return looked ? rows : looked.error().message;
}

TEST(CsvDeterminism, WorkersAndChunksDoNotShow) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / fmt::format("outfall-csv-{}", ::getpid());
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "records.csv") << many_records();
  const std::string expected = table_of(folder, 1, std::size_t{1} << 20);
  EXPECT_TRUE(expected.starts_with("id BIGINT|word VARCHAR|quoted VARCHAR|score DOUBLE|gap BIGINT|0|NULL|line 0"))
      << expected.substr(0, 200);
  for (const int workers : {1, 2, 7}) {
    for (const std::size_t chunk : {1, 1000, 100'000}) {
      if (workers == 1 && chunk == 1) continue;  // a chunk a record: slow, and 7 workers do it too
      EXPECT_EQ(table_of(folder, workers, chunk), expected) << workers << " workers, chunks of " << chunk << " bytes";
    }
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace outfall
