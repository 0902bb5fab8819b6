// SPDX-License-Identifier: Apache-2.0
//
// Limits on what comes from outside, each with its unit and its reason. A limit that belongs to one file alone stands
// in that file.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace outfall::limits {

/// Entries that one folder may list. Above this a glob is more likely a mistake than a wish; 10 million names hold
/// about 1 GB.
inline constexpr std::size_t directory_entries_max = 10'000'000;

/// Bytes of a file that is read as a whole (configuration, identity files). Rows never come this way.
inline constexpr std::size_t whole_file_bytes_max = std::size_t{64} << 20;

/// Time that one SQLite statement waits for a writer of another process before it gives up. Writers hold the file for
/// milliseconds.
inline constexpr std::chrono::milliseconds sqlite_busy_max{10'000};

/// Prepared statements that one connection keeps for the next use; our texts are constants, so more would be a leak.
inline constexpr std::size_t sqlite_statements_max = 128;

/// Bytes of a pipeline's name: it is the name of a folder, and file systems end at 255.
inline constexpr std::size_t pipeline_name_bytes_max = 200;

/// How long a process that was killed may take until the kernel has taken its lock away.
inline constexpr std::chrono::seconds lock_death_max{10};

/// How often a waiting process asks for the pipeline's lock again. The kernel offers no wait with a deadline for such
/// locks.
inline constexpr std::chrono::milliseconds lock_poll{50};

/// Bytes that a dead letter keeps of a row: more than any row that somebody mends by hand. Of a longer one it keeps the
/// beginning and the length.
inline constexpr std::size_t letter_text_bytes_max = std::size_t{1} << 20;

/// Bytes that the dead letters of one run may keep together. An input that has more of them is not an input with some
/// bad rows.
inline constexpr std::uint64_t letters_bytes_max = std::uint64_t{1} << 30;

/// Bytes of a primary key that the state store keeps as it is, for messages; a longer one goes by its hash.
inline constexpr std::size_t primary_key_bytes_max = 1024;

/// Days that traces, dead letters and the records of loaded packages are kept.
inline constexpr std::int64_t retention_days = 90;

}  // namespace outfall::limits
