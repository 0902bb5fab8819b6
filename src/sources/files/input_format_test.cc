// SPDX-License-Identifier: Apache-2.0
#include "sources/files/input_format.h"

#include <gtest/gtest.h>

namespace outfall::sources {
namespace {

TEST(Stem, EndingsOfFormatsAndCompressionGo) {
  EXPECT_EQ(stem("/a/users.jsonl"), "users");
  EXPECT_EQ(stem("/a/users.ndjson.gz"), "users");
  EXPECT_EQ(stem("users.JSON.ZST"), "users");
  EXPECT_EQ(stem("users.2024.json"), "users.2024");
  EXPECT_EQ(stem("users.csv"), "users");
  EXPECT_EQ(stem("users.tsv.gz"), "users");
  EXPECT_EQ(stem("users.log"), "users.log");
  EXPECT_EQ(stem("users"), "users");
  EXPECT_EQ(stem("/a/.jsonl"), ".jsonl");
}

TEST(InputFormat, TheNameSaysIt) {
  EXPECT_EQ(format_of_file("/a/users.csv"), InputFormat::csv);
  EXPECT_EQ(format_of_file("users.TSV.gz"), InputFormat::csv);
  EXPECT_EQ(format_of_file("users.jsonl.zst"), InputFormat::json);
  EXPECT_EQ(format_of_file("users.csv.old"), InputFormat::json);
  EXPECT_EQ(format_of_file("-"), InputFormat::json);
}

TEST(InputFormat, OtherKindsOfFilesAreToldByTheirFirstBytes) {
  EXPECT_TRUE(check_is_text("{\"a\":1}", "in.json"));
  EXPECT_TRUE(check_is_text("PAR1,PAR2\n", "in.csv"));
  EXPECT_TRUE(check_is_text("", "in.json"));
  const Status parquet = check_is_text("PAR1\x15\x04", "in.json");
  ASSERT_FALSE(parquet);
  EXPECT_EQ(parquet.error().message, "in.json is a Parquet file, and no JSON or CSV");
  EXPECT_EQ(parquet.error().hint, "load it with --input-format parquet");
  EXPECT_FALSE(check_is_text("\xff\xff\xff\xff\x10", "in.json"));
  EXPECT_FALSE(check_is_text("BZh11AY&SY", "in.json"));
  EXPECT_TRUE(check_is_text("BZh", "in.json"));
  const Status tar = check_is_text(std::string(257, 'a') + "ustar", "in.tar");
  ASSERT_FALSE(tar);
  EXPECT_EQ(tar.error().message, "in.tar is a tar archive, and no JSON or CSV");
  EXPECT_FALSE(check_is_text("\x04\x22\x4d\x18", "in.jsonl.lz4"));
  EXPECT_TRUE(may_be_no_text("BZh91AY"));
  EXPECT_TRUE(may_be_no_text("PAR1"));
  EXPECT_FALSE(may_be_no_text("PAR2"));
  EXPECT_FALSE(may_be_no_text("{"));
  EXPECT_FALSE(may_be_no_text(""));
}

TEST(InputFormat, ADuckDbDatabaseIsToldByItsHeader) {
  const std::string header(
      "\x06\xd7\x6f\x27\xc2\xda\xb3\xb9"
      "DUCK\x40\0\0\0\0\0\0\0",
      duckdb_header_bytes);
  EXPECT_TRUE(is_duckdb_database(header));
  EXPECT_FALSE(is_duckdb_database(header.substr(0, 19)));
  EXPECT_FALSE(is_duckdb_database("species,DUCKS\nmallard,3\n"));
  EXPECT_TRUE(check_is_text("species,DUCKS\nmallard,3\n", "in.csv"));
  const Status database = check_is_text(header, "in.db");
  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().message, "in.db is a DuckDB database, and no JSON or CSV");
}

TEST(InputFormat, WhatBelongsToADatabaseHasItsName) {
  for (const char* name : {"o.db.wal", "o.db.tmp", "o.db.outfall-new", "o.db.wal.checkpoint", "o.db.wal.recovery",
                           "o.db.wal.torn-17", "o.db.torn-17"}) {
    std::string_view owner = name;
    while (owner != "o.db" && !owner.empty()) owner = without_companion_ending(owner);
    EXPECT_EQ(owner, "o.db") << name;
  }
  EXPECT_EQ(without_companion_ending("o.db"), "");
  EXPECT_EQ(without_companion_ending("o.db.torn-apart"), "");
}

TEST(InputFormat, TsvExpectsTabs) {
  EXPECT_EQ(expected_delimiter("users.tsv.gz"), '\t');
  EXPECT_EQ(expected_delimiter("users.csv"), ',');
}

}  // namespace
}  // namespace outfall::sources
