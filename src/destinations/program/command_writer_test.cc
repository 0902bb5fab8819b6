// SPDX-License-Identifier: Apache-2.0
//
// Batches that a command is not started for.
#include "destinations/program/command_writer.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "delivery/lanes_testing.h"

namespace outfall::destinations::program {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

/// A package whose only job file has documents and no columns, as versions had them that did not keep both.
class DocumentsAlone : public delivery::Lanes {
 protected:
  void SetUp() override {
    schema::Table table = schema::Table::root("t", "append", "t");
    schema::Column id;
    id.name = "id";
    id.type = DataType::bigint;
    table.columns.add(id);
    schema_.tables.add(std::move(table));
    schema_.bump();
    using sql::for_tests::Column;
    const auto documents = Column::text(std::string(schema::document_column_name), {R"({"id":1})", R"({"id":2})"});
    package_ =
        delivery::write_package(folder_.path(), delivery::load_id, schema_, {{.table = "t", .columns = {documents}}});
    auto ledger = this->ledger();
    delivery::seal_package(ledger, package_);
  }

  ledger::Ledger ledger() { return std::move(*ledger::Ledger::open(folder_ / "outfall.db", env_)); }

  /// To a command that keeps what it gets.
  Result<delivery::LoadSummary> deliver_as(LoaderFileFormat format, std::uint64_t batch_size) {
    delivery::LaneOptions options = delivery::quick(batch_size);
    options.format = format;
    return deliver(options, [this]() -> Result<std::unique_ptr<delivery::Writer>> {
      return std::make_unique<CommandWriter>(command_, *guard_, nullptr);
    });
  }

  std::string taken() const { return read_file(log()).value_or(""); }

  const CommandOptions command_{.command = fmt::format("cat >>{}", log())};
  const std::unique_ptr<ProgramGuard> guard_ = std::move(*ProgramGuard::make_without_lock());
};

TEST_F(DocumentsAlone, AreGivenUpAtOnceWhereColumnsAreWanted) {
  for (const std::uint64_t batch_size : {0, 10}) {
    const auto summary = deliver_as(LoaderFileFormat::csv, batch_size);
    ASSERT_TRUE(summary) << summary.error().message;
    ASSERT_TRUE(summary->lanes->error);
    EXPECT_THAT(summary->lanes->error->message, HasSubstr("holds documents, and the format wants columns"));
    EXPECT_THAT(summary->lanes->error->hint, HasSubstr("outfall package retry"));
    EXPECT_THAT(summary->lanes->error->hint, HasSubstr("--loader-file-format jsonl"));
    EXPECT_EQ(summary->lanes->error->remedy, Remedy::abandon);
    EXPECT_EQ(records().at(0).state, ledger::LaneState::failed);
    EXPECT_THAT(taken(), IsEmpty());
    ASSERT_TRUE(ledger().reopen_lanes(delivery::load_id, std::vector<std::int64_t>{0}));
  }
  EXPECT_EQ(records().at(0).attempts, 2U) << "one each";
  ASSERT_TRUE(deliver_as(LoaderFileFormat::jsonl, 10));
  EXPECT_EQ(records().at(0).state, ledger::LaneState::done);
  EXPECT_EQ(taken(), "{\"id\":1}\n{\"id\":2}\n");
}

}  // namespace
}  // namespace outfall::destinations::program
