// SPDX-License-Identifier: Apache-2.0
//
// Hashes by OpenSSL and xxHash. The EVP contexts are kept: fetching an algorithm costs more than hashing a row id.
#include "base/hash.h"

#include <fmt/format.h>
#include <openssl/evp.h>
#include <xxhash.h>

#include <new>

namespace outfall {
namespace {

void require(bool done) {
  if (!done) throw std::bad_alloc();
}

/// One fetched algorithm and its context, started anew for each message.
class Digest {
 public:
  explicit Digest(const char* algorithm)
      : algorithm_(EVP_MD_fetch(nullptr, algorithm, nullptr), EVP_MD_free),
        context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
    require(algorithm_ && context_);
    start();
  }

  void update(std::string_view part) { require(EVP_DigestUpdate(context_.get(), part.data(), part.size()) == 1); }

  void finish(std::span<std::uint8_t> out) {
    require(EVP_DigestFinal_ex(context_.get(), out.data(), nullptr) == 1);
    start();
  }

  void finish_xof(std::span<std::uint8_t> out) {
    require(EVP_DigestFinalXOF(context_.get(), out.data(), out.size()) == 1);
    start();
  }

 private:
  void start() { require(EVP_DigestInit_ex2(context_.get(), algorithm_.get(), nullptr) == 1); }

  std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> algorithm_;
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context_;
};

}  // namespace

struct Sha3::Context {
  Digest digest{"SHA3-256"};
};

Sha3::Sha3() : context_(std::make_unique<Context>()) {}
Sha3::~Sha3() = default;
Sha3::Sha3(Sha3&&) noexcept = default;
Sha3& Sha3::operator=(Sha3&&) noexcept = default;

Sha3& Sha3::update(std::string_view part) {
  context_->digest.update(part);
  return *this;
}

Sha3Digest Sha3::finish() {
  Sha3Digest out;
  context_->digest.finish(out);
  return out;
}

Sha3Digest sha3_256(std::string_view text) {
  return Sha3().update(text).finish();
}

struct Shake128::Context {
  Digest digest{"SHAKE-128"};
};

Shake128::Shake128() : context_(std::make_unique<Context>()) {}
Shake128::~Shake128() = default;
Shake128::Shake128(Shake128&&) noexcept = default;
Shake128& Shake128::operator=(Shake128&&) noexcept = default;

void Shake128::digest(std::string_view message, std::span<std::uint8_t> out) {
  context_->digest.update(message);
  context_->digest.finish_xof(out);
}

struct ContentHash::State {
  XXH3_state_t* xxh = XXH3_createState();

  State() { require(xxh != nullptr && XXH3_128bits_reset(xxh) == XXH_OK); }
  ~State() { XXH3_freeState(xxh); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
};

ContentHash::ContentHash() : state_(std::make_unique<State>()) {}
ContentHash::~ContentHash() = default;
ContentHash::ContentHash(ContentHash&&) noexcept = default;
ContentHash& ContentHash::operator=(ContentHash&&) noexcept = default;

void ContentHash::update(std::span<const std::byte> bytes) {
  require(XXH3_128bits_update(state_->xxh, bytes.data(), bytes.size()) == XXH_OK);
}

void ContentHash::update(std::string_view bytes) {
  update(std::as_bytes(std::span(bytes)));
}

std::string ContentHash::hex() const {
  const XXH128_hash_t digest = XXH3_128bits_digest(state_->xxh);
  return fmt::format("{:016x}{:016x}", digest.high64, digest.low64);
}

std::array<std::uint8_t, 16> xxh3_128(std::string_view message) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits(message.data(), message.size()));
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), canonical.digest, bytes.size());
  return bytes;
}

}  // namespace outfall
