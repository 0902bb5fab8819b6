// SPDX-License-Identifier: Apache-2.0
//
// Blocks of metadata that a power cut has torn, made good while DuckDB has the file closed.
//
// A checkpoint of DuckDB puts new metadata into free places of blocks that are in use, and writes such a block anew in
// its place, under one checksum for all of it, before the header leads to what is new. Torn there, the block holds
// parts of both writings. What the header leads to is the same in both of them, because a place is free only once no
// header needs it; only the checksum fits neither. So it is computed again.
//
// A block that a disk has damaged looks the same. Hence: only where a load of ours was interrupted, only metadata, a
// copy of the block beside the file, and a sentence about it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "outfall/error.h"

namespace outfall::sql {

/// Where blocks begin in a database file: behind three headers.
inline constexpr std::uint64_t first_block_offset = std::uint64_t{3} * 4096;

/// What DuckDB says of such a block, in front of the checksum that fits.
inline constexpr std::string_view torn_block_words = "Corrupt database file: computed checksum ";

/// A block whose checksum does not fit.
struct TornBlock {
  std::uint64_t offset = 0;    ///< of its first byte in the file, where the checksum stands
  std::uint64_t stored = 0;    ///< the checksum there
  std::uint64_t computed = 0;  ///< the one that fits
  bool operator==(const TornBlock&) const = default;
};

/// The block, if DuckDB's answer to opening a database says that its checksum does not fit. Then it is one of metadata:
/// rows are read on opening only where the log is replayed, and for that there is none. Nor for the headers, which no
/// power cut tears: each lies in one sector.
std::optional<TornBlock> torn_block(std::string_view answer);

/// Those of the blocks at these offsets whose checksums do not fit. They are read without a lock: mend_torn_block looks
/// again.
Result<std::vector<TornBlock>> find_torn_blocks(const std::string& path, std::span<const std::uint64_t> offsets);

/// A block that was given the checksum that fits, and the file beside the database that has it as it was.
struct MendedBlock {
  TornBlock block;
  std::string copy;
};

/// Writes the checksum that fits.
///
/// Errors: retry: another process has the database (is_taken), or has changed the block since it was found.
Result<MendedBlock> mend_torn_block(const std::string& path, const TornBlock& block);

/// Undoes it, unless the block was written since: it did not help.
Status tear_again(const std::string& path, const MendedBlock& mended);

/// What was done, in a sentence.
std::string mended_note(const std::string& path, const MendedBlock& mended);

}  // namespace outfall::sql
