// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <array>
#include <cstdint>
#include <fstream>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "base/fault.h"
#include "base/scratch_folder.h"
#include "package/package_reader.h"
#include "package/package_writer.h"

namespace outfall::package {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

/// A batch of bigint columns by hand: what these tests need, and no Arrow library.
class Batch {
 public:
  Batch(std::vector<std::string> columns, std::vector<std::int64_t> values)
      : names_(std::move(columns)), values_(std::move(values)), fields_(names_.size()), columns_(names_.size()) {
    buffers_[1] = values_.data();
    for (std::size_t i = 0; i < names_.size(); ++i) {
      fields_[i].format = "l";
      fields_[i].name = names_[i].c_str();
      fields_[i].flags = ARROW_FLAG_NULLABLE;
      fields_[i].release = [](ArrowSchema* released) { released->release = nullptr; };
      fill(columns_[i], 2);
      field_pointers_.push_back(&fields_[i]);
      column_pointers_.push_back(&columns_[i]);
    }
    schema.format = "+s";
    schema.name = "";
    schema.n_children = static_cast<std::int64_t>(names_.size());
    schema.children = field_pointers_.data();
    fill(array, 1);
    array.n_children = schema.n_children;
    array.children = column_pointers_.data();
  }
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;
  ~Batch() { EXPECT_EQ(array.release, nullptr) << "a batch is released whatever happens"; }

  ArrowSchema schema{};
  ArrowArray array{};

 private:
  void fill(ArrowArray& filled, std::int64_t buffer_count) {
    filled.length = static_cast<std::int64_t>(values_.size());
    filled.n_buffers = buffer_count;
    filled.buffers = buffers_.data();
    filled.release = [](ArrowArray* released) { released->release = nullptr; };
  }

  std::vector<std::string> names_;
  std::vector<std::int64_t> values_;
  std::array<const void*, 2> buffers_{};  // no validity, the same values in each column
  std::vector<ArrowSchema> fields_;
  std::vector<ArrowArray> columns_;
  std::vector<ArrowSchema*> field_pointers_;
  std::vector<ArrowArray*> column_pointers_;
};

class PackageTest : public testing::Test {
 protected:
  PackageWriter create(PackageWriterOptions options = {}) {
    Result<PackageWriter> writer = PackageWriter::create(packages_, "1700000000.5", std::move(options));
    EXPECT_TRUE(writer) << writer.error().message;
    return std::move(*writer);
  }

  static Status append(PackageWriter& writer, std::string_view table, std::vector<std::string> columns,
                       std::vector<std::int64_t> values) {
    Batch batch(std::move(columns), std::move(values));
    return writer.append(table, batch.schema, &batch.array);
  }

  static std::vector<std::string> summary(const std::vector<ledger::JobRecord>& jobs) {
    std::vector<std::string> lines;
    for (const ledger::JobRecord& job : jobs) lines.push_back(fmt::format("{} {} {}", job.table, job.file, job.rows));
    return lines;
  }

  static std::vector<std::int64_t> first_column(const columnar::IpcFileReader& reader) {
    ArrowArrayStream stream{};
    EXPECT_TRUE(reader.stream(&stream));
    std::vector<std::int64_t> values;
    while (true) {
      ArrowArray batch{};
      EXPECT_EQ(stream.get_next(&stream, &batch), 0);
      if (batch.release == nullptr) break;
      const auto* first = static_cast<const std::int64_t*>(batch.children[0]->buffers[1]);
      values.insert(values.end(), first, first + batch.length);
      batch.release(&batch);
    }
    stream.release(&stream);
    return values;
  }

  ScratchFolder folder_;
  std::string packages_ = folder_ / "packages";
  std::string package_ = packages_ + "/1700000000.5";
};

TEST_F(PackageTest, ATableIsOneFileWhileItsColumnsStay) {
  PackageWriter writer = create();
  ASSERT_TRUE(append(writer, "users", {"id", "age"}, {1, 2}));
  ASSERT_TRUE(append(writer, "orders", {"id"}, {7}));
  ASSERT_TRUE(append(writer, "users", {"id", "age"}, {3}));
  const auto jobs = writer.finish();
  ASSERT_TRUE(jobs) << jobs.error().message;
  EXPECT_THAT(summary(*jobs), ElementsAre("users users.00001.arrow 3", "orders orders.00002.arrow 1"));
  const auto reader = open_job(writer.folder(), jobs->front(), JobCheck::bytes);
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_THAT(first_column(*reader), ElementsAre(1, 2, 3));
}

TEST_F(PackageTest, OtherColumnsOrAnotherOrderBeginANewFile) {
  PackageWriter writer = create();
  ASSERT_TRUE(append(writer, "t", {"a", "b"}, {1}));
  ASSERT_TRUE(append(writer, "t", {"b", "a"}, {2}));
  ASSERT_TRUE(append(writer, "t", {"b", "a", "c"}, {3}));
  ASSERT_TRUE(append(writer, "t", {"b", "a", "c"}, {4}));
  Batch narrow({"b", "a", "c"}, {5});
  narrow.schema.children[1]->flags = 0;
  ASSERT_TRUE(writer.append("t", narrow.schema, &narrow.array));
  EXPECT_THAT(summary(*writer.finish()),
              ElementsAre("t t.00001.arrow 1", "t t.00002.arrow 1", "t t.00003.arrow 2", "t t.00004.arrow 1"));
}

TEST_F(PackageTest, AFileThatIsLargeEnoughGetsNoMoreRows) {
  PackageWriter writer = create({.file_bytes = 1});
  for (int round = 0; round < 3; ++round) ASSERT_TRUE(append(writer, "t", {"id"}, {round, round}));
  const auto jobs = writer.finish();
  ASSERT_TRUE(jobs);
  EXPECT_THAT(summary(*jobs), ElementsAre("t t.00001.arrow 2", "t t.00002.arrow 2", "t t.00003.arrow 2"));
}

TEST_F(PackageTest, OpenFilesAreBoundedAndJobsStayInOrder) {
  PackageWriter writer = create({.open_files_max = 2});
  for (int round = 0; round < 2; ++round) {
    for (const char* table : {"a", "b", "a", "c"}) ASSERT_TRUE(append(writer, table, {"id"}, {round}));
  }
  const auto jobs = writer.finish();
  ASSERT_TRUE(jobs);
  EXPECT_THAT(summary(*jobs), ElementsAre("a a.00001.arrow 4", "b b.00002.arrow 1", "c c.00003.arrow 1",
                                          "b b.00004.arrow 1", "c c.00005.arrow 1"));
  for (const ledger::JobRecord& job : *jobs) EXPECT_TRUE(open_job(writer.folder(), job, JobCheck::bytes));
}

TEST_F(PackageTest, BatchesWithoutRowsMakeNoFile) {
  PackageWriter writer = create();
  ASSERT_TRUE(append(writer, "t", {"a"}, {}));
  EXPECT_THAT(*writer.finish(), IsEmpty());
}

TEST_F(PackageTest, AnUnfinishedPackageLeavesNothing) {
  {
    PackageWriter writer = create();
    ASSERT_TRUE(append(writer, "t", {"a"}, {1}));
    EXPECT_TRUE(*file_exists(package_));
  }
  EXPECT_FALSE(*file_exists(package_));
}

TEST_F(PackageTest, AFinishedPackageStaysUntilItIsDiscarded) {
  {
    PackageWriter writer = create();
    ASSERT_TRUE(append(writer, "t", {"a"}, {1}));
    ASSERT_TRUE(writer.finish());
  }
  EXPECT_TRUE(*file_exists(package_ + "/t.00001.arrow"));
  EXPECT_FALSE(PackageWriter::create(packages_, "1700000000.5")) << "a folder that is there is never written into";
  EXPECT_TRUE(*file_exists(package_ + "/t.00001.arrow"));
}

TEST_F(PackageTest, AFullDiskIsSaidBeforeAnythingIsWritten) {
  const auto writer =
      PackageWriter::create(packages_, "1", {.disk_reserve_bytes = std::numeric_limits<std::uint64_t>::max()});
  ASSERT_FALSE(writer);
  EXPECT_THAT(writer.error().message, testing::AllOf(StartsWith("the disk of "), HasSubstr("MiB left")));
  EXPECT_THAT(*list_directory(packages_), IsEmpty());
}

TEST_F(PackageTest, TheDiskIsLookedAtWhileRowsAreSpooled) {
  std::uint64_t left = limits::disk_reserve_bytes;
  int looks = 0;
  PackageWriter writer = create({.free_bytes = [&](const std::string& folder) {
    EXPECT_EQ(folder, packages_);
    ++looks;
    return Result<std::uint64_t>(left);
  }});
  // One batch of a bit more than half of what is spooled between two looks.
  const std::vector<std::int64_t> values(limits::disk_check_interval_bytes / sizeof(std::int64_t) / 2 + 1);
  ASSERT_TRUE(append(writer, "t", {"a"}, values));
  EXPECT_EQ(looks, 1) << "the first look is before anything is written";
  ASSERT_TRUE(append(writer, "t", {"a"}, values));
  EXPECT_EQ(looks, 2);
  --left;
  ASSERT_TRUE(append(writer, "t", {"a"}, values));
  const Status full = append(writer, "t", {"a"}, values);
  ASSERT_FALSE(full);
  EXPECT_THAT(full.error().message, HasSubstr("has 63 MiB left, and 64 MiB must stay free"));
  EXPECT_THAT(full.error().hint, HasSubstr("--data-dir"));
  EXPECT_TRUE(writer.discard());
  EXPECT_THAT(*list_directory(packages_), IsEmpty());
}

TEST_F(PackageTest, AJobThatIsNotAsRecordedIsRefused) {
  PackageWriter writer = create();
  ASSERT_TRUE(append(writer, "t", {"a"}, {1, 2}));
  ledger::JobRecord job = writer.finish()->front();
  ledger::JobRecord other = job;
  other.rows = 3;
  EXPECT_THAT(open_job(package_, other, JobCheck::bytes).error().message, HasSubstr("holds 2 rows"));
  std::ofstream(package_ + "/" + job.file, std::ios::app) << "x";
  EXPECT_FALSE(open_job(package_, job, JobCheck::bytes));
  job.file = "missing.arrow";
  EXPECT_FALSE(open_job(package_, job, JobCheck::bytes));
}

TEST_F(PackageTest, OneBitThatTurnedOverIsSeenBeforeAnyRow) {
  PackageWriter writer = create();
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(append(writer, "t", {"a"}, {1, 2}));
  const ledger::JobRecord job = writer.finish()->front();
  const std::string path = package_ + "/" + job.file;
  for (std::uint64_t place = 0; place < job.bytes; place += 61) {
    std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
    const auto turn = [&] {
      file.seekg(static_cast<std::streamoff>(place));
      const int byte = file.get();
      file.seekp(static_cast<std::streamoff>(place));
      file.put(static_cast<char>(byte ^ 4));
      file.flush();
    };
    turn();
    const auto damaged = open_job(package_, job, JobCheck::bytes);
    ASSERT_FALSE(damaged) << "byte " << place;
    EXPECT_THAT(damaged.error().message, HasSubstr(path));
    EXPECT_FALSE(damaged.error().hint.empty());
    const auto as_read = open_job(package_, job, JobCheck::bytes_as_read);
    EXPECT_FALSE(as_read && as_read->check_rows(0, 4)) << "byte " << place;
    turn();
  }
  EXPECT_TRUE(open_job(package_, job, JobCheck::bytes));
  EXPECT_TRUE(open_job(package_, job, JobCheck::bytes_as_read)->check_rows(0, 4));
  ledger::JobRecord unhashed = job;
  unhashed.hash.clear();
  EXPECT_TRUE(open_job(package_, unhashed, JobCheck::bytes)) << "a package of before";
}

TEST_F(PackageTest, PassesItsFaultPoints) {
  for (const char* point : {"job_file_created", "job_file_written:2", "job_files_synced"}) {
    const int status = run_forked([&] {
      static_cast<void>(remove_tree(packages_));
      if (!arm_fault(point)) return 1;
      PackageWriter writer = create();
      for (const char* table : {"a", "b"}) {
        if (!append(writer, table, {"id"}, {1})) return 2;
      }
      return writer.finish() ? 3 : 4;
    });
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) << point << " " << status;
  }
}

TEST(JobFileName, IsSafeForAnyTable) {
  EXPECT_EQ(job_file_name("users__tags", 7), "users__tags.00007.arrow");
  EXPECT_EQ(job_file_name("a/b.c", 1), "a%2Fb%2Ec.00001.arrow");
  EXPECT_EQ(job_file_name("\xc3\xbc", 1), "%C3%BC.00001.arrow");
  EXPECT_LE(job_file_name(std::string(5000, '/'), 99'999).size(), 255u);
}

}  // namespace
}  // namespace outfall::package
