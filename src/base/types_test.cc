// SPDX-License-Identifier: Apache-2.0
#include "outfall/types.h"

#include <gtest/gtest.h>

namespace outfall {
namespace {

TEST(Types, NamesComeBack) {
  for (const char* text :
       {"text", "bigint", "double", "bool", "timestamp", "date", "time", "decimal", "wei", "binary", "json"}) {
    ASSERT_TRUE(data_type(text)) << text;
    EXPECT_EQ(name(*data_type(text)), text);
  }
  for (const char* text : {"append", "replace"}) EXPECT_EQ(name(write_disposition(text).value()), text);
  for (const char* text : {"snake_case", "direct", "duck_case", "sql_ci_v1", "sql_cs_v1"}) {
    EXPECT_EQ(name(naming_convention(text).value()), text);
  }
}

TEST(Types, OtherWordsAreNone) {
  EXPECT_FALSE(data_type("Text"));
  EXPECT_FALSE(data_type(""));
  EXPECT_FALSE(write_disposition("remove"));
  EXPECT_FALSE(naming_convention("snake"));
}

}  // namespace
}  // namespace outfall
