// SPDX-License-Identifier: Apache-2.0
#include "sql/duckdb_torn_block.h"

#include <fmt/format.h>

#include <cstddef>

#include "base/file.h"
#include "sql/duckdb_files.h"

namespace outfall::sql {
namespace {

constexpr std::uint64_t copied_bytes_max = std::uint64_t{256} << 10;

/// DuckDB's checksum of whole words.
std::uint64_t checksum(std::span<const std::uint64_t> words) {
  std::uint64_t sum = 5381;
  for (const std::uint64_t word : words) sum ^= word * 0xbf58476d1ce4e5b9;
  return sum;
}

/// As many bytes as the file has there.
Result<std::size_t> read_whole(File& file, std::uint64_t offset, std::span<std::byte> buffer) {
  std::size_t filled = 0;
  while (filled < buffer.size()) {
    const Result<std::size_t> count = file.read_at(offset + filled, buffer.subspan(filled));
    if (!count) return fail(count.error());
    if (*count == 0) break;
    filled += *count;
  }
  return filled;
}

/// Locked until it is closed.
Result<File> open_locked(const std::string& path) {
  Result<File> database = File::open(path, OpenMode::update);
  if (!database || lock_database(*database)) return database;
  // In the words of DuckDB, so that it is waited for in the same way.
  return fail(Error{.message = fmt::format("mend a torn block of {}: Could not set lock on the file", path),
                    .hint = "another process has the file open; close it there, then run the same command again",
                    .remedy = Remedy::retry});
}

Status keep_copy(File& database, std::uint64_t offset, const std::string& copy) {
  std::vector<std::byte> bytes(copied_bytes_max);
  const Result<std::size_t> count = read_whole(database, offset, bytes);
  if (!count) return fail(count.error());
  if (Status removed = remove_file(copy); !removed) return removed;  // of a crash in the middle of a copy
  Result<File> file = File::open(copy, OpenMode::create_new);
  if (!file) return fail(std::move(file.error()));
  Status done = file->write(std::span(bytes).first(*count));
  if (done) done = file->sync();
  if (done) done = sync_directory(std::string(parent_path(copy)));
  return done;
}

}  // namespace

std::optional<TornBlock> torn_block(std::string_view answer) {
  if (answer.find("replaying WAL") != std::string_view::npos) return std::nullopt;
  const auto computed = number_behind(answer, torn_block_words);
  const auto stored = number_behind(answer, "does not match stored checksum ");
  const auto offset = number_behind(answer, "in block at location ");
  if (!computed || !stored || !offset || *offset < first_block_offset) return std::nullopt;
  return TornBlock{.offset = *offset, .stored = *stored, .computed = *computed};
}

Result<std::vector<TornBlock>> find_torn_blocks(const std::string& path, std::span<const std::uint64_t> offsets,
                                                std::uint64_t block_bytes) {
  Result<File> file = File::open(path, OpenMode::read);
  if (!file) return fail(std::move(file.error()));
  std::vector<TornBlock> torn;
  std::vector<std::uint64_t> words(block_bytes / sizeof(std::uint64_t));
  for (const std::uint64_t offset : offsets) {
    const Result<std::size_t> count = read_whole(*file, offset, std::as_writable_bytes(std::span(words)));
    if (!count) return fail(count.error());
    if (*count != block_bytes) continue;  // beyond the end: DuckDB has better words for that
    const std::uint64_t computed = checksum(std::span(words).subspan(1));
    if (computed != words[0]) torn.push_back({.offset = offset, .stored = words[0], .computed = computed});
  }
  return torn;
}

Result<MendedBlock> mend_torn_block(const std::string& path, const TornBlock& block) {
  Result<File> database = open_locked(path);
  if (!database) return fail(std::move(database.error()));
  std::uint64_t stored = 0;
  const auto count = read_whole(*database, block.offset, std::as_writable_bytes(std::span(&stored, 1)));
  if (!count) return fail(count.error());
  if (stored != block.stored) {
    return fail(Error{.message = fmt::format("mend a torn block of {}: it has changed meanwhile", path),
                      .hint = "run the same command again",
                      .remedy = Remedy::retry});
  }
  MendedBlock mended{.block = block, .copy = fmt::format("{}.torn-{}", path, block.stored)};
  Status done = keep_copy(*database, block.offset, mended.copy);
  if (done) done = database->write_at(block.offset, std::as_bytes(std::span(&block.computed, 1)));
  if (done) done = database->sync_data();
  if (!done) return fail(std::move(done.error()).in(fmt::format("mend a torn block of {}", path)));
  return mended;
}

Status tear_again(const std::string& path, const MendedBlock& mended) {
  Result<File> database = open_locked(path);
  if (!database) return fail(std::move(database.error()));
  Status done = database->write_at(mended.block.offset, std::as_bytes(std::span(&mended.block.stored, 1)));
  if (done) done = database->sync_data();
  return done ? remove_file(mended.copy) : done;
}

std::string mended_note(const std::string& path, const MendedBlock& mended) {
  return fmt::format(
      "a block of metadata of {} at byte {} did not fit its checksum, as a power cut during a load leaves it: the "
      "checksum was computed anew, and {} has the block as it was",
      path, mended.block.offset, mended.copy);
}

}  // namespace outfall::sql
