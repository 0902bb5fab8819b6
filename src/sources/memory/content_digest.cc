// SPDX-License-Identifier: Apache-2.0
#include "sources/memory/content_digest.h"

#include <string_view>
#include <utility>

namespace outfall::sources {
namespace {

/// The bytes of a value that has no text. Of one machine only, as the state store is.
template <class T>
std::string_view bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

}  // namespace

void ContentDigest::add(const normalize::Chunk& chunk) {
  if (chunk.rows) {
    add_rows(*chunk.rows);
  } else {
    add_documents(chunk);
  }
}

void ContentDigest::add_documents(const normalize::Chunk& chunk) {
  const auto* bytes = reinterpret_cast<const char*>(chunk.bytes.get());
  for (const normalize::DocumentSpan& document : chunk.documents) {
    update({bytes + document.offset, document.length});
    update("\n");
  }
}

void ContentDigest::add_rows(const columnar::ArrowRows& rows) {
  if (!std::exchange(has_columns_, true)) {
    for (const columnar::ArrowField& field : rows.fields()) add_text(field.name);
  }
  for (std::uint32_t row = 0; row < rows.rows(); ++row) {
    for (std::size_t column = 0; column < rows.fields().size(); ++column) {
      const bool is_null = rows.is_null(column, row);
      update(is_null ? std::string_view("\0", 1) : std::string_view("\1", 1));
      if (!is_null) add_value(rows.value(column, row, scratch_));
    }
  }
}

void ContentDigest::add_value(const columnar::ArrowValue& value) {
  update(bytes_of(value.kind));
  switch (value.kind) {
    case DataType::bigint:
      return update(bytes_of(value.integer));
    case DataType::double_:
      return update(bytes_of(value.real));
    case DataType::bool_:
      return update(value.truth ? std::string_view("\1", 1) : std::string_view("\0", 1));
    default:
      return add_text(value.text);
  }
}

void ContentDigest::add_text(std::string_view text) {
  const std::uint64_t length = text.size();
  update(bytes_of(length));
  update(text);
}

void ContentDigest::update(std::string_view bytes) {
  hash_.update(bytes);
  bytes_ += bytes.size();
}

}  // namespace outfall::sources
