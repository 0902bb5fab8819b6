// SPDX-License-Identifier: Apache-2.0
//
// Opening a ledger, fencing, versions, and what it knows of its pipeline.
#include "ledger/ledger.h"

#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/file.h"
#include "ledger/ledger_testing.h"
#include "ledger/tables.h"

namespace {
int syncs = 0;
}

// SQLite finds these before the C library's: they count, and sync all the same.
extern "C" int fsync(int descriptor) {
  ++syncs;
  return static_cast<int>(syscall(SYS_fsync, descriptor));
}
extern "C" int fdatasync(int descriptor) {
  ++syncs;
  return static_cast<int>(syscall(SYS_fdatasync, descriptor));
}

namespace outfall::ledger {
namespace {

using testing::HasSubstr;

TEST_F(LedgerTest, NewOneIsEmpty) {
  Ledger ledger = open();
  EXPECT_EQ(ledger.binding().value(), std::nullopt);
  EXPECT_EQ(ledger.last_load_id().value(), "");
  EXPECT_FALSE(ledger.stored_schema().value());
  EXPECT_EQ(ledger.stored_state().value(), "");
  EXPECT_TRUE(ledger.pending().value().empty());
  EXPECT_TRUE(ledger.runs(10).value().empty());
  EXPECT_FALSE(ledger.read_progress().value());
}

TEST_F(LedgerTest, CrashAfterCreationLeavesAGoodOne) {
  EXPECT_TRUE(dies_at("ledger_created", [](Ledger&) {}));
  Ledger ledger = open();
  EXPECT_TRUE(ledger.pending().value().empty());
}

TEST_F(LedgerTest, OlderHolderCannotWriteAnyMore) {
  Ledger older = open();
  begin(older, "r1");
  Ledger newer = open();
  const Status refused = older.end_run({.run_id = "r1", .ending = 0, .trace = ""});
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("another process took over"));
  EXPECT_THAT(refused.error().message, HasSubstr("generation 2, ours is 1"));
  EXPECT_EQ(refused.error().blame, Blame::busy);

  EXPECT_FALSE(older.new_load_id());
  EXPECT_FALSE(older.seal(package("r1", "1.0"), {}, {}));
  EXPECT_FALSE(older.bind({.name = "p", .destination = "d", .dataset = "s"}));
  EXPECT_FALSE(older.write_progress(ProgressRecord()));
  EXPECT_FALSE(older.reset_schema());
  EXPECT_TRUE(newer.pending().value().empty());
  EXPECT_FALSE(newer.run("r1").value()->ended_at);
  end(newer, "r1");
}

TEST_F(LedgerTest, BindingIsKept) {
  {
    Ledger ledger = open();
    EXPECT_TRUE(ledger.bind({.name = "p", .destination = "duckdb:typo", .dataset = "d"}));
    EXPECT_TRUE(ledger.bind({.name = "p", .destination = "duckdb:a", .dataset = "d"})) << "nothing was sealed yet";
    begin(ledger, "r1");
    seal(ledger, "r1", input("/data/events.jsonl"));
  }
  Ledger ledger = open();
  EXPECT_TRUE(ledger.bind({.name = "p", .destination = "duckdb:a", .dataset = "d"}));
  for (const Binding& other : {Binding{.name = "p", .destination = "duckdb:b", .dataset = "d"},
                               Binding{.name = "p", .destination = "duckdb:a", .dataset = "e"}}) {
    const Status refused = ledger.bind(other);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().blame, Blame::usage);
    EXPECT_THAT(refused.error().message, HasSubstr("pipeline 'p' loads into duckdb:a, dataset 'd'"));
    EXPECT_THAT(refused.error().message, HasSubstr("asks for " + other.destination + ", dataset '" + other.dataset));
  }
  EXPECT_EQ(ledger.binding().value()->destination, "duckdb:a");
}

TEST_F(LedgerTest, AnotherMeaningOfANameWaitsForWhatIsPending) {
  const auto meaning = [](const std::string& text) {
    return Binding{.name = "p", .destination = "sink", .dataset = "d", .meaning = text};
  };
  Ledger ledger = open();
  ASSERT_TRUE(ledger.bind(meaning("duckdb:/a")));
  EXPECT_TRUE(ledger.bind(meaning("duckdb:/b"))) << "nothing is pending";
  EXPECT_EQ(ledger.binding().value()->meaning, "duckdb:/b");
  begin(ledger, "r1");
  const std::string load_id = seal(ledger, "r1", input("/data/events.jsonl"));
  EXPECT_TRUE(ledger.bind(meaning("duckdb:/b")));
  const Status refused = ledger.bind(meaning("duckdb:/a"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().blame, Blame::usage);
  EXPECT_EQ(refused.error().message,
            "destination sink means duckdb:/a now, and packages of pipeline 'p' wait for what it meant when they were "
            "sealed, duckdb:/b");
  const Status secret = ledger.bind(meaning("sha3:12"));
  ASSERT_FALSE(secret);
  EXPECT_THAT(secret.error().message, testing::Not(HasSubstr("sha3")));
  ASSERT_TRUE(ledger.mark_loaded(load_id, 0));
  EXPECT_TRUE(ledger.bind(meaning("duckdb:/a"))) << "what was sealed is delivered";
}

TEST_F(LedgerTest, LoadIdsGrowOverProcessesAndClocks) {
  std::string first;
  {
    Ledger ledger = open();
    first = ledger.new_load_id().value();
    EXPECT_EQ(ledger.last_load_id().value(), first) << "remembered without a seal";
  }
  env_.set_now_us(env_.now_us() - 1'000'000'000);
  Ledger ledger = open();
  const std::string second = ledger.new_load_id().value();
  EXPECT_LT(first, second);
  EXPECT_LT(second, ledger.new_load_id().value());
}

TEST_F(LedgerTest, SealedForeignIdIsNotGivenAgain) {
  Ledger ledger = open();
  begin(ledger, "r1");
  ASSERT_TRUE(ledger.seal(package("r1", "1900000000.5"), {}, {.naming = "direct", .document = ""}));
  EXPECT_LT("1900000000.5", ledger.new_load_id().value());
}

TEST_F(LedgerTest, NewerVersionIsRefusedNamingBoth) {
  {
    open();
  }
  {
    Database database = std::move(*Database::open(path_, Database::Access::read_write));
    ASSERT_TRUE(database.execute("PRAGMA user_version = 99"));
  }
  for (const bool reading : {false, true}) {
    const Result<Ledger> opened = reading ? Ledger::open_read_only(path_) : Ledger::open(path_, env_);
    ASSERT_FALSE(opened);
    EXPECT_THAT(opened.error().message, HasSubstr(path_));
    EXPECT_THAT(opened.error().message, HasSubstr("version 99"));
    EXPECT_THAT(opened.error().message, HasSubstr("up to version " + std::to_string(tables_version())));
    EXPECT_THAT(opened.error().hint, HasSubstr("newer Outfall"));
  }
}

TEST_F(LedgerTest, StoresOfAllOlderVersionsAreReadAsTheyAre) {
  for (int version = 1; version < tables_version(); ++version) {
    const std::string path = folder_ / ("version_" + std::to_string(version) + ".db");
    {
      Database database = std::move(*Database::open(path, Database::Access::read_write));
      ASSERT_TRUE(migrate_tables(database, version));
      const Status filled = database.execute(
          "INSERT INTO pipeline VALUES ('name', 'p'), ('destination', 'null:'), ('dataset', 'd');"
          "INSERT INTO runs (run_id, command, host, boot_id, pid, started_at, trace) VALUES ('r', 'run a', '', '', 1, "
          "5, '');"
          "INSERT INTO schemas VALUES (1, 's', 'h', '{}', 5);"
          "INSERT INTO packages (load_id, run_id, state, destination, dataset, schema_id, documents, sealed_at) "
          "VALUES ('1.5', 'r', 'pending', 'null:', 'd', 1, 3, 5);"
          "INSERT INTO jobs (load_id, position, table_name, file, rows, bytes) VALUES ('1.5', 0, 't', 't.1.arrow', 3, "
          "9);"
          "INSERT INTO inputs (path, size, mtime_ns, hash, documents, run_id, load_id, sealed_at) "
          "VALUES ('/a', 10, 5, 'h1', 3, 'r', '1.5', 5);");
      ASSERT_TRUE(filled) << filled.error().message;
    }
    Result<Ledger> ledger = Ledger::open_read_only(path);
    ASSERT_TRUE(ledger) << ledger.error().message;
    EXPECT_EQ(ledger->binding().value()->destination, "null:");
    EXPECT_EQ(ledger->runs(5).value().at(0).run_id, "r");
    EXPECT_EQ(ledger->pending().value().at(0).jobs.at(0).rows, 3u);
    EXPECT_EQ(ledger->inputs_of("1.5").value().at(0).path, "/a");
    EXPECT_TRUE(ledger->destination_state("null:").value().empty());
    Database database = std::move(*Database::open(path, Database::Access::read_only));
    EXPECT_EQ(database.integer("PRAGMA user_version").value(), version) << "a reader changes nothing";
  }
}

TEST_F(LedgerTest, EmptyFileOfACrashIsFilled) {
  {
    ASSERT_TRUE(Database::open(path_, Database::Access::read_write));
  }
  {
    Result<Ledger> reader = Ledger::open_read_only(path_);
    ASSERT_TRUE(reader) << reader.error().message;
    EXPECT_TRUE(reader->pending().value().empty());
    EXPECT_EQ(reader->count_letters({}).value(), 0u);
    Database database = std::move(*Database::open(path_, Database::Access::read_only));
    EXPECT_EQ(database.integer("PRAGMA user_version").value(), 0) << "a reader changes nothing";
  }
  Ledger ledger = open();
  EXPECT_TRUE(ledger.new_load_id());
  EXPECT_TRUE(Ledger::open_read_only(path_));
}

TEST_F(LedgerTest, WhatACrashLeftOfItsMakingBindsNothing) {
  EXPECT_EQ(Ledger::binding_at(path_).value(), std::nullopt) << "there is no file";
  ASSERT_TRUE(File::open(path_, OpenMode::create_new));
  EXPECT_EQ(Ledger::binding_at(path_).value(), std::nullopt) << "there are no bytes";
  {
    ASSERT_TRUE(Database::open(path_, Database::Access::read_write));
  }
  EXPECT_EQ(Ledger::binding_at(path_).value(), std::nullopt) << "there are no tables";
  ASSERT_TRUE(open().bind({.name = "p", .destination = "null:", .dataset = "d"}));
  ASSERT_TRUE(Ledger::binding_at(path_).value());
  EXPECT_EQ(Ledger::binding_at(path_).value()->dataset, "d");
}

TEST_F(LedgerTest, OtherDatabaseIsRefusedAndUntouched) {
  {
    Database database = std::move(*Database::open(path_, Database::Access::read_write));
    ASSERT_TRUE(database.execute("CREATE TABLE customers (id)"));
  }
  const Result<Ledger> ledger = Ledger::open(path_, env_);
  ASSERT_FALSE(ledger);
  EXPECT_THAT(ledger.error().message, HasSubstr("not a state store"));
  const auto binding = Ledger::binding_at(path_);
  ASSERT_FALSE(binding);
  EXPECT_THAT(binding.error().message, HasSubstr("not a state store"));
  Database database = std::move(*Database::open(path_, Database::Access::read_only));
  EXPECT_EQ(database.integer("SELECT count(*) FROM sqlite_schema").value(), 1);
}

TEST_F(LedgerTest, DamagedFileIsRefused) {
  Result<File> file = File::open(path_, OpenMode::create_new);
  ASSERT_TRUE(file->write(std::string(10'000, 'x')));
  const Result<Ledger> ledger = Ledger::open(path_, env_);
  ASSERT_FALSE(ledger);
  EXPECT_THAT(ledger.error().message, HasSubstr("open the state store: cannot open " + path_));
  EXPECT_THAT(ledger.error().hint, HasSubstr("damaged"));
}

TEST_F(LedgerTest, ReadOnlyFolderIsReadAndNotWritten) {
  {
    open();
  }
  ASSERT_EQ(chmod(folder_.path().c_str(), 0555), 0);
  EXPECT_EQ(run_forked([&] {
              if (!become_unprivileged()) return 1;
              if (!Ledger::open_read_only(path_)) return 2;
              const Result<Ledger> ledger = Ledger::open(path_, env_);
              if (ledger) return 3;
              return ledger.error().hint.find("permissions") == std::string::npos ? 4 : 0;
            }),
            0);
}

TEST_F(LedgerTest, ReaderSeesALiveWritersProgress) {
  const auto write = [&] {
    Ledger writer = open();
    begin(writer, "r1");
    EXPECT_TRUE(writer.write_progress({.run_id = "r1",
                                       .stage = "load",
                                       .rows = 5,
                                       .rows_total = 10,
                                       .bytes = 7,
                                       .bytes_total = 0,
                                       .updated_at = env_.now_us()}));
    return writer;
  };
  EXPECT_EQ(run_beside(write,
                       [&] {
                         Result<Ledger> reader = Ledger::open_read_only(path_);
                         if (!reader) return 1;
                         const std::optional<ProgressRecord> read = reader->read_progress().value();
                         return read && read->run_id == "r1" && read->rows == 5 && read->rows_total == 10 ? 0 : 2;
                       }),
            0);
  Ledger ledger = open();
  end(ledger, "r1");
  EXPECT_FALSE(ledger.read_progress().value()) << "an ended run stands nowhere";
}

TEST_F(LedgerTest, TakenOverStaysTakenOver) {
  Ledger older = open();
  EXPECT_TRUE(older.new_load_id());
  {
    open();
  }
  EXPECT_FALSE(older.new_load_id()) << "even when the newer one is gone again";
}

TEST_F(LedgerTest, QueriesOfThePageWork) {
  Ledger ledger = open();
  begin(ledger, "r1");
  seal(ledger, "r1", input("/in/users.jsonl"));
  const std::string source = __FILE__;
  const std::string page = read_file(source.substr(0, source.rfind("/src/")) + "/docs/state-store.md").value();
  Database database = std::move(*Database::open(path_, Database::Access::read_only));
  int queries = 0;
  constexpr std::string_view fence = "```sql\n";
  for (std::size_t at = page.find(fence); at != std::string::npos; at = page.find(fence, at)) {
    at += fence.size();
    const std::string sql = page.substr(at, page.find("```", at) - at);
    Result<Statement> statement = database.prepare(sql);
    ASSERT_TRUE(statement) << sql << statement.error().message;
    EXPECT_TRUE(statement->run()) << sql;
    ++queries;
  }
  EXPECT_GE(queries, 8);
}

TEST_F(LedgerTest, CommitsAreSyncedAndProgressIsNot) {
  Ledger ledger = open();
  begin(ledger, "r1");
  int before = syncs;
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(ledger.write_progress(ProgressRecord()));
  }
  EXPECT_EQ(syncs, before) << "progress must never slow a run";
  ASSERT_TRUE(ledger.new_load_id());
  EXPECT_GT(syncs, before) << "the commit after it is durable again";
  before = syncs;
  seal(ledger, "r1", input("/in/a"));
  EXPECT_GT(syncs, before);
}

TEST_F(LedgerTest, SchemaAndStateFollowTheNewestSealUntilReset) {
  Ledger ledger = open();
  begin(ledger, "r1");
  ASSERT_TRUE(ledger.seal(package("r1", "1700000000.1", "s1"), {}, {.naming = "direct", .document = "{\"c\":1}"}));
  ASSERT_TRUE(ledger.seal(package("r1", "1700000000.2", "s2"), {}, {.naming = "direct", .document = ""}));
  const std::optional<StoredSchema> stored = ledger.stored_schema().value();
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->name, "events");
  EXPECT_EQ(stored->version_hash, "hash-s2");
  EXPECT_EQ(stored->document, "{\"name\":\"s2\"}");
  EXPECT_EQ(stored->naming, "direct");
  EXPECT_EQ(ledger.stored_state().value(), "{\"c\":1}") << "an empty document leaves the old one";

  ASSERT_TRUE(ledger.reset_schema());
  EXPECT_FALSE(ledger.stored_schema().value());
  EXPECT_EQ(ledger.stored_state().value(), "");
  const std::vector<PackageRecord> pending = ledger.pending().value();
  ASSERT_EQ(pending.size(), 2u);
  EXPECT_EQ(pending[0].schema, "{\"name\":\"s1\"}") << "a pending package keeps the schema it was sealed with";
  EXPECT_EQ(pending[1].schema, "{\"name\":\"s2\"}");
}

TEST_F(LedgerTest, BindingOfAnOlderStoreIsReadSoThatARunCanBringItUpToDate) {
  ASSERT_TRUE(open().bind({.name = "p", .destination = "duckdb:a", .dataset = "d"}));
  for (const auto& [version, is_read] : {std::pair(1, true), std::pair(tables_version() + 1, false)}) {
    {
      Database database = std::move(*Database::open(path_, Database::Access::read_write));
      ASSERT_TRUE(database.execute("PRAGMA user_version = " + std::to_string(version)));
    }
    const Result<std::optional<Binding>> found = Ledger::binding_at(path_);
    ASSERT_EQ(found.has_value(), is_read) << version;
    if (is_read) {
      EXPECT_EQ((*found)->name, "p");
    }
  }
}

}  // namespace
}  // namespace outfall::ledger
