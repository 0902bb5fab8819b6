// SPDX-License-Identifier: Apache-2.0
#include "delivery/batch_form.h"

#include <gtest/gtest.h>

namespace outfall::delivery {
namespace {

TEST(BatchForms, AreReadAsTheyWereWritten) {
  const BatchForm own{.format = LoaderFileFormat::arrow};
  for (const LoaderFileFormat format : {LoaderFileFormat::jsonl, LoaderFileFormat::csv}) {
    for (const RowNulls nulls : {RowNulls::omit, RowNulls::send, RowNulls::as_is}) {
      for (const bool yes : {false, true}) {
        for (const bool skips_dlt : {false, true}) {
          const BatchForm form{.format = format,
                               .rows = {.nulls = nulls, .ints_as_strings = yes},
                               .is_file = !yes,
                               .skips_dlt = skips_dlt};
          EXPECT_EQ(batch_form(text_of(form), own), form) << text_of(form);
        }
      }
    }
  }
  for (const char* unknown : {"", "avro", "jsonl backwards"}) EXPECT_EQ(batch_form(unknown, own), own) << unknown;
}

TEST(BatchForms, OfBeforeTheySaidWhetherTheColumnsOfALoadAreThereAreAsIsAskedForNow) {
  for (const bool skips_dlt : {false, true}) {
    const BatchForm now{.format = LoaderFileFormat::jsonl, .skips_dlt = skips_dlt};
    const BatchForm then{.format = LoaderFileFormat::csv, .is_file = true, .skips_dlt = skips_dlt};
    EXPECT_EQ(batch_form("csv file", now), then);
    EXPECT_EQ(batch_form("", now), now);
  }
}

}  // namespace
}  // namespace outfall::delivery
