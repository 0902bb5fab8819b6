// SPDX-License-Identifier: Apache-2.0
#include "delivery/batch_key.h"

#include <fmt/format.h>

#include "base/hash.h"

namespace outfall::delivery {

std::string batch_key(std::string_view pipeline, std::string_view load_id, std::string_view job_file,
                      std::uint64_t first, std::uint64_t last) {
  const std::string text = fmt::format("{}\n{}\n{}\n{}\n{}", pipeline, load_id, job_file, first, last);
  constexpr std::string_view digits = "0123456789abcdef";
  std::string key;
  key.reserve(32);
  for (const std::uint8_t byte : xxh3_128(text)) {
    key += digits[byte >> 4];
    key += digits[byte & 15];
  }
  return key;
}

}  // namespace outfall::delivery
