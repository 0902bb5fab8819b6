// SPDX-License-Identifier: Apache-2.0
#include "sql/duckdb_error.h"

#include <gmock/gmock.h>

namespace outfall::sql {
namespace {

using testing::HasSubstr;

TEST(DuckDbErrors, ThatEndTheDatabaseSayWhatIsDamaged) {
  constexpr const char* torn =
      "FATAL Error: Failed to create checkpoint because of error: Corrupt database file: computed checksum 1 does not "
      "match stored checksum 2 in block at location 12288";
  EXPECT_THAT(duckdb_error(DUCKDB_ERROR_FATAL, torn).hint, HasSubstr("restore the database from a backup"));
  EXPECT_THAT(duckdb_error(DUCKDB_ERROR_FATAL, "FATAL Error: No space left on device").hint, HasSubstr("full"));
  EXPECT_THAT(duckdb_error(DUCKDB_ERROR_FATAL, "FATAL Error: something else").hint, HasSubstr("start again"));
}

}  // namespace
}  // namespace outfall::sql
