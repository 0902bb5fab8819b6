// SPDX-License-Identifier: Apache-2.0
#include "sql/duckdb_torn_block.h"

#include <fmt/format.h>

#include <bit>
#include <cstddef>

#include "base/file.h"
#include "sql/duckdb_files.h"

namespace outfall::sql {
namespace {

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

/// How large the file's blocks are, checksum included, by its first header.
Result<std::uint64_t> block_bytes_of(File& database) {
  constexpr std::uint64_t header_offset = 4096;
  constexpr std::uint64_t field_offset = 40;
  constexpr std::uint64_t smallest = std::uint64_t{16} << 10;
  constexpr std::uint64_t usual = std::uint64_t{256} << 10;  // and the largest; old files do not say
  std::uint64_t bytes = 0;
  const auto count = read_whole(database, header_offset + field_offset, std::as_writable_bytes(std::span(&bytes, 1)));
  if (!count) return fail(count.error());
  return bytes < smallest || bytes > usual || !std::has_single_bit(bytes) ? usual : bytes;
}

/// None: it fits its checksum, or lies beyond the end of the file, for which DuckDB has better words.
Result<std::optional<TornBlock>> look_at(File& database, std::uint64_t offset, std::vector<std::uint64_t>& words) {
  const Result<std::size_t> count = read_whole(database, offset, std::as_writable_bytes(std::span(words)));
  if (!count) return fail(count.error());
  if (*count != words.size() * sizeof(std::uint64_t)) return std::nullopt;
  const std::uint64_t computed = checksum(std::span(words).subspan(1));
  if (computed == words[0]) return std::nullopt;
  return TornBlock{.offset = offset, .stored = words[0], .computed = computed};
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

Status keep_copy(std::span<const std::byte> bytes, const std::string& copy) {
  if (Status removed = remove_file(copy); !removed) return removed;  // of a crash in the middle of a copy
  Result<File> file = File::open(copy, OpenMode::create_new);
  if (!file) return fail(std::move(file.error()));
  Status done = file->write(bytes);
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

Result<std::vector<TornBlock>> find_torn_blocks(const std::string& path, std::span<const std::uint64_t> offsets) {
  Result<File> file = File::open(path, OpenMode::read);
  if (!file) return fail(std::move(file.error()));
  const Result<std::uint64_t> block_bytes = block_bytes_of(*file);
  if (!block_bytes) return fail(block_bytes.error());
  std::vector<TornBlock> torn;
  std::vector<std::uint64_t> words(*block_bytes / sizeof(std::uint64_t));
  for (const std::uint64_t offset : offsets) {
    const Result<std::optional<TornBlock>> block = look_at(*file, offset, words);
    if (!block) return fail(block.error());
    if (*block) torn.push_back(**block);
  }
  return torn;
}

Result<MendedBlock> mend_torn_block(const std::string& path, const TornBlock& block) {
  Result<File> database = open_locked(path);
  if (!database) return fail(std::move(database.error()));
  const Result<std::uint64_t> block_bytes = block_bytes_of(*database);
  if (!block_bytes) return fail(block_bytes.error());
  std::vector<std::uint64_t> words(*block_bytes / sizeof(std::uint64_t));
  const Result<std::optional<TornBlock>> now = look_at(*database, block.offset, words);
  if (!now) return fail(now.error());
  if (*now != block) {
    return fail(Error{.message = fmt::format("mend a torn block of {}: it has changed meanwhile", path),
                      .hint = "run the same command again",
                      .remedy = Remedy::retry});
  }
  MendedBlock mended{.block = block, .copy = fmt::format("{}.torn-{}-{}", path, block.offset, block.stored)};
  Status done = keep_copy(std::as_bytes(std::span(words)), mended.copy);
  if (done) done = database->write_at(block.offset, std::as_bytes(std::span(&block.computed, 1)));
  if (done) done = database->sync_data();
  if (!done) return fail(std::move(done.error()).in(fmt::format("mend a torn block of {}", path)));
  return mended;
}

Status tear_again(const std::string& path, const MendedBlock& mended) {
  Result<File> database = open_locked(path);
  if (!database) return fail(std::move(database.error()));
  std::uint64_t checksum = 0;
  const auto count = read_whole(*database, mended.block.offset, std::as_writable_bytes(std::span(&checksum, 1)));
  if (!count) return fail(count.error());
  Status done;
  if (checksum == mended.block.computed) {  // otherwise DuckDB has written the block since
    done = database->write_at(mended.block.offset, std::as_bytes(std::span(&mended.block.stored, 1)));
    if (done) done = database->sync_data();
  }
  return done ? remove_file(mended.copy) : done;
}

std::string mended_note(const std::string& path, const MendedBlock& mended) {
  return fmt::format(
      "a block of metadata of {} at byte {} did not fit its checksum, as a power cut during a load leaves it: the "
      "checksum was computed anew, and {} has the block as it was",
      path, mended.block.offset, mended.copy);
}

}  // namespace outfall::sql
