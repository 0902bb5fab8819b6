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

/// Among good records some with a field too many, and cells that the table's column does not take.
std::string some_bad_records() {
  std::string text = "id,word,score\n";
  for (int i = 0; i < 3000; ++i) {
    text += fmt::format("{},{},{}.5{}\n", i % 97 == 5 ? "x" : std::to_string(i), i, i, i % 211 == 7 ? ",more" : "");
  }
  return text;
}

/// What was rejected, as one text.
std::string letters_of(const std::string& data_dir) {
  std::string text;
  const Status visited = visit_dead_letters({.data_dir = data_dir}, [&](const DeadLetter& letter) -> Result<bool> {
    text += fmt::format("{}:{} {} {}: {}|", letter.line, letter.column, letter.offset, letter.reason, letter.text);
    return true;
  });
  return visited ? text : visited.error().message;
}

std::string table_of(const std::filesystem::path& folder, int workers, std::size_t chunk) {
  const std::string name = fmt::format("{}/w{}c{}", folder.string(), workers, chunk);
  Pipeline pipeline({.destination = "duckdb:" + name + ".duckdb", .dataset = "data", .data_dir = name});
  std::string rows;
  if (std::filesystem::exists(folder / "first.csv")) {
    const Report first = pipeline.run({.inputs = {folder / "first.csv"}, .table = "records"});
    if (first.error) return first.error->message;
  }
  const Report report = pipeline.run({.inputs = {folder / "records.csv"},
                                      .on_reject = OnReject::dead_letter,
                                      .bad_percent_max = 5,
                                      .workers = workers,
                                      .chunk = chunk});
  if (report.error) return report.error->message;
  rows = letters_of(name);
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

TEST(CsvDeterminism, WhatIsRejectedDoesNotDependOnThemEither) {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / fmt::format("outfall-csv-bad-{}", ::getpid());
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "first.csv") << "id,word,score\n-1,0,0.5\n";
  std::ofstream(folder / "records.csv") << some_bad_records();
  const std::string expected = table_of(folder, 1, std::size_t{1} << 20);
  EXPECT_TRUE(expected.starts_with("7:1 54 the value x of \"id\" does not fit the column id (bigint): x,5,5.5|9:"))
      << expected.substr(0, 200);
  for (const int workers : {1, 2, 7}) {
    for (const std::size_t chunk : {100, 10'000}) {
      EXPECT_EQ(table_of(folder, workers, chunk), expected) << workers << " workers, chunks of " << chunk << " bytes";
    }
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace outfall
