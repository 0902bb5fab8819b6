// SPDX-License-Identifier: Apache-2.0
//
// A dry run finds out whether a function can be opened, and sends it no row.
#include <gmock/gmock.h>

#include "custom_loading.h"

namespace outfall::library {
namespace {

class DryRunsOfFunctions : public CustomLoading {};

TEST_F(DryRunsOfFunctions, RefuseWhatCannotBeOpened) {
  struct Closed {
    void operator()(const Rows&, const TableSchema&) { ADD_FAILURE() << "a row was sent"; }
    Status open(const Configuration&) { return fail("no key", "set NOTIFY_KEY"); }
  };
  const Report dry = run({}, Closed{}, numbered(1), {.dry_run = true});
  const Report wet = run({}, Closed{}, numbered(1));
  EXPECT_EQ(dry.ending, Ending::failed);
  EXPECT_EQ(dry.ending, wet.ending);
  EXPECT_EQ(message_of(dry), message_of(wet));
}

TEST_F(DryRunsOfFunctions, RefuseWhatLacksItsConfiguration) {
  struct Keyed {
    void operator()(const Rows&, const TableSchema&) { ADD_FAILURE() << "a row was sent"; }
    Status open(const Configuration& configuration) {
      const auto key = configuration.secret("api_key");
      return key ? Status{} : fail(key.error());
    }
  };
  const Report dry = run({}, Keyed{}, numbered(1), {.dry_run = true});
  const Report wet = run({}, Keyed{}, numbered(1));
  EXPECT_EQ(dry.ending, Ending::misuse);
  EXPECT_EQ(dry.ending, wet.ending);
  EXPECT_EQ(message_of(dry), message_of(wet));
}

}  // namespace
}  // namespace outfall::library
