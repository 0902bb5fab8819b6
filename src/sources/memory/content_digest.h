// SPDX-License-Identifier: Apache-2.0
//
// ContentDigest: what rows from memory are known by in a later run: a hash of all their values in order, however they
// were cut into pieces.
#pragma once

#include <cstdint>
#include <string>

#include "base/hash.h"
#include "normalize/chunk.h"

namespace outfall::sources {

class ContentDigest {
 public:
  void add(const normalize::Chunk& chunk);

  std::uint64_t bytes() const { return bytes_; }
  std::string hash() const { return hash_.hex(); }

 private:
  void add_documents(const normalize::Chunk& chunk);
  void add_rows(const columnar::ArrowRows& rows);
  void add_value(const columnar::ArrowValue& value);
  void add_text(std::string_view text);
  void update(std::string_view bytes);

  ContentHash hash_;
  std::uint64_t bytes_ = 0;
  std::string scratch_;
  bool has_columns_ = false;
};

}  // namespace outfall::sources
