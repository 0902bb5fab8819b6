// SPDX-License-Identifier: Apache-2.0
#include "outfall/contract.h"

#include <gmock/gmock.h>

namespace outfall {
namespace {

using enum ContractMode;
using testing::HasSubstr;

TEST(ParseContract, OneWordIsForAllAndWhatIsNotNamedEvolves) {
  EXPECT_EQ(*parse_contract("freeze"), (Contract{freeze, freeze, freeze}));
  EXPECT_EQ(*parse_contract("columns=discard_value"), (Contract{.columns = discard_value}));
  EXPECT_EQ(*parse_contract("data_type=discard_row,tables=freeze"),
            (Contract{.tables = freeze, .data_type = discard_row}));
}

TEST(ParseContract, WhatIsNotKnownIsSaid) {
  for (const char* text :
       {"", "frozen", "columns", "columns=", "columns=frozen", "rows=freeze", "columns=freeze,,", "=freeze"}) {
    const auto parsed = parse_contract(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().blame, Blame::usage) << text;
    EXPECT_THAT(parsed.error().hint, HasSubstr("tables=evolve,columns=freeze")) << text;
  }
}

TEST(ContractMode, NamesAreRead) {
  for (const ContractMode mode : {evolve, freeze, discard_value, discard_row})
    EXPECT_EQ(contract_mode(name(mode)), mode);
  EXPECT_EQ(contract_mode("none"), std::nullopt);
}

}  // namespace
}  // namespace outfall
