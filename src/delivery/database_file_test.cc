// SPDX-License-Identifier: Apache-2.0
//
// The forms in which a database file is named.
#include "delivery/database_file.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace outfall::delivery {
namespace {

std::string here(const std::string& file) {
  return (std::filesystem::current_path() / file).string();
}

TEST(DatabaseFile, NamesAFile) {
  const auto path_of = [](std::string_view address) { return delivery::path_of(address, duckdb_file); };
  EXPECT_EQ(path_of("duckdb:data.duckdb").value(), here("data.duckdb"));
  EXPECT_EQ(path_of("duckdb:/data/a.duckdb").value(), "/data/a.duckdb");
  EXPECT_EQ(path_of("duckdb:///data.duckdb").value(), here("data.duckdb"));
  EXPECT_EQ(path_of("duckdb:////data/a.duckdb").value(), "/data/a.duckdb");
  EXPECT_EQ(path_of("duckdb:a b?.duckdb").value(), here("a b?.duckdb"));
  EXPECT_EQ(delivery::path_of("sqlite:///data.db", sqlite_file).value(), here("data.db"));
}

TEST(DatabaseFile, RefusesWhatIsNoFile) {
  for (const char* address :
       {"duckdb:", "duckdb:///", "duckdb://host/x", "duckdb::memory:", "duckdb:///:memory:", "sqlite:x"}) {
    auto path = path_of(address, duckdb_file);
    ASSERT_FALSE(path) << address;
    EXPECT_EQ(path.error().blame, Blame::usage);
    EXPECT_FALSE(path.error().hint.empty());
  }
}

}  // namespace
}  // namespace outfall::delivery
