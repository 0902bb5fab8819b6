// SPDX-License-Identifier: Apache-2.0
#include "columnar/ipc_file_parts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outfall::columnar {
namespace {

TEST(FileParts, AreReadAsTheyWereWritten) {
  const std::vector<FilePart> parts{{.bytes_end = 500, .rows_end = 7, .has_dictionaries = true, .hash = "0a"},
                                    {.bytes_end = 900, .rows_end = 8, .has_dictionaries = false, .hash = "1b"}};
  const std::string text = file_parts_text(parts);
  EXPECT_EQ(text, R"([[500,7,true,"0a"],[900,8,false,"1b"]])");
  const auto read = read_file_parts(text);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(file_parts_text(*read), text);
  EXPECT_TRUE(read_file_parts(file_parts_text({}))->empty());
}

TEST(FileParts, WhatIsNoSuchTextIsAnError) {
  for (const char* text : {"", "{}", "[1]", "[[1,2,true]]", R"([["1",2,true,"a"]])", R"([[1,2,0,"a"]])",
                           R"([[1,2,true,3]])", R"([[-1,2,true,"a"]])", R"([[1,-2,true,"a"]])",
                           R"([[5,2,true,"a"],[4,3,true,"a"]])", R"([[5,2,true,"a"],[6,1,true,"a"]])"}) {
    EXPECT_FALSE(read_file_parts(text)) << text;
  }
}

}  // namespace
}  // namespace outfall::columnar
