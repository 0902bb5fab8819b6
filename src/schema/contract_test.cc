// SPDX-License-Identifier: Apache-2.0
#include "schema/contract.h"

#include <gmock/gmock.h>

namespace outfall::schema {
namespace {

using enum ContractMode;
using testing::HasSubstr;

Schema with_tables() {
  Schema schema = Schema::make("s", NamingConvention::snake_case);
  schema.tables.add(Table::root("t", "append", "t"));
  schema.tables.add(Table::nested("t__l", "t"));
  return schema;
}

TEST(ContractOf, TheNearestTableSaysItThenTheSettings) {
  Schema schema = with_tables();
  EXPECT_EQ(*contract_of(schema, "t__l"), Contract());
  schema.settings.set("schema_contract", "freeze");
  EXPECT_EQ(*contract_of(schema, "t__l"), (Contract{freeze, freeze, freeze}));
  EXPECT_EQ(*contract_of(schema, "new"), (Contract{freeze, freeze, freeze}));
  set_contract(*schema.tables.find("t"), {.columns = discard_row});
  EXPECT_EQ(*contract_of(schema, "t__l"), (Contract{.columns = discard_row}));
  schema.tables.find("t__l")->stored.set("schema_contract", parse_json(R"({"data_type":"discard_value"})").value());
  EXPECT_EQ(*contract_of(schema, "t__l"), (Contract{.data_type = discard_value}));
  EXPECT_EQ(*contract_of(schema, "t"), (Contract{.columns = discard_row}));
}

TEST(ContractOf, AModeThatIsNotKnownIsSaid) {
  Schema schema = with_tables();
  for (const char* wrong : {R"("none")", R"({"tables":"none"})", "7"}) {
    schema.tables.find("t")->stored.set("schema_contract", parse_json(wrong).value());
    const auto contract = contract_of(schema, "t__l");
    ASSERT_FALSE(contract) << wrong;
    EXPECT_THAT(contract.error().message, HasSubstr("the schema_contract of t is"));
  }
}

TEST(SetContract, OneModeIsOneWordAsDltWritesIt) {
  Table table = Table::root("t", "append", "t");
  set_contract(table, {freeze, freeze, freeze});
  EXPECT_EQ(to_json(*table.stored.find("schema_contract")), R"("freeze")");
  set_contract(table, {.columns = freeze});
  EXPECT_EQ(to_json(*table.stored.find("schema_contract")),
            R"({"tables":"evolve","columns":"freeze","data_type":"evolve"})");
}

TEST(Table, IsUnfilledWithoutAColumnThatHasAType) {
  Table table = Table::root("t", "append", "t");
  Column column;
  column.name = "a";
  table.columns.add(column);
  EXPECT_TRUE(is_unfilled(table));
  table.columns.find("a")->type = DataType::text;
  EXPECT_FALSE(is_unfilled(table));
  EXPECT_FALSE(evolves_once(table));
  table.stored.set("x-normalizer", parse_json(R"({"evolve-columns-once":true})").value());
  EXPECT_TRUE(evolves_once(table));
  table.mark_seen_data();
  EXPECT_FALSE(evolves_once(table));
}

}  // namespace
}  // namespace outfall::schema
