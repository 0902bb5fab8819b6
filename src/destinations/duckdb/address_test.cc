// SPDX-License-Identifier: Apache-2.0
//
// The forms in which a DuckDB file is named.
#include "destinations/duckdb/address.h"

#include <gtest/gtest.h>

#include <filesystem>

namespace outfall::destinations::duckdb {
namespace {

std::string here(const std::string& file) {
  return (std::filesystem::current_path() / file).string();
}

TEST(Address, NamesAFile) {
  EXPECT_EQ(path_of("duckdb:data.duckdb").value(), here("data.duckdb"));
  EXPECT_EQ(path_of("duckdb:/data/a.duckdb").value(), "/data/a.duckdb");
  EXPECT_EQ(path_of("duckdb:///data.duckdb").value(), here("data.duckdb"));
  EXPECT_EQ(path_of("duckdb:////data/a.duckdb").value(), "/data/a.duckdb");
  EXPECT_EQ(path_of("duckdb:a b?.duckdb").value(), here("a b?.duckdb"));
}

TEST(Address, RefusesWhatIsNoFile) {
  for (const char* address :
       {"duckdb:", "duckdb:///", "duckdb://host/x", "duckdb::memory:", "duckdb:///:memory:", "sqlite:x"}) {
    auto path = path_of(address);
    ASSERT_FALSE(path) << address;
    EXPECT_EQ(path.error().blame, Blame::usage);
    EXPECT_FALSE(path.error().hint.empty());
  }
}

}  // namespace
}  // namespace outfall::destinations::duckdb
