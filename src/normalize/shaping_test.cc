// SPDX-License-Identifier: Apache-2.0
//
// What documents become: tables, columns in order, types, variants, rows.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "normalize/shape.h"
#include "normalize/shaping_for_tests.h"

namespace outfall::normalize {
namespace {

using for_tests::columns;
using for_tests::shape;
using for_tests::Shaped;
using for_tests::ShapingOptions;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;
using testing::UnorderedElementsAre;

std::vector<std::string> table_names(const Shaped& shaped) {
  std::vector<std::string> names;
  for (const auto& [name, rows] : shaped.rows) names.push_back(name);
  return names;
}

TEST(Shaping, FlattensObjectsAndTakesListsApart) {
  const Shaped shaped = shape(R"({"id":1,"who":{"name":"ann","at":{"city":"Bonn"}},"tags":["x",{"y":2},["z"]]})");
  EXPECT_EQ(shaped.error, "");
  EXPECT_THAT(shaped.data.at("t"), ElementsAre("id=1 who__name=ann who__at__city=Bonn"));
  EXPECT_THAT(shaped.data.at("t__tags"), ElementsAre("value=x", "y=2", ""));
  EXPECT_THAT(shaped.data.at("t__tags__list"), ElementsAre("value=z"));
  EXPECT_EQ(shaped.schema.tables.find("t__tags__list")->parent, "t__tags");
}

TEST(Shaping, LinksNestedRowsToTheirParents) {
  const Shaped shaped = shape(R"({"_dlt_id":"root","l":[{"a":1},{"a":2}]})");
  EXPECT_THAT(shaped.rows.at("t"), ElementsAre("_dlt_id=root _dlt_load_id=load"));
  RowIds ids(RowIdSeed{});
  std::string first;
  std::string second;
  ids.nested("root", "t__l", 0, first);
  ids.nested("root", "t__l", 1, second);
  EXPECT_THAT(shaped.rows.at("t__l"), ElementsAre("a=1 _dlt_parent_id=root _dlt_list_idx=0 _dlt_id=" + first,
                                                  "a=2 _dlt_parent_id=root _dlt_list_idx=1 _dlt_id=" + second));
}

TEST(Shaping, CopiesTheRootIdWhereAsked) {
  ShapingOptions options;
  options.shape.root_key = true;
  const Shaped shaped = shape(R"({"_dlt_id":"root","l":[[1]]})", options);
  EXPECT_THAT(shaped.rows.at("t__l__list").front(), HasSubstr("value=1 _dlt_root_id=root "));
}

TEST(Shaping, OrdersNewColumnsLevelByLevelAndObjectsFromTheLast) {
  const Shaped shaped = shape(R"({"o":{"x":1,"deep":{"z":1}},"b":1,"p":{"y":1},"a":1})");
  EXPECT_THAT(columns(shaped, "t"),
              ElementsAre("b:bigint", "a:bigint", "p__y:bigint", "o__x:bigint", "o__deep__z:bigint"));
}

TEST(Shaping, OrdersNewTablesAsTheyAreFlattened) {
  const Shaped shaped =
      shape("{\"none\":[]}\n{\"o\":{\"l\":[1]},\"l2\":[{\"a\":1},{\"m\":[1],\"n\":[[2]]}],\"none\":[3]}");
  std::vector<std::string> order;
  for (const schema::Table& table : shaped.schema.tables) {
    if (!table.name.starts_with("_dlt")) order.push_back(table.name);
  }
  EXPECT_THAT(order, ElementsAre("t", "t__l2", "t__l2__m", "t__l2__n", "t__l2__n__list", "t__none", "t__o__l"));
}

TEST(Shaping, AppendsLateColumnsBehindAllOthers) {
  const Shaped shaped = shape("{\"b\":1}\n{\"a\":1,\"b\":2}\n{\"c\":1,\"a\":3}");
  EXPECT_THAT(columns(shaped, "t"), ElementsAre("b:bigint", "a:bigint", "c:bigint"));
  EXPECT_THAT(shaped.data.at("t"), ElementsAre("b=1", "b=2 a=1", "a=3 c=1"));
}

TEST(Shaping, PutsColumnsThatHadNoTypeWhereTheirFirstValueStands) {
  ShapingOptions options;
  schema::Table& table = options.schema.tables.add(schema::Table::root("t", "append", "t"));
  for (const char* name : {"key", "gone", "never"}) {
    schema::Column column;
    column.name = name;
    column.primary_key = column.name == "key";
    table.columns.add(std::move(column));
  }
  const Shaped shaped = shape("{\"a\":1,\"key\":2}\n{\"a\":2,\"key\":3,\"gone\":true}", options);
  EXPECT_EQ(shaped.error, "");
  EXPECT_THAT(columns(shaped, "t"), ElementsAre("never:none", "a:bigint", "key:bigint", "gone:bool"));
  EXPECT_TRUE(shaped.schema.tables.find("t")->columns.find("key")->primary_key);
  EXPECT_THAT(shaped.data.at("t"), ElementsAre("a=1 key=2", "a=2 key=3 gone=true"));
}

TEST(Shaping, MakesNoColumnOfNullsAlone) {
  const Shaped shaped = shape("{\"a\":null,\"l\":[],\"o\":{}}\n{\"b\":1}");
  EXPECT_THAT(columns(shaped, "t"), ElementsAre("b:bigint"));
  EXPECT_THAT(shaped.data.at("t"), ElementsAre("", "b=1"));
  EXPECT_THAT(table_names(shaped), ElementsAre("t"));
}

TEST(Shaping, InfersEachType) {
  const Shaped shaped = shape(
      R"({"i":7,"d":1.5,"b":true,"s":"x","t":"2024-03-01T10:00:00Z","big":123456789012345678901234567890,"e":1e2})");
  EXPECT_THAT(columns(shaped, "t"),
              ElementsAre("i:bigint", "d:double", "b:bool", "s:text", "t:timestamp", "big:decimal", "e:double"));
  EXPECT_THAT(shaped.data.at("t"),
              ElementsAre("i=7 d=1.5 b=true s=x t=1709287200000000 big=123456789012345678901234567890 e=100"));
}

TEST(Shaping, KeepsIntegersBeyondEverySize) {
  const std::string digits(38, '9');
  const Shaped shaped =
      shape("{\"u\":18446744073709551615,\"d\":" + digits + ",\"t\":-1" + digits + ",\"m\":" + "-9223372036854775808}");
  EXPECT_THAT(columns(shaped, "t"), ElementsAre("u:decimal", "d:decimal", "t:text", "m:bigint"));
  EXPECT_THAT(shaped.data.at("t"),
              ElementsAre("u=18446744073709551615 d=" + digits + " t=-1" + digits + " m=-9223372036854775808"));
}

TEST(Shaping, KeepsIntegersAtTheEdgeOf64Bits) {
  for (const std::string digits : {"9223372036854775808", "18446744073709551614", "18446744073709551616",
                                   "18446744073709551617", "18446744073709551999", "19999999999999999999",
                                   "99999999999999999999", "-9223372036854775809", "-18446744073709551616"}) {
    const Shaped shaped = shape("{\"n\":" + digits + "}");
    EXPECT_EQ(shaped.error, "") << digits;
    EXPECT_THAT(shaped.data.at("t"), ElementsAre("n=" + digits));
    EXPECT_THAT(columns(shaped, "t"), ElementsAre("n:decimal"));
  }
}

TEST(Shaping, SetsValuesOfAnotherTypeApart) {
  const Shaped shaped = shape("{\"v\":1}\n{\"v\":\"x\"}\n{\"v\":true}\n{\"v\":\"12\"}\n{\"v\":2.5}\n{\"v\":3.0}");
  EXPECT_THAT(columns(shaped, "t"), ElementsAre("v:bigint", "v__v_text:text", "v__v_bool:bool", "v__v_double:double"));
  EXPECT_THAT(shaped.data.at("t"),
              ElementsAre("v=1", "v__v_text=x", "v__v_bool=true", "v=12", "v__v_double=2.5", "v=3"));
  ASSERT_EQ(shaped.summary.variants.size(), 3U);
  EXPECT_EQ(shaped.summary.variants[0].column, "v__v_text");
  EXPECT_EQ(shaped.summary.variants[0].base_column, "v");
  EXPECT_EQ(shaped.summary.variants[0].value, "x");
  EXPECT_EQ(shaped.summary.variants[0].line, 2U);
  EXPECT_TRUE(shaped.schema.tables.find("t")->columns.find("v__v_text")->variant);
  EXPECT_FALSE(shaped.schema.tables.find("t")->columns.find("v")->variant);
}

TEST(Shaping, KeepsNumbersOutOfBoolColumns) {
  const Shaped shaped = shape("{\"v\":true}\n{\"v\":1}\n{\"v\":0.0}");
  EXPECT_THAT(shaped.data.at("t"), ElementsAre("v=true", "v__v_bigint=1", "v__v_double=0"));
}

TEST(Shaping, ReportsAVariantThoughItsColumnWasAKeyBefore) {
  const Shaped shaped = shape("{\"v\":1,\"v__v_text\":\"own\"}\n{\"v\":\"x\"}");
  EXPECT_THAT(shaped.data.at("t"), ElementsAre("v=1 v__v_text=own", "v__v_text=x"));
  ASSERT_EQ(shaped.summary.variants.size(), 1U);
  EXPECT_EQ(shaped.summary.variants[0].value, "x");
}

TEST(Shaping, KeepsDeepValuesAsJson) {
  ShapingOptions options;
  options.shape.max_nesting = 1;
  const Shaped shaped = shape(R"({"o":{"a":1,"p":{"q":[1, 2.50]}},"l":[{"x":1,"y":{"k":"v"}},[3]]})", options);
  EXPECT_THAT(columns(shaped, "t"), ElementsAre("o__a:bigint", "o__p:json"));
  EXPECT_THAT(shaped.data.at("t"), ElementsAre(R"(o__a=1 o__p={"q":[1,2.50]})"));
  EXPECT_THAT(shaped.data.at("t__l"), ElementsAre(R"(x=1 y={"k":"v"})", "list=[3]"));
}

TEST(Shaping, KeepsEverythingAsJsonAtLevelZero) {
  ShapingOptions options;
  options.shape.max_nesting = 0;
  const Shaped shaped = shape(R"({"o":{"a":[]},"l":[{"x":"ä\n"}],"s":1})", options);
  EXPECT_THAT(shaped.data.at("t"), ElementsAre(R"(o={"a":[]} l=[{"x":"ä\n"}] s=1)"));
  EXPECT_THAT(table_names(shaped), ElementsAre("t"));
}

TEST(Shaping, GivesDeclaredColumnsTheirType) {
  ShapingOptions options;
  options.shape.hints = {{"amount", {.type = DataType::decimal, .precision = 10, .scale = 2}},
                         {"o.when", {.type = DataType::date}},
                         {"l.blob", {.type = DataType::binary}},
                         {"raw", {.type = DataType::json}}};
  const Shaped shaped = shape(
      R"({"amount":0.1,"o":{"when":"2024-02-29"},"l":[{"blob":"AQI="},{"blob":"0x0a"}],"raw":{"a":[1]}})", options);
  EXPECT_EQ(shaped.error, "");
  EXPECT_THAT(columns(shaped, "t"), UnorderedElementsAre("amount:decimal", "o__when:date", "raw:json"));
  EXPECT_THAT(shaped.data.at("t"), ElementsAre("amount=10 raw={\"a\":[1]} o__when=19782"));
  EXPECT_THAT(shaped.data.at("t__l"), ElementsAre("blob=0102", "blob=0a"));
}

TEST(Shaping, TakesAnythingThatIsJsonAsARow) {
  const Shaped shaped = shape("7\n\"x\"\n[1,{\"a\":2}]\nnull\ntrue\n  {\"k\":1}");
  EXPECT_EQ(shaped.error, "");
  EXPECT_THAT(shaped.data.at("t"), ElementsAre("value=7", "value__v_text=x", "", "", "value__v_bool=true", "k=1"));
  EXPECT_THAT(shaped.data.at("t__value"), ElementsAre("value=1", "a=2"));
}

TEST(Shaping, ContinuesWithWhatTheDatasetHas) {
  ShapingOptions options;
  options.schema = shape("{\"a\":\"text\",\"b\":1}").schema;
  const Shaped shaped = shape("{\"c\":1,\"b\":\"x\",\"a\":5}", options);
  EXPECT_THAT(columns(shaped, "t"), ElementsAre("a:text", "b:bigint", "c:bigint", "b__v_text:text"));
  EXPECT_THAT(shaped.data.at("t"), ElementsAre("a=5 c=1 b__v_text=x"));
}

// Keys.

TEST(ShapingKeys, LastOfTwoEqualKeysWinsInThePlaceOfTheFirst) {
  const Shaped shaped = shape(R"({"a":1,"b":2,"a":3})");
  EXPECT_THAT(shaped.data.at("t"), ElementsAre("a=3 b=2"));
  EXPECT_EQ(shaped.summary.duplicate_keys, 1U);
}

TEST(ShapingKeys, ForgetsWhatTheFirstOfTwoEqualKeysLeft) {
  const Shaped shaped = shape(R"({"a":5,"l":[1,2],"o":{"x":1},"a":"x","l":"none","o":[7]})");
  EXPECT_EQ(shaped.error, "");
  EXPECT_EQ(shaped.summary.duplicate_keys, 3U);
  EXPECT_THAT(columns(shaped, "t"), ElementsAre("a:text", "l:text"));
  EXPECT_THAT(shaped.data.at("t"), ElementsAre("a=x l=none"));
  EXPECT_THAT(shaped.data.at("t__o"), ElementsAre("value=7"));
  EXPECT_THAT(table_names(shaped), ElementsAre("t", "t__o"));
  EXPECT_EQ(shaped.schema.tables.find("t__l"), nullptr);
}

TEST(ShapingKeys, ForgetsTheNestedColumnsOfADroppedKey) {
  const Shaped shaped = shape("{\"l\":[{\"v\":1,\"w\":1}],\"l\":[{\"v\":\"x\"}]}\n{\"l\":[{\"w\":\"y\"}]}");
  EXPECT_THAT(columns(shaped, "t__l"), ElementsAre("v:text", "w:text"));
  EXPECT_THAT(shaped.data.at("t__l"), ElementsAre("v=x", "w=y"));
}

TEST(ShapingKeys, FindsEqualKeysInEverySpelling) {
  const Shaped shaped = shape(R"({"key":1,"\u006bey":2,"o":{"x":1,"x":2},"l":[{"y":1,"y":2}]})");
  EXPECT_EQ(shaped.summary.duplicate_keys, 3U);
  EXPECT_THAT(shaped.data.at("t"), ElementsAre("key=2 o__x=2"));
  EXPECT_THAT(shaped.data.at("t__l"), ElementsAre("y=2"));
}

TEST(ShapingKeys, DropsEqualKeysInsideJsonToo) {
  ShapingOptions options;
  options.shape.max_nesting = 0;
  const Shaped shaped = shape(R"({"o":{"x":1,"y":2,"x":3}})", options);
  EXPECT_THAT(shaped.data.at("t"), ElementsAre(R"(o={"y":2,"x":3})"));
  EXPECT_EQ(shaped.summary.duplicate_keys, 1U);
}

TEST(ShapingKeys, TakesTheDocumentsOwnRowId) {
  RowIds ids(RowIdSeed{});
  std::string nested;
  ids.nested("mine", "t__l", 0, nested);
  for (const std::string document : {R"({"_dlt_id":"mine","l":[1]})", R"({"l":[1],"_dlt_id":"mine"})"}) {
    const Shaped shaped = shape(document);
    EXPECT_EQ(shaped.error, "");
    EXPECT_THAT(shaped.rows.at("t").front(), HasSubstr("_dlt_id=mine"));
    EXPECT_THAT(shaped.rows.at("t__l"), ElementsAre("value=1 _dlt_parent_id=mine _dlt_list_idx=0 _dlt_id=" + nested));
  }
}

TEST(ShapingKeys, TakesTheRowIdOfANestedRowBehindItsList) {
  const Shaped shaped = shape(R"({"l":[{"m":[1],"_dlt_id":"inner"}]})");
  EXPECT_THAT(shaped.rows.at("t__l__m").front(), HasSubstr("_dlt_parent_id=inner"));
}

TEST(ShapingKeys, TakesARowIdInAnySpellingAndType) {
  for (const auto& [id, text] : {std::pair("\"_dltId\":\"x\"", "x"),
                                 {"\"_dlt_id\":7", "7"},
                                 {"\"_Dlt_Id\":true", "True"},
                                 {"\"_dlt_id\":2.50", "2.50"}}) {
    for (const std::string& document : {fmt::format("{{{},\"l\":[1]}}", id), fmt::format("{{\"l\":[1],{}}}", id)}) {
      const Shaped shaped = shape(document);
      ASSERT_EQ(shaped.error, "") << document;
      EXPECT_THAT(shaped.rows.at("t__l").front(), HasSubstr(fmt::format("_dlt_parent_id={} ", text))) << document;
    }
  }
  EXPECT_THAT(shape(R"({"l":[1],"_dlt_id":"a","_dltId":"b"})").error, HasSubstr("both are its row id"));
}

TEST(ShapingKeys, LeavesOutWhatAnEarlierLoadAdded) {
  const Shaped shaped =
      shape(R"({"l":[{"_dlt_id":"n","_dlt_list_idx":{"a":1},"x":1}],"_dltId":"mine","_dlt_root_id":null})",
            {.shape = {.system_columns = SystemColumns::leave_out}});
  EXPECT_EQ(shaped.error, "");
  EXPECT_THAT(shaped.rows.at("t").front(), Not(HasSubstr("mine")));
  EXPECT_THAT(shaped.rows.at("t__l").front(), AllOf(HasSubstr("x=1 "), Not(HasSubstr("_dlt_id=n"))));
  EXPECT_EQ(shaped.summary.system_columns_left_out.to_string(), "01001");
}

TEST(ShapingKeys, KeepsWhatIsOnlyCalledLikeTheLoadsOwn) {
  const Shaped shaped = shape(R"({"_dlt_parent_id":"p","l":[{"_dlt_load_id":7}]})"
                              "\n{}");
  EXPECT_EQ(shaped.error, "");
  EXPECT_THAT(shaped.rows.at("t").front(), HasSubstr("_dlt_parent_id=p"));
  EXPECT_THAT(shaped.rows.at("t__l").front(), HasSubstr("_dlt_load_id=7"));
  EXPECT_TRUE(shaped.schema.tables.find("t")->columns.find("_dlt_parent_id")->nullable);
}

TEST(ShapingKeys, RefusesNamesOfTheLoadsOwnColumns) {
  EXPECT_THAT(shape(R"({"_dlt_x":1})").hint, HasSubstr("jq -c 'del(..|.\"_dlt_x\"?)'"));
  EXPECT_THAT(shape(R"({"_dlt_x":1})").error,
              HasSubstr("test.jsonl, line 1, column 11: the key \"_dlt_x\" begins with"));
  EXPECT_THAT(shape(R"({"_dltx":1})").error, HasSubstr("\"_dltx\""));
  EXPECT_THAT(shape(R"({"l":[{"_dlt_x":1}]})").error, HasSubstr("\"_dlt_x\""));
  EXPECT_EQ(shape(R"({"_dlt_load_id":"theirs","a":1})").error, "");
  EXPECT_THAT(shape(R"({"_dlt_load_id":"theirs","a":1})").rows.at("t").front(), HasSubstr("_dlt_load_id=load"));
}

TEST(ShapingKeys, RefusesTwoKeysWithOneNameAndNamesBoth) {
  EXPECT_THAT(shape(R"({"User":1,"user":2})").error,
              HasSubstr("the keys \"User\" and \"user\" of one document both become the column user of t"));
  EXPECT_THAT(shape(R"({"a__b":1,"a":{"b":2}})").error, HasSubstr("\"a__b\" and \"a.b\""));
  EXPECT_THAT(shape(R"({"a":{"b":2},"a__b":1})").error, HasSubstr("\"a.b\" and \"a__b\""));
  EXPECT_THAT(shape(R"({"L":[1],"l":[2]})").error,
              HasSubstr("the lists \"L\" and \"l\" of one document both become rows of the table t__l"));
  EXPECT_THAT(shape(R"({"aB":{"y":2},"a_b":{"y":1}})").error, HasSubstr("\"aB.y\" and \"a_b.y\""));
  EXPECT_THAT(shape(R"({"aB":{"y":2},"a_b":{"y":1}})").hint, HasSubstr("jq -c 'del(.\"a_b\".\"y\")'"));
  EXPECT_THAT(shape(R"({"o":{"lA":[1]},"o__l_a":[2]})").error, HasSubstr("the lists \"o.lA\" and \"o__l_a\""));
  EXPECT_THAT(shape(R"({"blockHash":1,"block_hash":2})").hint, HasSubstr("--naming duck_case"));
  EXPECT_THAT(shape(R"({"User":1,"user":2})").hint, HasSubstr("jq -c 'del(.\"user\")' INPUT"));
  EXPECT_THAT(shape(R"({"a__b":1,"a":{"b":2}})").hint, Not(HasSubstr("--naming")));
}

TEST(ShapingKeys, KeepsTwoKeysWithOneNameApartOnRequest) {
  const ShapeOptions apart{.on_collision = OnCollision::suffix};
  const Shaped shaped = shape("{\"user\":1}\n{\"User\":2,\"user\":3,\"l\":[4],\"L\":[5,6]}", {.shape = apart});
  EXPECT_EQ(shaped.error, "");
  const std::string name = "user_" + schema::collision_tag("User");
  EXPECT_THAT(columns(shaped, "t"), ElementsAre("user:bigint", name + ":bigint"));
  EXPECT_THAT(shaped.data.at("t"), ElementsAre("user=1", "user=3 " + name + "=2"));
  EXPECT_THAT(shaped.data.at("t__l"), ElementsAre("value=4"));
  EXPECT_THAT(shaped.data.at("t__l_" + schema::collision_tag("t.L")), ElementsAre("value=5", "value=6"));
  ASSERT_EQ(shaped.summary.collisions.size(), 2U);
  EXPECT_EQ(shaped.summary.collisions[0].apart, name);
}

TEST(ShapingKeys, GivesANameToTheFirstKeyOfTheInputHoweverItIsCut) {
  std::string documents;
  for (int i = 0; i < 300; ++i) {
    const bool is_other = (i * 2654435761U >> 5) % 3 == 0;
    documents += fmt::format("{{\"{}{}\":{},\"{}{}\":[{}],\"o\":{{\"{}\":1}},\"o__{}\":2}}\n", is_other ? "K" : "k",
                             i % 37, i, is_other ? "l" : "L", i % 11, i, i % 23, i % 23);
  }
  const ShapeOptions apart{.on_collision = OnCollision::suffix};
  const Shaped whole = shape(documents, {.shape = apart});
  ASSERT_EQ(whole.error, "");
  EXPECT_GT(whole.summary.collisions.size(), 20U);
  for (const int workers : {1, 2, 4}) {
    for (const std::size_t chunk_bytes : {1U, 100U, 1000U}) {
      const Shaped cut = shape(documents, {.shape = apart, .workers = workers, .chunk_bytes = chunk_bytes});
      EXPECT_EQ(cut.data, whole.data);
      EXPECT_EQ(cut.schema.tables.size(), whole.schema.tables.size());
      EXPECT_EQ(columns(cut, "t"), columns(whole, "t"));
      EXPECT_EQ(cut.summary.collisions.size(), whole.summary.collisions.size());
    }
  }
}

TEST(ShapingKeys, TakesOneKeyInTwoSpellingsOfUnicodeForOne) {
  const Shaped shaped = shape("{\"caf\u00e9\":1}\n{\"cafe\u0301\":2,\"caf\u00e9\":3}",
                              {.shape = {.naming = schema::Naming(NamingConvention::duck_case)}});
  EXPECT_EQ(shaped.error, "");
  EXPECT_THAT(shaped.data.at("t"), ElementsAre("caf\u00e9=1", "caf\u00e9=3"));
  EXPECT_EQ(shaped.summary.duplicate_keys, 1U);
}

TEST(ShapingKeys, CountsIntegersThatNoDecimalTakes) {
  const std::string digits(39, '7');
  const Shaped shaped = shape(fmt::format("{{\"a\":{0},\"l\":[1,{0}],\"a2\":1,\"a2\":{0}}}", digits));
  EXPECT_EQ(shaped.error, "");
  EXPECT_EQ(shaped.summary.numbers_as_text, 3U);
}

TEST(ShapingKeys, TakesKeysThatShareANameInDifferentDocuments) {
  const Shaped shaped = shape("{\"User\":1}\n{\"user\":2}\n{\"a__b\":1}\n{\"a\":{\"b\":2}}");
  EXPECT_EQ(shaped.error, "");
  EXPECT_THAT(shaped.data.at("t"), ElementsAre("user=1", "user=2", "a__b=1", "a__b=2"));
}

TEST(ShapingKeys, TakesEmptyStrangeAndEnormousKeys) {
  const std::string enormous(1'000'000, 'k');
  const Shaped shaped = shape("{\"\":1,\"__\":2,\"1st\":4,\"\\ud83d\\ude00\":5,\"" + enormous + "\":6}",
                              {.shape = {.naming = schema::Naming(NamingConvention::duck_case, 60)}});
  EXPECT_EQ(shaped.error, "");
  for (const schema::Column& column : shaped.schema.tables.find("t")->columns) {
    EXPECT_FALSE(column.name.empty());
    EXPECT_LE(column.name.size(), 60U);
  }
  EXPECT_EQ(shaped.schema.tables.find("t")->columns.size(), 7U);
}

// Size.

TEST(ShapingLimits, TakesTenThousandColumns) {
  std::string document = "{";
  for (int i = 0; i < 10'000; ++i) document += fmt::format("{}\"c{}\":{}", i == 0 ? "" : ",", i, i);
  const Shaped shaped = shape(document + "}\n{\"c9999\":1}");
  EXPECT_EQ(columns(shaped, "t").size(), 10'000U);
  EXPECT_THAT(shaped.data.at("t").back(), "c9999=1");
}

std::string nested(const std::string& open, const std::string& close, int levels) {
  std::string text;
  for (int i = 0; i < levels; ++i) text += open;
  text += "1";
  for (int i = 0; i < levels; ++i) text += close;
  return text;
}

TEST(ShapingLimits, TakesAHundredLevels) {
  const Shaped objects = shape(nested("{\"a\":", "}", 100));
  EXPECT_EQ(objects.error, "");
  EXPECT_EQ(columns(objects, "t").size(), 1U);
  const Shaped lists = shape("{\"l\":" + nested("[", "]", 100) + "}");
  EXPECT_EQ(lists.error, "");
  EXPECT_EQ(lists.rows.size(), 101U);
}

TEST(ShapingLimits, TakesAThousandLevelsAndNoMore) {
  ShapingOptions flat;
  flat.shape.max_nesting = 0;
  const std::string refused = "the document nests deeper than 1000 levels";
  EXPECT_EQ(shape(nested("{\"a\":", "}", 1000)).error, "");
  EXPECT_THAT(shape(nested("{\"a\":", "}", 1001)).error, HasSubstr(refused));
  EXPECT_EQ(shape(nested("{\"a\":", "}", 1000), flat).error, "");
  EXPECT_THAT(shape(nested("{\"a\":", "}", 1001), flat).error, HasSubstr(refused));
  EXPECT_EQ(shape(nested("[", "]", 1000)).error, "");
  EXPECT_THAT(shape(nested("[", "]", 1001)).error, HasSubstr(refused));
  EXPECT_EQ(shape("{\"l\":" + nested("[", "]", 999) + "}").error, "");
  EXPECT_THAT(shape("{\"l\":" + nested("[", "]", 1000) + "}").error, HasSubstr(refused));
  // Keys that stand twice make a second pass over the document necessary.
  EXPECT_EQ(shape("{\"l\":" + nested("{\"b\":1,\"b\":", "}", 999) + "}").error, "");
}

/// Documents of which each brings `names` new keys with this value.
std::string new_keys(int documents, int names, const std::string& value) {
  std::string text;
  for (int i = 0; i < documents; ++i) {
    text += "{\"id\":1";
    for (int j = 0; j < names; ++j) text += fmt::format(",\"k{}\":{}", i * names + j, value);
    text += "}\n";
  }
  return text;
}

TEST(ShapingLimits, CountsColumnsAndTablesOfAllWorkersTogether) {
  // In two halves that two workers shape at once, neither is too many.
  const std::string columns = new_keys(110, 1'000, "1");
  const std::string tables = new_keys(110, 100, "[1]");
  for (const auto& [workers, parts] : {std::pair(1, 1), {2, 2}, {2, 20}}) {
    const auto chunk_bytes = [parts](const std::string& text) { return text.size() / static_cast<std::size_t>(parts); };
    EXPECT_EQ(shape(columns, {.workers = workers, .chunk_bytes = chunk_bytes(columns)}).error.substr(0, 48),
              "test.jsonl, line 100, column 10985: the table t ");
    EXPECT_EQ(shape(tables, {.workers = workers, .chunk_bytes = chunk_bytes(tables)}).error,
              "test.jsonl, line 100, column 1206: the table t__k9999 would be one more than the 10000 that a schema "
              "may have");
  }
}

TEST(ShapingLimits, CountsVariantsAsColumns) {
  // With id and the two columns of the load the first document fills the table.
  const std::string full = new_keys(1, static_cast<int>(limits::table_columns_max) - 3, "1");
  EXPECT_EQ(shape(full + "{\"id\":2}\n").error, "");
  EXPECT_EQ(shape(full + "{\"id\":\"x\"}\n").error,
            "test.jsonl, line 2, column 7: the table t would get more than 100000 columns");
}

TEST(ShapingLimits, ForgetsKeysThatCameToNothing) {
  const ShapeOptions options;
  const SchemaLog log;
  Shape shape(options, log);
  for (std::size_t i = 0; i <= limits::known_keys_max; ++i) shape.add_key(shape.root("t"), fmt::format("k{}", i), "k");
  EXPECT_EQ(shape.root("t").slots.size(), limits::known_keys_max + 1);
  shape.sync();
  EXPECT_EQ(shape.root("t").slots.size(), 0U);
}

TEST(ShapingLimits, AMissingValueIsToldWithItsLine) {
  ShapingOptions options;
  schema::Table& table = options.schema.tables.add(schema::Table::root("t", "append", "t"));
  schema::Column key;
  key.name = "key";
  key.nullable = false;
  table.columns.add(key);
  // No row of it comes: what it promises is nobody's matter.
  options.schema.tables.add(schema::Table::root("other", "append", "other")).columns.add(key);
  for (const std::size_t chunk_bytes : {std::size_t{1}, std::size_t{40}, for_tests::whole_input}) {
    options.chunk_bytes = chunk_bytes;
    EXPECT_EQ(shape("{\"key\":1}\n{\"key\":2}\n", options).error, "");
    const std::string missing = ": this row of t has no value for the column key, which must be set in every row";
    EXPECT_EQ(shape("{\"key\":1}\n{\"key\":2}\n {\"kex\":3}\n{\"a\":tru}\n", options).error,
              "test.jsonl, line 3, column 1" + missing);
    EXPECT_EQ(shape("{\"kex\":1}\n", options).error, "test.jsonl, line 1, column 1" + missing);
    EXPECT_EQ(
        shape("{\"key\":1}\n{\"key\":\"x\"}\n", options).error,
        "test.jsonl, line 2, column 1: the value of \"key\" in this row of t does not fit the column key (bigint), "
        "which must be set in every row");
  }
}

TEST(ShapingLimits, RefusesBottomlessDocuments) {
  EXPECT_THAT(shape(nested("{\"a\":", "}", 1500)).error, HasSubstr("nests deeper than 1000 levels"));
  EXPECT_THAT(shape(nested("[", "]", 1500)).error, HasSubstr("nests deeper than 1000 levels"));
  EXPECT_NE(shape(nested("[", "]", 300'000)).error, "");
  ShapingOptions flat;
  flat.shape.max_nesting = 0;
  EXPECT_EQ(shape(nested("{\"a\":", "}", 900), flat).error, "");
  EXPECT_NE(shape(nested("{\"a\":", "}", 1500), flat).error, "");
}

TEST(ShapingLimits, RefusesMoreRowsOfATableThanAColumnHolds) {
  ShapingOptions few;
  few.shape.table_rows_max = 3;
  EXPECT_EQ(shape("{\"l\":[1,2,3]}", few).error, "");
  const Shaped shaped = shape("{\"l\":[1,2,3,4]}", few);
  EXPECT_THAT(shaped.error, HasSubstr("one document has more than 3 rows for the table t__l"));
  EXPECT_THAT(shaped.hint, HasSubstr("--max-table-nesting"));
  EXPECT_TRUE(shaped.rows.empty());
}

// What the dataset cannot take is found while nothing is sealed.

TEST(ShapingConflicts, RefusesATableOfDocumentsThatIsNestedToo) {
  ShapingOptions nested;
  nested.schema = shape("{\"l\":[1]}").schema;
  nested.table = "t__l";
  EXPECT_THAT(shape("{\"value\":2}", nested).error,
              HasSubstr("the table t__l would hold documents and the rows of a list inside documents"));
  ShapingOptions root;
  root.table = "t__l";
  root.schema = shape("{\"value\":2}", root).schema;
  root.table = "t";
  EXPECT_THAT(shape("{\"l\":[1]}", root).error,
              HasSubstr("the table t__l would hold documents and the rows of a list inside documents"));
}

TEST(ShapingConflicts, RefusesRowsWithoutARequiredValue) {
  ShapingOptions options;
  options.schema = shape("{\"id\":1,\"name\":\"Mia\"}").schema;
  options.schema.tables.find("t")->columns.find("name")->nullable = false;
  EXPECT_EQ(shape("{\"id\":2,\"name\":\"Bo\"}", options).error, "");
  for (const char* documents : {"{\"id\":2}\n{\"id\":3}", "{\"id\":2,\"name\":null}\n{\"id\":3,\"name\":null}"}) {
    EXPECT_THAT(
        shape(documents, options).error,
        HasSubstr("line 1, column 1: this row of t has no value for the column name, which must be set in every row"));
  }
  EXPECT_THAT(shape("{\"id\":2,\"name\":\"Bo\"}\n{\"id\":3}", options).error, HasSubstr("line 2, column 1: this row"));
}

}  // namespace
}  // namespace outfall::normalize
