// SPDX-License-Identifier: Apache-2.0
//
// Packing and unpacking with zlib. Documents are small, so one pass over whole buffers.
#include "schema/stored_text.h"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <new>
#include <optional>

#include "base/base64.h"

namespace outfall::schema {
namespace {

constexpr int level = 9;

const Bytef* bytes_of(std::string_view text) {
  return reinterpret_cast<const Bytef*>(text.data());
}
Bytef* bytes_of(std::string& text) {
  return reinterpret_cast<Bytef*>(text.data());
}

enum class Inflated { done, no_stream, too_long };

Inflated inflate_whole(std::string_view packed, std::string& out) {
  // The first guess fits nearly every document; a longer one is tried again with room for twice as much.
  std::size_t room = std::clamp<std::size_t>(packed.size() * 8, 4096, stored_document_bytes_max);
  while (true) {
    out.resize(room);
    uLongf size = room;
    uLong consumed = packed.size();
    const int answer = uncompress2(bytes_of(out), &size, bytes_of(packed), &consumed);
    if (answer == Z_OK && consumed == packed.size()) {
      out.resize(size);
      return Inflated::done;
    }
    if (answer == Z_MEM_ERROR) throw std::bad_alloc();
    if (answer != Z_BUF_ERROR || size < room) return Inflated::no_stream;
    if (room == stored_document_bytes_max) return Inflated::too_long;
    room = std::min(room * 2, stored_document_bytes_max);
  }
}

}  // namespace

std::string pack_text(std::string_view text) {
  std::string packed(compressBound(text.size()), '\0');
  uLongf size = packed.size();
  // Fails only without memory: the bound is room enough.
  if (compress2(bytes_of(packed), &size, bytes_of(text), text.size(), level) != Z_OK) throw std::bad_alloc();
  packed.resize(size);
  return base64_encode(packed);
}

Result<std::string> unpack_text(std::string_view stored) {
  const std::optional<std::string> packed = base64_decode(stored);
  if (!packed) return std::string(stored);
  std::string out;
  switch (inflate_whole(*packed, out)) {
    case Inflated::done:
      return out;
    case Inflated::no_stream:
      return std::string(stored);
    case Inflated::too_long:
      break;
  }
  return fail(fmt::format("a stored document is longer than {} bytes", stored_document_bytes_max));
}

}  // namespace outfall::schema
