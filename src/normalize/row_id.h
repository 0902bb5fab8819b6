// SPDX-License-Identifier: Apache-2.0
//
// Row ids as dlt makes them: ten bytes in base64 without padding, fourteen characters.
//
// The id of a root row is drawn from the package's seed and the document's place in the inputs, so it is the same for
// any number of workers and any chunk size, and as good as random from outside. Where rows are merged it may follow
// from what they hold instead: from their key, or from all of it. The id of a nested row follows from its parent's.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/hash.h"

namespace outfall::normalize {

inline constexpr std::size_t row_id_size = 14;

/// What a package draws its root ids from; from the system's randomness, once a package.
using RowIdSeed = std::array<std::uint8_t, 16>;

/// What the ids of root rows follow from, by dlt's names.
enum class RowIdKind : std::uint8_t {
  random,    ///< from the document's place
  key_hash,  ///< from the values of the primary key: rows with one key have one id
  row_hash,  ///< from the whole document: another version of a row has another id
};

/// Where a document stands: which input, and the byte in its decompressed content.
struct DocumentAddress {
  std::uint64_t input = 0;
  std::uint64_t offset = 0;
};

/// Makes row ids without allocating. One worker uses one.
class RowIds {
 public:
  explicit RowIds(const RowIdSeed& seed) : seed_(seed) {}

  void root(DocumentAddress address, std::string& out);

  /// A number that no other document of the package has.
  std::int64_t origin(DocumentAddress address) const;

  /// base64(shake-128(spelling), 10 bytes), of what the row holds as canonical JSON, as dlt has it.
  void of_content(std::string_view spelling, std::string& out);

  /// base64(shake-128("<parent id>_<nested table>_<list index>"), 10 bytes), as dlt has it.
  void nested(std::string_view parent_id, std::string_view table, std::uint64_t list_index, std::string& out);

 private:
  using Drawn = std::array<std::uint8_t, 16>;
  Drawn draw(DocumentAddress address) const;

  RowIdSeed seed_;
  Shake128 shake_;
  std::string message_;
};

}  // namespace outfall::normalize
