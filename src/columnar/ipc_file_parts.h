// SPDX-License-Identifier: Apache-2.0
//
// FileParts: the stretches of bytes that the batches of an IPC file were written as, each with a hash, so that a batch
// can be held against what was written without reading the others. They stand in the file's footer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "outfall/error.h"

namespace outfall::columnar {

/// The key of the footer's metadata.
constexpr const char* file_parts_key = "outfall.parts";

/// A batch and what was written with it: the dictionaries that it begins or extends, and before the first one of a
/// section that section's beginning. Those of a section follow one another from its beginning.
struct FilePart {
  std::uint64_t bytes_end = 0;    ///< where its bytes end in the file
  std::uint64_t rows_end = 0;     ///< rows of the file up to its end
  bool has_dictionaries = false;  ///< which other parts are read with
  std::string hash{};             ///< xxh3-128 of its bytes in hex
};

std::string file_parts_text(std::span<const FilePart> parts);

/// Errors: it is no such text, or parts do not follow one another.
Result<std::vector<FilePart>> read_file_parts(std::string_view text);

/// The key of it in the footer of each section but the first.
constexpr const char* section_before_key = "outfall.section_before";

struct SectionBefore {
  std::uint64_t bytes_end = 0;  ///< where its bytes end in the file
  std::string tail_hash{};      ///< xxh3-128 in hex of what stands behind its last part
};

std::string section_before_text(const SectionBefore& before);

/// Errors: it is no such text.
Result<SectionBefore> read_section_before(std::string_view text);

/// Sections begin at multiples of this, and so do their buffers: what Arrow recommends for vector instructions.
constexpr std::size_t section_alignment = 64;

/// Where the section behind such an end begins.
constexpr std::uint64_t section_begin(std::uint64_t bytes_end) {
  return (bytes_end + section_alignment - 1) / section_alignment * section_alignment;
}

}  // namespace outfall::columnar
