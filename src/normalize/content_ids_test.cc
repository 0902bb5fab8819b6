// SPDX-License-Identifier: Apache-2.0
//
// Row ids that follow from what rows hold. The expected ones were made by dlt 1.31.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "normalize/shaping_for_tests.h"

namespace outfall::normalize {
namespace {

using for_tests::shape;
using for_tests::Shaped;
using for_tests::ShapingOptions;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

ShapingOptions hashed(RowIdKind kind, std::vector<std::string> key = {}) {
  ShapingOptions options;
  RootOptions& root = options.shape.roots["t"];
  root.root_key = true;
  root.row_ids = kind;
  root.key = std::move(key);
  return options;
}

std::string cell(const std::string& row, std::string_view column) {
  const std::string name = " " + std::string(column) + "=";
  const std::size_t begin = (" " + row).find(name);
  if (begin == std::string::npos) return "";
  const std::size_t value = begin + name.size() - 1;
  return row.substr(value, row.find(' ', value) - value);
}

std::string id_of(std::string_view document, const ShapingOptions& options) {
  const Shaped shaped = shape(std::string(document), options);
  EXPECT_EQ(shaped.error, "");
  return shaped.rows.contains("t") ? cell(shaped.rows.at("t").front(), "_dlt_id") : "";
}

std::string row_hash(std::string_view document) {
  return id_of(document, hashed(RowIdKind::row_hash));
}

TEST(ContentIds, OfWholeDocumentsAreThoseOfDlt) {
  EXPECT_EQ(row_hash(R"({"b":1,"a":"x"})"), "t8htE3Gr5XylGw");
  EXPECT_EQ(row_hash(R"({"id":1.0,"z":[1,{"y":2,"x":null}],"a":{"é":"\u00e9\n","_dlt_k":true}})"), "bJP160haXh6wlQ");
  EXPECT_EQ(
      row_hash(
          R"({"id":"q\"\\/\u0001\u007f \ud83d\ude00","n":-0.0,"big":1e16,"small":1e-7,"f":123456789012345680.0,"i":-5})"),
      "rOilcLl1gd3ILQ");
  EXPECT_EQ(row_hash(R"({"_dlt_load_id":"7","id":3})"), "hKdQ/VhGat+Pgw");
  EXPECT_EQ(row_hash(R"({"k":1,"k":2,"l":[]})"), "9Ucmdnr1rEuT0g");
  EXPECT_EQ(row_hash(R"({"id":0.1,"e":1E5,"d":100000000000000000000.0})"), "4SDTBE/XHkdhng");
}

TEST(ContentIds, OfWholeDocumentsDoNotDependOnHowTheyAreWritten) {
  const std::string id = row_hash(R"({"a":{"x":1,"y":[2,"u"]},"b":"\u0041"})");
  EXPECT_EQ(row_hash(R"( { "b" : "A" , "a" : { "y" : [ 2 , "u" ] , "x" : 1 } } )"), id);
  EXPECT_NE(row_hash(R"({"a":{"x":1,"y":["u",2]},"b":"A"})"), id);
}

TEST(ContentIds, OfKeysAreThoseOfDlt) {
  EXPECT_EQ(id_of(R"({"id":1,"x":2})", hashed(RowIdKind::key_hash, {"id"})), "z5jIxXIbUnmbKw");
  EXPECT_EQ(id_of(R"({"id":1.5})", hashed(RowIdKind::key_hash, {"id"})), "ajYxs7YZNhIBVQ");
  EXPECT_EQ(id_of(R"({"id":"\u00e9"})", hashed(RowIdKind::key_hash, {"id"})), "Re94hEh/GsCX1Q");
  EXPECT_EQ(id_of(R"({"id":true})", hashed(RowIdKind::key_hash, {"id"})), "8tzPerpjGpGGTQ");
  EXPECT_EQ(id_of(R"({"a":{"b":"x y"},"id":1})", hashed(RowIdKind::key_hash, {"a__b", "id"})), "enCJIM7OmHwS/g");
}

TEST(ContentIds, AKeyBehindAListIsFoundAllTheSame) {
  const ShapingOptions options = hashed(RowIdKind::key_hash, {"id"});
  const Shaped before = shape(R"({"id":1,"l":[{"m":[5]}]})", options);
  const Shaped behind = shape(R"({"l":[{"m":[5]}],"id":1})", options);
  ASSERT_EQ(behind.error, "");
  EXPECT_EQ(cell(behind.rows.at("t").front(), "_dlt_id"), "z5jIxXIbUnmbKw");
  EXPECT_EQ(behind.rows.at("t__l"), before.rows.at("t__l"));
  EXPECT_EQ(behind.rows.at("t__l__m"), before.rows.at("t__l__m"));
  EXPECT_EQ(cell(behind.rows.at("t__l__m").front(), "_dlt_root_id"), "z5jIxXIbUnmbKw");
}

TEST(ContentIds, DocumentsWithOneKeyAreToldApartByTheirOrigin) {
  const Shaped shaped = shape("{\"id\":1,\"l\":[1,2]}\n{\"id\":1,\"l\":[3]}\n", hashed(RowIdKind::key_hash, {"id"}));
  const auto& roots = shaped.rows.at("t");
  const auto& nested = shaped.rows.at("t__l");
  ASSERT_THAT(nested, SizeIs(3));
  EXPECT_EQ(cell(nested[0], "_dlt_id"), cell(nested[2], "_dlt_id"));
  EXPECT_EQ(cell(nested[0], "_dlt_origin"), cell(roots[0], "_dlt_origin"));
  EXPECT_EQ(cell(nested[1], "_dlt_origin"), cell(roots[0], "_dlt_origin"));
  EXPECT_EQ(cell(nested[2], "_dlt_origin"), cell(roots[1], "_dlt_origin"));
  EXPECT_NE(cell(roots[0], "_dlt_origin"), cell(roots[1], "_dlt_origin"));
  EXPECT_EQ(shaped.schema.tables.find("t")->columns.find("_dlt_origin"), nullptr);
}

TEST(ContentIds, AnIdThatTheDocumentBringsStays) {
  EXPECT_EQ(id_of(R"({"id":1,"_dlt_id":"own"})", hashed(RowIdKind::key_hash, {"id"})), "own");
  EXPECT_EQ(row_hash(R"({"id":1,"_dlt_id":"own"})"), "own");
}

TEST(ContentIds, AKeyThatIsMissingIsABadDocument) {
  ShapingOptions options = hashed(RowIdKind::key_hash, {"id"});
  schema::Column key{.name = "id", .nullable = false, .primary_key = true};
  options.schema.tables.add(schema::Table::root("t", "merge", "t")).columns.add(std::move(key));
  EXPECT_THAT(shape("{\"id\":1}\n{\"x\":1}\n", options).error, HasSubstr("no value for the column id"));
}

}  // namespace
}  // namespace outfall::normalize
