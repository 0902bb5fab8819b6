// SPDX-License-Identifier: Apache-2.0
#include "sources/sql/table_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace outfall::sources {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const TablesThere shop{.database = "shop",
                       .tables = {{"audit", "users"},
                                  {"public", "Users"},
                                  {"public", "my.table"},
                                  {"public", "orders"},
                                  {"public", "orders_2024", TableKind::part},
                                  {"public", "orders_now", TableKind::view},
                                  {"public", "users"},
                                  {"public", "_dlt_loads"},
                                  {"public", "_outfall_commits"},
                                  {"public", "weird \"name\""}},
                       .schemas = {"public", "audit"}};

std::vector<std::string> chosen(const std::vector<std::string>& named) {
  const Result<ChosenTables> found = choose_tables(named, shop);
  if (!found) return {found.error().message + " / " + found.error().hint};
  std::vector<std::string> names;
  for (const DatabaseTable& table : found->tables) names.push_back(table.schema + "." + table.name);
  for (const std::string& name : found->left_out) names.push_back("without " + name);
  return names;
}

TEST(TableChoice, NamesAreLookedUpWhereTheDatabaseDoes) {
  EXPECT_THAT(chosen({"users"}), ElementsAre("public.users"));
  EXPECT_THAT(chosen({"audit.users"}), ElementsAre("audit.users"));
  EXPECT_THAT(chosen({"Users", "users", "public.users"}), ElementsAre("public.Users", "public.users"));
  EXPECT_THAT(chosen({"ORDERS"}), ElementsAre("public.orders")) << "without case where nothing is called so";
  EXPECT_THAT(chosen({"PUBLIC.orders"}), ElementsAre("public.orders"));
  EXPECT_THAT(chosen({"uSERS"}), ElementsAre(HasSubstr("may be either")));
}

TEST(TableChoice, WhatStandsBetweenQuotesIsAName) {
  EXPECT_THAT(chosen({"\"my.table\""}), ElementsAre("public.my.table"));
  EXPECT_THAT(chosen({"public.\"weird \"\"name\"\"\""}), ElementsAre("public.weird \"name\""));
  for (const char* wrong : {"", ".", "a.", ".a", "a.b.c", "\"a", "\"a\"b", "a..b"}) {
    EXPECT_THAT(chosen({wrong}), ElementsAre(HasSubstr("is no name of a table"))) << wrong;
  }
}

TEST(TableChoice, PatternsMatchTablesAlone) {
  EXPECT_THAT(chosen({"public.order*"}), ElementsAre("public.orders"));
  EXPECT_THAT(chosen({"*.users"}), ElementsAre("audit.users", "public.users"));
  EXPECT_THAT(chosen({"public.*_*"}), ElementsAre(HasSubstr("no tables there but those that tell of loads")));
  EXPECT_THAT(chosen({"public.[_o]*"}),
              ElementsAre("public.orders", "without public._dlt_loads", "without public._outfall_commits"));
  EXPECT_THAT(chosen({"public.orders_now", "orders_2024"}), ElementsAre("public.orders_now", "public.orders_2024"));
  EXPECT_THAT(chosen({"_dlt_loads"}), ElementsAre("public._dlt_loads")) << "named in full";
  EXPECT_THAT(chosen({"other.*"}), ElementsAre(HasSubstr("has no table that --source-table 'other.*' matches")));
}

TEST(TableChoice, WhatIsNotThereHasNeighbours) {
  EXPECT_THAT(chosen({"user"}), ElementsAre(HasSubstr("shop has no table user / there is audit.users, public.Users")));
  EXPECT_THAT(chosen({"other.orders"}), ElementsAre(HasSubstr("there is public.orders")));
  EXPECT_THAT(chosen({"completely_else"}), ElementsAre(HasSubstr("--source-table '*.*' takes all")));
  EXPECT_THAT(choose_tables(std::vector<std::string>{"users"}, {.database = "d"}).error().hint,
              HasSubstr("no tables that this user may see"));
}

}  // namespace
}  // namespace outfall::sources
