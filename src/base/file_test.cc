// SPDX-License-Identifier: Apache-2.0
//
// Files and folders, and above all what is said when the system refuses.
#include "base/file.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/process.h"
#include "base/scratch_folder.h"

namespace outfall {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

void put(const std::string& path, std::string_view text) {
  Result<File> file = File::open(path, OpenMode::append);
  ASSERT_TRUE(file) << file.error().message;
  ASSERT_TRUE(file->write(text));
  ASSERT_TRUE(file->close());
}

TEST(File, KeepsWhatWasWritten) {
  const ScratchFolder folder;
  Result<File> file = File::open(folder / "a", OpenMode::create_new);
  ASSERT_TRUE(file);
  ASSERT_TRUE(file->write("hello "));
  ASSERT_TRUE(file->write("world"));
  EXPECT_EQ(file->size().value(), 11u);
  EXPECT_TRUE(file->sync_data());
  EXPECT_TRUE(file->sync());
  EXPECT_TRUE(file->close());
  EXPECT_TRUE(sync_directory(folder.path()));
  EXPECT_EQ(read_file(folder / "a").value(), "hello world");

  put(folder / "a", "!");
  EXPECT_EQ(read_file(folder / "a").value(), "hello world!");

  Result<File> reader = File::open(folder / "a", OpenMode::read);
  ASSERT_TRUE(reader);
  std::byte buffer[5];
  EXPECT_EQ(reader->read_at(6, buffer).value(), 5u);
  EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(buffer), 5), "world");
  EXPECT_EQ(reader->read(buffer).value(), 5u);
  EXPECT_EQ(std::string_view(reinterpret_cast<const char*>(buffer), 5), "hello") << "read_at moves nothing";
  EXPECT_EQ(reader->read_at(100, buffer).value(), 0u);
}

TEST(File, CreateNewRefusesAnExistingFile) {
  const ScratchFolder folder;
  put(folder / "a", "x");
  const Result<File> again = File::open(folder / "a", OpenMode::create_new);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().message, "cannot create " + folder / "a" + ": File exists");
}

TEST(File, MissingFileNamesPathAndHint) {
  const Result<File> file = File::open("/no/such/folder/f", OpenMode::read);
  ASSERT_FALSE(file);
  EXPECT_EQ(file.error().message, "cannot open /no/such/folder/f: No such file or directory");
  EXPECT_THAT(file.error().hint, HasSubstr("check the path"));
  EXPECT_EQ(file.error().remedy, Remedy::abandon);
}

TEST(File, FullDiskSaysSo) {
  Result<File> full = File::open("/dev/full", OpenMode::append);
  ASSERT_TRUE(full);
  const Status written = full->write("x");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().message, "cannot write /dev/full: No space left on device");
  EXPECT_THAT(written.error().hint, HasSubstr("disk is full"));
}

TEST(File, ForbiddenFolderSaysSo) {
  const ScratchFolder folder;
  ASSERT_EQ(chmod(folder.path().c_str(), 0555), 0);
  EXPECT_EQ(run_forked([&] {
              if (!become_unprivileged()) return 1;
              const Result<File> file = File::open(folder / "a", OpenMode::append);
              if (file) return 2;
              if (file.error().message != "cannot create " + folder / "a" + ": Permission denied") return 3;
              return file.error().hint.find("permissions") == std::string::npos ? 4 : 0;
            }),
            0);
}

TEST(File, ReadOnlyFileSystemHasItsOwnHint) {
  EXPECT_THAT(system_error("write", "/x", EFBIG).hint, HasSubstr("ulimit -f"));
  EXPECT_THAT(system_error("create", "/x", EROFS).hint, HasSubstr("read-only"));
  EXPECT_EQ(system_error("open", "/x", EMFILE).remedy, Remedy::retry);
}

TEST(File, StatTellsIdentityAndTime) {
  const ScratchFolder folder;
  put(folder / "a", "12345");
  const timespec times[] = {{0, 0}, {1'700'000'000, 123'456'789}};
  ASSERT_EQ(utimensat(AT_FDCWD, (folder / "a").c_str(), times, 0), 0);
  ASSERT_EQ(link((folder / "a").c_str(), (folder / "b").c_str()), 0);
  const FileStat found = stat_file(folder / "a").value();
  EXPECT_EQ(found.size, 5u);
  EXPECT_EQ(found.mtime_ns, 1'700'000'000'123'456'789);
  EXPECT_EQ(found.kind, FileKind::regular);
  EXPECT_EQ(found.inode, stat_file(folder / "b").value().inode);
  EXPECT_EQ(stat_file(folder.path()).value().kind, FileKind::directory);
  EXPECT_FALSE(file_exists(folder / "c").value());
  EXPECT_FALSE(file_exists(folder / "a/below").value());
}

TEST(Folders, AreListedInByteOrderWithKinds) {
  const ScratchFolder folder;
  put(folder / "b", "");
  put(folder / "B", "");
  put(folder / "a10", "");
  put(folder / "a2", "");
  ASSERT_TRUE(make_directories(folder / "c"));
  ASSERT_EQ(symlink("b", (folder / "d").c_str()), 0);
  const auto entries = list_directory(folder.path());
  ASSERT_TRUE(entries);
  std::vector<std::string> names;
  for (const DirectoryEntry& entry : *entries) names.push_back(entry.name);
  EXPECT_THAT(names, ElementsAre("B", "a10", "a2", "b", "c", "d"));
  EXPECT_EQ((*entries)[4].kind, FileKind::directory);
  EXPECT_EQ((*entries)[5].kind, FileKind::symlink);
  EXPECT_FALSE(list_directory(folder / "b"));
}

TEST(Folders, AreMadeWithTheirParents) {
  const ScratchFolder folder;
  EXPECT_TRUE(make_directories(folder / "x/y/z"));
  EXPECT_TRUE(make_directories(folder / "x/y/z")) << "again is a success";
  EXPECT_EQ(stat_file(folder / "x/y/z").value().kind, FileKind::directory);
  put(folder / "file", "");
  const Status over_file = make_directories(folder / "file");
  ASSERT_FALSE(over_file);
  EXPECT_THAT(over_file.error().message, HasSubstr("Not a directory"));
  EXPECT_FALSE(make_directories(folder / "file/below"));
}

TEST(Folders, AreRemovedWithoutFollowingLinks) {
  const ScratchFolder folder;
  const ScratchFolder outside;
  put(outside / "precious", "x");
  std::string deep = folder / "tree";
  for (int i = 0; i < 200; ++i) deep += "/d";
  ASSERT_TRUE(make_directories(deep));
  put(deep + "/f", "x");
  ASSERT_TRUE(make_directories(folder / "tree/side/empty"));
  ASSERT_EQ(symlink(outside.path().c_str(), (folder / "tree/link").c_str()), 0);
  EXPECT_TRUE(remove_tree(folder / "tree"));
  EXPECT_FALSE(file_exists(folder / "tree").value());
  EXPECT_TRUE(file_exists(outside / "precious").value());
  EXPECT_TRUE(remove_tree(folder / "tree")) << "a missing one is a success";
  ASSERT_EQ(symlink(outside.path().c_str(), (folder / "link").c_str()), 0);
  EXPECT_TRUE(remove_tree(folder / "link"));
  EXPECT_TRUE(file_exists(outside / "precious").value());
}

TEST(Folders, RenameReplaces) {
  const ScratchFolder folder;
  put(folder / "a", "new");
  put(folder / "b", "old");
  EXPECT_TRUE(rename_file(folder / "a", folder / "b"));
  EXPECT_EQ(read_file(folder / "b").value(), "new");
  const Status missing = rename_file(folder / "a", folder / "c");
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr(folder / "c"));
}

TEST(Paths, BecomeAbsoluteAndClean) {
  EXPECT_EQ(absolute_path("/a/./b//c/../d/").value(), "/a/b/d");
  EXPECT_EQ(absolute_path("/../..").value(), "/");
  EXPECT_EQ(absolute_path("/").value(), "/");
  const std::string here = absolute_path(".").value();
  EXPECT_EQ(here.front(), '/');
  EXPECT_EQ(absolute_path("x").value(), here + "/x");
  EXPECT_EQ(parent_path("/a/b"), "/a");
  EXPECT_EQ(parent_path("/a"), "/");
}

TEST(Paths, FreeSpaceIsKnownForWhatExists) {
  EXPECT_GT(free_bytes(testing::TempDir()).value(), 0u);
  EXPECT_FALSE(free_bytes("/no/such/place"));
}

TEST(Process, IsNamedAnewAfterAFork) {
  EXPECT_EQ(this_process().pid, getpid());
  EXPECT_FALSE(this_process().host.empty());
  const std::int64_t parent = this_process().pid;
  EXPECT_EQ(run_forked([parent] { return this_process().pid == parent ? 1 : 0; }), 0);
}

}  // namespace
}  // namespace outfall
