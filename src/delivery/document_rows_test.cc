// SPDX-License-Identifier: Apache-2.0
#include "delivery/document_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/scratch_folder.h"
#include "delivery/document_text.h"
#include "delivery/package_testing.h"

namespace outfall::delivery {
namespace {

using sql::for_tests::Column;
using testing::ElementsAre;
using testing::HasSubstr;

using Texts = std::vector<std::optional<std::string>>;
using Numbers = std::vector<std::optional<std::int64_t>>;

/// The table t with t__a below it, and t__a__b below that; each has a column v.
class Documents : public testing::Test {
 protected:
  void SetUp() override {
    declare(schema::Table::root("t", "append", "t"));
    declare(schema::Table::nested("t__a", "t"));
    declare(schema::Table::nested("t__a__b", "t__a"));
  }
  void declare(schema::Table table) {
    schema::Column column;
    column.name = "v";
    column.type = DataType::bigint;
    table.columns.add(column);
    table.columns.add(schema::id_column());
    table.mark_seen_data();
    schema_.tables.add(std::move(table));
    schema_.bump();
  }
  static std::vector<Column> rows(const Numbers& values, const Texts& ids, const Texts& parents = {}) {
    std::vector<Column> columns{Column::fixed<std::int64_t>("v", "l", values), Column::text("_dlt_id", ids)};
    if (!parents.empty()) columns.push_back(Column::text("_dlt_parent_id", parents));
    return columns;
  }
  Result<DocumentRows> open(std::vector<TableRows> tables) {
    package_ = write_package(folder_.path(), "1.5", schema_, std::move(tables));
    request_.emplace(
        LoadRequest{.package = package_, .schema = schema_, .folder = folder_ / "1.5", .progress = {}, .stop = {}});
    return DocumentRows::open(*request_, *schema_.tables.find("t"));
  }
  /// Three documents: with two rows and three below, with none, with one and one.
  Result<DocumentRows> open_three() {
    return open({{"t", rows({1, 2, 3}, {"x", "y", "z"})},
                 {"t__a", rows({10, 11, 30}, {"xa", "xb", "za"}, {"x", "x", "z"})},
                 {"t__a__b", rows({100, 101, 110, 300}, {"1", "2", "3", "4"}, {"xa", "xa", "xb", "za"})}});
  }

  ScratchFolder folder_;
  schema::Schema schema_ = schema::Schema::make("s", NamingConvention::snake_case);
  ledger::PackageRecord package_;
  std::optional<LoadRequest> request_;
};

TEST_F(Documents, KnowWhereTheirRowsBegin) {
  auto documents = open_three();
  ASSERT_TRUE(documents) << documents.error().message;
  EXPECT_EQ(documents->documents(), 3u);
  EXPECT_THAT(documents->begin_of(3).value(), ElementsAre(3, 3, 4));
  EXPECT_THAT(documents->begin_of(1).value(), ElementsAre(1, 2, 3));
  EXPECT_THAT(documents->begin_of(2).value(), ElementsAre(2, 2, 3));
  EXPECT_THAT(documents->begin_of(0).value(), ElementsAre(0, 0, 0));
}

TEST_F(Documents, KnowWhoseARowIs) {
  auto documents = open_three();
  ASSERT_TRUE(documents) << documents.error().message;
  EXPECT_EQ(documents->document_of(0, 1).value(), 1u);
  EXPECT_EQ(documents->document_of(1, 2).value(), 2u);
  EXPECT_EQ(documents->document_of(2, 2).value(), 0u);
  EXPECT_EQ(documents->document_of(2, 3).value(), 2u);
}

TEST_F(Documents, BecomeJsonAgain) {
  auto documents = open_three();
  ASSERT_TRUE(documents) << documents.error().message;
  DocumentTexts texts(*documents);
  EXPECT_EQ(texts.of(2).value(), R"({"v":3,"a":[{"v":30,"b":[{"v":300}]}]})");
  EXPECT_EQ(texts.of(0).value(), R"({"v":1,"a":[{"v":10,"b":[{"v":100},{"v":101}]},{"v":11,"b":[{"v":110}]}]})");
  EXPECT_EQ(texts.of(1).value(), R"({"v":2})");
}

TEST_F(Documents, OverManyFilesAreTheSame) {
  std::vector<Column> wide = rows({3}, {"z"});
  wide.push_back(Column::fixed<std::int64_t>("w", "l", {7}));
  auto documents = open(
      {{"t", rows({1, 2}, {"x", "y"})}, {"t", std::move(wide)}, {"t__a", rows({10, 30}, {"xa", "za"}, {"x", "z"})}});
  ASSERT_TRUE(documents) << documents.error().message;
  ASSERT_EQ(documents->tables().front().jobs.size(), 2u);
  EXPECT_THAT(documents->begin_of(2).value(), ElementsAre(2, 1));
  EXPECT_EQ(documents->document_of(1, 1).value(), 2u);
  EXPECT_EQ(DocumentTexts(*documents).of(2).value(), R"({"v":3,"a":[{"v":30}]})");
}

TEST_F(Documents, MoreThanArePlacesRememberedAreFoundAllTheSame) {
  constexpr std::int64_t count = 150'000;
  Numbers values;
  Texts ids;
  Numbers nested;
  Texts nested_ids;
  Texts parents;
  for (std::int64_t i = 0; i < count; ++i) {
    values.emplace_back(i);
    ids.push_back(std::to_string(i));
    if (i % 2 == 1) continue;
    nested.emplace_back(i);
    nested_ids.push_back("n" + std::to_string(i));
    parents.push_back(std::to_string(i));
  }
  auto documents = open({{"t", rows(values, ids)}, {"t__a", rows(nested, nested_ids, parents)}});
  ASSERT_TRUE(documents) << documents.error().message;
  for (const std::uint64_t document : {149'999u, 1u, 77'777u, 77'778u, 0u, 150'000u}) {
    EXPECT_THAT(documents->begin_of(document).value(), ElementsAre(document, (document + 1) / 2));
  }
  EXPECT_EQ(documents->document_of(1, 40'000).value(), 80'000u);
}

TEST_F(Documents, WithOneIdAreToldApartByWhatTheyComeFrom) {
  std::vector<Column> roots = rows({1, 2, 3}, {"x", "x", "x"});
  roots.push_back(Column::fixed<std::int64_t>("_dlt_origin", "l", {5, 6, 7}));
  std::vector<Column> nested = rows({20, 21, 30}, {"a", "b", "a"}, {"x", "x", "x"});
  nested.push_back(Column::fixed<std::int64_t>("_dlt_origin", "l", {6, 6, 7}));
  auto documents = open({{"t", std::move(roots)}, {"t__a", std::move(nested)}});
  ASSERT_TRUE(documents) << documents.error().message;
  EXPECT_THAT(documents->begin_of(1).value(), ElementsAre(1, 0));
  EXPECT_THAT(documents->begin_of(2).value(), ElementsAre(2, 2));
  EXPECT_EQ(DocumentTexts(*documents).of(1).value(), R"({"v":2,"a":[{"v":20},{"v":21}]})");
}

TEST_F(Documents, WithOneIdAndNothingElseAreNot) {
  const auto documents = open({{"t", rows({1, 2}, {"x", "x"})}, {"t__a", rows({20}, {"a"}, {"x"})}});
  ASSERT_FALSE(documents);
  EXPECT_THAT(documents.error().message, HasSubstr("two rows of t in a row have the _dlt_id \"x\""));
}

TEST_F(Documents, WhoseRowsAreInNobodysPlaceAreRefused) {
  const auto documents = open({{"t", rows({1, 2}, {"x", "y"})}, {"t__a", rows({20, 10}, {"a", "b"}, {"y", "x"})}});
  ASSERT_FALSE(documents);
  EXPECT_THAT(documents.error().message, HasSubstr("whose row 2 of t__a is nobody knows"));
}

}  // namespace
}  // namespace outfall::delivery
