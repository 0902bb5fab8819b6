// SPDX-License-Identifier: Apache-2.0
#include "sql/duckdb_torn_block.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "base/file.h"
#include "sql/duckdb_files.h"
#include "sql/duckdb_for_tests.h"

namespace outfall::sql {
namespace {

namespace fs = std::filesystem;
using for_tests::DuckDb;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class TornBlocks : public DuckDb {
 protected:
  /// A database with so many rows in small row groups, so that there is much metadata. Answers where its blocks are.
  std::vector<std::uint64_t> make(std::uint64_t rows) {
    auto maker = open(file("maker.duckdb"));
    run(*maker, fmt::format("ATTACH '{}' AS made (ROW_GROUP_SIZE 2048)", file()));
    run(*maker,
        fmt::format("CREATE TABLE made.t AS SELECT i AS a, i + 1 AS b, i + 2 AS c FROM range({}) AS r(i)", rows));
    maker.reset();
    auto connection = open(file());
    std::vector<std::uint64_t> offsets;
    const auto ids = connection->rows("SELECT block_id FROM pragma_metadata_info()").value();
    offsets.reserve(ids.size());
    for (const TextRow& id : ids) offsets.push_back(first_block_offset + std::stoull(id.at(0).value()) * block_bytes);
    return offsets;
  }
  /// Turns a bit over of the checksum of the block, as if only another sector of it had been written.
  void tear(std::uint64_t offset) {
    std::fstream database(file(), std::ios::in | std::ios::out | std::ios::binary);
    database.seekg(static_cast<std::streamoff>(offset));
    const int byte = database.get();
    database.seekp(static_cast<std::streamoff>(offset));
    database.put(static_cast<char>(byte ^ 1));
  }
  /// Opens the database behind a load that was interrupted.
  Result<std::unique_ptr<Connection>> open_behind_interruption() {
    return open_duckdb(
        {.path = file(), .mended = [&](const std::string& text) { told_.push_back(text); }, .load_interrupted = true});
  }
  std::vector<std::string> kept() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(folder_.path())) {
      if (entry.path().string().contains(".duckdb.torn-")) names.push_back(entry.path().string());
    }
    return names;
  }

  static constexpr std::uint64_t few_rows = 20'000;
  static constexpr std::uint64_t many_rows = 5'000'000;
  static constexpr std::uint64_t block_bytes = std::uint64_t{256} << 10;
  std::vector<std::string> told_;
};

TEST_F(TornBlocks, AreRefusedWithAHintUnlessALoadWasInterrupted) {
  const auto blocks = make(few_rows);
  for (const std::uint64_t block : blocks) tear(block);
  EXPECT_THAT(open_error(file()).message, HasSubstr("Corrupt database file"));
  EXPECT_THAT(open_error(file()).hint, HasSubstr("run or resume"));
  const auto mending = open_duckdb({.path = file(), .mended = [](const std::string&) { ADD_FAILURE(); }});
  EXPECT_FALSE(mending);
  EXPECT_THAT(kept(), IsEmpty());
}

TEST_F(TornBlocks, AreMadeGoodAlsoWhereDuckDbReadsThemLater) {
  const auto blocks = make(many_rows);
  ASSERT_GT(blocks.size(), 4u);
  for (const std::uint64_t block : blocks) tear(block);
  {
    auto connection = open_behind_interruption();
    ASSERT_TRUE(connection) << connection.error().message;
    EXPECT_THAT(told_, SizeIs(blocks.size()));
    EXPECT_THAT(told_, Each(HasSubstr("as a power cut during a load leaves it")));
    EXPECT_EQ(cell(**connection, "SELECT sum(c - a) FROM t"), std::to_string(2 * many_rows));
    run(**connection, "CREATE TABLE more AS SELECT 1 AS a");
  }
  EXPECT_THAT(kept(), SizeIs(blocks.size()));
  EXPECT_EQ(cell(*open(file()), "SELECT a FROM more"), "1");
}

TEST_F(TornBlocks, ThatStillSayNothingAreAsTheyWere) {
  const std::uint64_t block = make(few_rows).at(0);
  {
    std::fstream database(file(), std::ios::in | std::ios::out | std::ios::binary);
    database.seekp(static_cast<std::streamoff>(block));
    database << std::string(block_bytes, '\0');
  }
  const std::string zeroed = open_error(file()).message;
  EXPECT_THAT(zeroed, HasSubstr("Corrupt database file"));
  const auto opened = open_behind_interruption();
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().message, zeroed);
  EXPECT_THAT(told_, IsEmpty());
  EXPECT_THAT(kept(), IsEmpty());
}

TEST_F(TornBlocks, OfRowsAreLeftAlone) {
  make(few_rows);
  const auto offset = [&] {
    const std::string id =
        cell(*open(file()), "SELECT min(block_id) FROM pragma_storage_info('t') WHERE block_id >= 0");
    return first_block_offset + std::stoull(id) * block_bytes;
  }();
  tear(offset);
  auto connection = open_behind_interruption();
  ASSERT_TRUE(connection) << connection.error().message;
  EXPECT_THAT(told_, IsEmpty());
  const auto read = (*connection)->rows("SELECT sum(COLUMNS(*)) FROM t");
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("Corrupt database file"));
  EXPECT_THAT(read.error().hint, HasSubstr("from a backup"));
  EXPECT_THAT(kept(), IsEmpty());
}

TEST_F(TornBlocks, AreNotTouchedWhileSomebodyElseHasTheFile) {
  const auto blocks = make(few_rows);
  tear(blocks[0]);
  const auto torn = find_torn_blocks(file(), blocks);
  ASSERT_TRUE(torn);
  ASSERT_THAT(*torn, SizeIs(1));
  auto holder = File::open(file(), OpenMode::update);
  ASSERT_TRUE(lock_database(*holder));
  const auto refused = mend_torn_block(file(), torn->at(0));
  ASSERT_FALSE(refused);
  EXPECT_TRUE(is_taken(refused.error()));
  EXPECT_FALSE(mend_torn_block(file(), {.offset = blocks[0], .stored = 0, .computed = 1}));
  EXPECT_THAT(kept(), IsEmpty());
  ASSERT_TRUE(holder->close());
  // Written anew meanwhile, with the same checksum in front.
  TornBlock older = torn->at(0);
  older.computed ^= 1;
  const auto changed = mend_torn_block(file(), older);
  ASSERT_FALSE(changed);
  EXPECT_THAT(changed.error().message, HasSubstr("it has changed meanwhile"));
  EXPECT_THAT(kept(), IsEmpty());
  EXPECT_TRUE(mend_torn_block(file(), torn->at(0)));
  EXPECT_THAT(find_torn_blocks(file(), blocks).value(), IsEmpty());
}

TEST(TornBlock, IsTheOneThatDuckDbNames) {
  const auto torn = torn_block(
      "IO Error: Corrupt database file: computed checksum 12 does not match stored checksum 34 in block at location "
      "274432");
  ASSERT_TRUE(torn);
  EXPECT_EQ(torn->computed, 12u);
  EXPECT_EQ(torn->stored, 34u);
  EXPECT_EQ(torn->offset, 274'432u);
  EXPECT_FALSE(
      torn_block("Failure while replaying WAL file: Corrupt database file: computed checksum 12 does not match stored "
                 "checksum 34 in block at location 274432"))
      << "a block of rows that the log changes";
  EXPECT_FALSE(torn_block("IO Error: Corrupt WAL file: entry at byte position 100 computed checksum 1"));
  EXPECT_FALSE(
      torn_block("Corrupt database file: computed checksum 12 does not match stored checksum 34 in block at "
                 "location 4096"));
}

}  // namespace
}  // namespace outfall::sql
