// SPDX-License-Identifier: Apache-2.0
//
// What is given to a destination on which it has no effect is refused.
#include "engine/batch_settings.h"

#include <gmock/gmock.h>

#include "base/env.h"
#include "engine/registry.h"

namespace outfall::engine {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

std::string refusal(const BatchOptions& given, std::string_view address) {
  const Status checked = check_given(given, address, "it");
  return checked ? "" : checked.error().message;
}

TEST(BatchSettings, HaveNoEffectOnADatabaseButForAttempts) {
  EXPECT_EQ(refusal({.batch_size = 0}, "duckdb:a"), "--batch-size has no effect on it");
  EXPECT_EQ(refusal({.raise_on_failed_jobs = true}, "null:"), "--raise-on-failed-jobs has no effect on it");
  EXPECT_EQ(refusal({.ints_as_strings = true}, "duckdb:a"), "--ints-as-strings has no effect on it");
  EXPECT_EQ(refusal({.attempts_max = 1}, "duckdb:a"), "");
  EXPECT_EQ(refusal({}, "duckdb:a"), "");
}

TEST(BatchSettings, OfCommandsHaveNoEffectOnOthers) {
  const BatchOptions reject{.reject_on = std::vector{1}};
  EXPECT_EQ(refusal(reject, "cmd:a"), "");
  for (const char* other : {"exec:a", "plugin:a#b", "custom:a", "duckdb:a"}) {
    EXPECT_EQ(refusal(reject, other), "--reject-on has no effect on it") << other;
    EXPECT_EQ(refusal({.deduplicates = false}, other), "--deduplicates has no effect on it") << other;
  }
  EXPECT_EQ(refusal({.batch_size = 1, .rate_limit = 1}, "exec:a"), "");
  const Status checked = check_given(reject, "exec:a", "it");
  ASSERT_FALSE(checked);
  EXPECT_THAT(checked.error().hint, StartsWith("leave it out: it is for cmd:"));
  EXPECT_EQ(checked.error().blame, Blame::usage);
}

TEST(BatchSettings, GivenForSeveralDestinationsMayBeForOthers) {
  const BatchOptions batches{.batch_size = 1};
  EXPECT_TRUE(make_destination("null:", {.batches = batches}, Env::system()));
  const auto refused = make_destination("null:", {.batches = batches, .given = Given::for_it}, Env::system());
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("--batch-size has no effect on null:"));
}

}  // namespace
}  // namespace outfall::engine
