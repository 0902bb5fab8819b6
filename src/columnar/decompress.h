// SPDX-License-Identifier: Apache-2.0
//
// Decompression as a stream over a RawInput: memory is bounded by the format's window, whatever the data says.
#pragma once

#include <cstddef>
#include <memory>

#include "columnar/byte_stream.h"
#include "columnar/byte_stream_raw.h"
#include "outfall/error.h"

namespace outfall::limits {
/// Compressed bytes read at once.
inline constexpr std::size_t compressed_read_bytes = std::size_t{128} << 10;
/// The largest window of a zstd frame, as a power of two: 128 MiB, what the zstd program itself accepts without being
/// asked.
inline constexpr int zstd_window_log_max = 27;
}  // namespace outfall::limits

namespace outfall::columnar {

/// Any number of gzip members, one behind the other; zero bytes may fill up the end.
Result<std::unique_ptr<ByteStream>> make_gzip_stream(RawInput raw);

/// Any number of zstd frames, skippable ones among them.
Result<std::unique_ptr<ByteStream>> make_zstd_stream(RawInput raw);

/// The errors of both.
struct DamageSite {
  const RawInput& raw;
  std::size_t unread = 0;  ///< bytes taken from the file that were not looked at yet
  std::string_view format;
};
Error truncated_error(const DamageSite& site);
Error corrupt_error(const DamageSite& site, std::string_view answer);

}  // namespace outfall::columnar
