// SPDX-License-Identifier: Apache-2.0
//
// Separated text is read twice: what changes between or meanwhile is seen.
#include "sources/files/file_source.h"

#include <gmock/gmock.h>

#include <fmt/format.h>

#include <fstream>
#include <string>

#include "base/scratch_folder.h"

namespace outfall::sources {
namespace {

using testing::HasSubstr;

constexpr int records = 100'000;  // far more than is read ahead of the first chunk

void append_records(const std::string& path, int count) {
  std::ofstream file(path, std::ios::app);
  for (int i = 0; i < count; ++i) file << i << '\n';
}

class FileSourceTest : public testing::Test {
 protected:
  FileSourceTest() {
    for (const char* name : {"a.csv", "b.csv"}) {
      std::ofstream(folder_ / name) << "id\n";
      append_records(folder_ / name, records);
    }
    source_ = FileSource::make({.named = {folder_ / "a.csv", folder_ / "b.csv"}, .chunk_bytes = 1000}).value();
    first_ = documents(source_->next());
  }

  std::size_t documents(Result<std::optional<normalize::Chunk>> chunk) {
    EXPECT_TRUE(chunk) << chunk.error().message;
    if (!chunk || !*chunk) return 0;
    const std::size_t count = (*chunk)->documents.size();
    source_->recycle(std::move(**chunk));
    return count;
  }

  /// Reads to the end: how many documents, or the error.
  Result<std::size_t> rest() {
    std::size_t count = first_;
    while (true) {
      auto chunk = source_->next();
      if (!chunk) return fail(std::move(chunk.error()));
      if (!*chunk) return count;
      count += documents(std::move(chunk));
    }
  }

  ScratchFolder folder_;
  std::unique_ptr<FileSource> source_;
  std::size_t first_ = 0;
};

TEST_F(FileSourceTest, SeparatedTextThatChangesBehindItsSurveyIsRefused) {
  std::fstream file(folder_ / "a.csv", std::ios::in | std::ios::out);
  file.seekp(-2, std::ios::end);
  file.put('x').flush();
  const Result<std::size_t> read = rest();
  ASSERT_FALSE(read);
  EXPECT_THAT(read.error().message, HasSubstr("a.csv changed while it was read"));
}

TEST_F(FileSourceTest, SeparatedTextIsReadAsFarAsItWasSurveyed) {
  append_records(folder_ / "b.csv", 1);  // before it is opened the second time
  EXPECT_EQ(rest().value(), 2U * records);
  EXPECT_FALSE(source_->content(0).grew);
  EXPECT_TRUE(source_->content(1).grew);
}

}  // namespace
}  // namespace outfall::sources
