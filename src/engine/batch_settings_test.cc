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

BatchOptions all_given() {
  return {.batch_size = 5,
          .loader_file_format = LoaderFileFormat::csv,
          .load_jobs_max = 3,
          .recommended_file_size = 1'000'000,
          .parallelism = Parallelism::table_sequential,
          .timeout = std::chrono::milliseconds(1500),
          .attempts_max = 0,
          .raise_on_failed_jobs = false,
          .batch_bytes = 4096,
          .in_flight_max = 2,
          .rate_limit = 0.5,
          .progress = BatchProgress::grouped,
          .deduplicates = true,
          .reject_on = std::vector{1, 22},
          .retry_on = std::vector{75},
          .nulls = RowNulls::as_is,
          .ints_as_strings = true};
}

TEST(BatchSettings, AreReadAgainAsTheyWereKept) {
  const std::string text = to_text(all_given());
  EXPECT_EQ(text,
            R"({"batch-size":5,"loader-file-format":"csv","max-parallel-load-jobs":3,"recommended-file-size":1000000,)"
            R"("parallelism":"table-sequential",)"
            R"("batch-bytes":4096,"max-in-flight":2,"rate-limit":0.5,"batch-progress":"grouped","deduplicates":true,)"
            R"("reject-on":[1,22],"retry-on":[75],"nulls":"as_is","ints-as-strings":true})");
  EXPECT_EQ(to_text(parse_batches(text).value()), text);
  EXPECT_EQ(to_text(BatchOptions{}), "{}");
  EXPECT_EQ(to_text(parse_batches(R"({"of a newer program":1,"nulls":"new","rate-limit":2})").value()),
            R"({"rate-limit":2.0})");
  EXPECT_FALSE(parse_batches("{"));
}

TEST(BatchSettings, OfAnEarlierRunAreForWhatIsLeftOpenAndWhatTheyHaveAnEffectOn) {
  BatchOptions batches{.batch_size = 7};
  fill_in(batches, {.batch_size = 5, .in_flight_max = 2, .reject_on = std::vector{1}}, "exec:a");
  EXPECT_EQ(to_text(batches), R"({"batch-size":7,"max-in-flight":2})");
  fill_in(batches, {.batch_size = 5, .reject_on = std::vector{1}});
  EXPECT_EQ(to_text(batches), R"({"batch-size":7,"max-in-flight":2,"reject-on":[1]})");
  BatchOptions retries{.retry_on = std::vector{3}};
  fill_in(retries, {.reject_on = std::vector{3, 4}}, "cmd:a");
  EXPECT_EQ(to_text(retries), R"({"reject-on":[4],"retry-on":[3]})") << "what is said now goes before";
}

}  // namespace
}  // namespace outfall::engine
