// SPDX-License-Identifier: Apache-2.0
//
// The three hashes we use: SHA3-256 for version hashes, SHAKE-128 for row ids and the tags of shortened names, XXH3-128
// to tell the content of inputs apart (it is fast, and guards against nobody).
//
// An object is used by one thread at a time. The library behind it fails only when memory does: std::bad_alloc.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace outfall {

using Sha3Digest = std::array<std::uint8_t, 32>;

/// SHA3-256 of text that comes in parts.
class Sha3 {
 public:
  Sha3();
  ~Sha3();
  Sha3(Sha3&&) noexcept;
  Sha3& operator=(Sha3&&) noexcept;

  Sha3& update(std::string_view part);

  /// The digest of all parts. The object starts anew after it.
  Sha3Digest finish();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

Sha3Digest sha3_256(std::string_view text);

/// SHAKE-128: a digest as long as the caller asks. Nothing is allocated after construction.
class Shake128 {
 public:
  Shake128();
  ~Shake128();
  Shake128(Shake128&&) noexcept;
  Shake128& operator=(Shake128&&) noexcept;

  void digest(std::string_view message, std::span<std::uint8_t> out);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

/// xxh3-128 of a short message in one call, canonical byte order: for ids, not for secrets.
std::array<std::uint8_t, 16> xxh3_128(std::string_view message);

/// XXH3-128 of the bytes of an input, in parts of any size.
class ContentHash {
 public:
  ContentHash();
  ~ContentHash();
  ContentHash(ContentHash&&) noexcept;
  ContentHash& operator=(ContentHash&&) noexcept;

  void update(std::span<const std::byte> bytes);
  void update(std::string_view bytes);

  /// 32 lowercase hex digits of everything so far, most significant first. More may follow.
  std::string hex() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace outfall
