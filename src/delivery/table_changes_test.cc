// SPDX-License-Identifier: Apache-2.0
#include "delivery/table_changes.h"

#include <gmock/gmock.h>

namespace outfall::delivery {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

schema::Table& add_table(schema::Schema& schema, const std::string& name) {
  schema::Table& table = schema.tables.add(schema::Table::root(name, "append", name));
  table.mark_seen_data();
  return table;
}

class TableChangesTest : public testing::Test {
 protected:
  TableChangesTest() : now_(add_table(after_, "users")) {
    add_table(before_, "users").columns.add({.name = "id", .type = DataType::bigint});
    now_.columns.add({.name = "id", .type = DataType::bigint});
  }

  TableChanges changes() const { return changes_of(now_, &before_, SystemColumns::left_out); }
  schema::Table& was() { return *before_.tables.find("users"); }

  schema::Schema before_;
  schema::Schema after_;
  schema::Table& now_;
};

TEST_F(TableChangesTest, OfTheSameTableNothingChanged) {
  EXPECT_FALSE(changes().is_new);
  EXPECT_THAT(changes().new_columns, IsEmpty());
  EXPECT_THAT(changes().retyped_columns, IsEmpty());
  EXPECT_EQ(outfall::to_json(to_json(changes())), R"({"new":false,"new_columns":[],"retyped_columns":[]})");
}

TEST_F(TableChangesTest, WhatNoLoadBeforeHadRowsOfIsNew) {
  EXPECT_TRUE(changes_of(now_, nullptr, SystemColumns::left_out).is_new);
  const schema::Table& other = add_table(after_, "other");
  EXPECT_TRUE(changes_of(other, &before_, SystemColumns::left_out).is_new);
  before_.tables.add(schema::Table::root("other", "append", "other"));
  EXPECT_TRUE(changes_of(other, &before_, SystemColumns::left_out).is_new) << "it was known, and had no rows";
}

TEST_F(TableChangesTest, ColumnsAreNewOnceTheyHaveAType) {
  was().columns.add({.name = "seen_later"});
  now_.columns.add({.name = "seen_later", .type = DataType::text});
  now_.columns.add({.name = "name", .type = DataType::text});
  now_.columns.add({.name = "never_seen"});
  EXPECT_THAT(changes().new_columns, ElementsAre("seen_later", "name"));
}

TEST_F(TableChangesTest, WhatALoadAddsIsToldOnRequest) {
  now_.columns.add({.name = "_dlt_id", .type = DataType::text});
  EXPECT_THAT(changes().new_columns, IsEmpty());
  EXPECT_THAT(changes_of(now_, &before_, SystemColumns::told).new_columns, ElementsAre("_dlt_id"));
}

TEST_F(TableChangesTest, AnotherTypeIsToldWithBoth) {
  now_.columns.find("id")->type = DataType::double_;
  was().columns.add({.name = "at", .type = DataType::timestamp, .timezone = false});
  now_.columns.add({.name = "at", .type = DataType::timestamp});
  was().columns.add({.name = "name", .type = DataType::text, .precision = 10});
  now_.columns.add({.name = "name", .type = DataType::text, .precision = 20});
  EXPECT_EQ(outfall::to_json(to_json(changes())),
            R"json({"new":false,"new_columns":[],"retyped_columns":[{"name":"id","from":"bigint","to":"double"},)json"
            R"json({"name":"at","from":"timestamp without zone","to":"timestamp with zone"},)json"
            R"json({"name":"name","from":"text(10)","to":"text(20)"}]})json");
}

}  // namespace
}  // namespace outfall::delivery
