// SPDX-License-Identifier: Apache-2.0
//
// Hashes as many nested row ids as a load of 1 M lists of 20 elements does: its share of that load.
#include <cstdint>
#include <cstdio>
#include <string>

#include "normalize/row_id.h"

int main() {
  constexpr std::uint64_t lists = 1'000'000;
  constexpr std::uint64_t elements = 20;
  outfall::normalize::RowIds ids({});
  std::string parent;
  std::string id;
  std::uint64_t seen = 0;
  for (std::uint64_t list = 0; list < lists; ++list) {
    ids.root({0, list}, parent);
    for (std::uint64_t element = 0; element < elements; ++element) {
      ids.nested(parent, "lists__values", element, id);
      seen += static_cast<unsigned char>(id[0]);
    }
  }
  std::printf("%llu\n", static_cast<unsigned long long>(seen));
}
