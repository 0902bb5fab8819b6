// SPDX-License-Identifier: Apache-2.0
#include "sources/files/spool.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <filesystem>
#include <utility>
#include <vector>

#include "base/file.h"

namespace outfall::sources {
namespace {

constexpr std::size_t copy_bytes = std::size_t{1} << 20;

/// A file without a name; where the file system knows no such thing, one whose name is taken away at once.
int open_nameless(const std::string& folder) {
  const int descriptor = ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (descriptor >= 0 || (errno != EOPNOTSUPP && errno != EISDIR)) return descriptor;
  std::string name = folder + "/spool-XXXXXX";
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(name.c_str());
  return named;
}

Status write_all(int descriptor, std::span<const std::byte> bytes, const std::string& folder) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count >= 0) {
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      return fail(system_error("write a temporary file in", folder, errno));
    }
  }
  return {};
}

}  // namespace

Result<Spool> Spool::fill(columnar::ByteStream& from, const std::string& preferred) {
  // A run that writes nothing may find no data directory, and does not make one.
  const Result<bool> exists = file_exists(preferred);
  if (!exists) return fail(exists.error());
  const std::string folder = *exists ? preferred : std::filesystem::temp_directory_path().string();
  Spool spool(open_nameless(folder));
  if (spool.descriptor_ < 0) return fail(system_error("make a temporary file in", folder, errno));
  std::vector<std::byte> buffer(copy_bytes);
  while (true) {
    const Result<std::size_t> count = from.read(buffer);
    if (!count) return fail(count.error());
    if (*count == 0) return spool;
    const auto bytes = std::span<const std::byte>(buffer).first(*count);
    if (Status written = write_all(spool.descriptor_, bytes, folder); !written) return fail(std::move(written.error()));
  }
}

Spool::Spool(Spool&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

Spool& Spool::operator=(Spool&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

Spool::~Spool() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::string Spool::path() const {
  return fmt::format("/proc/self/fd/{}", descriptor_);
}

Result<KeptStream> keep_stream(columnar::ByteStreamOptions pipe, const std::string& preferred) {
  auto stream = columnar::open_byte_stream(std::move(pipe));
  if (!stream) return fail(std::move(stream.error()));
  Result<Spool> spool = Spool::fill(**stream, preferred);
  if (!spool) return fail(std::move(spool.error()));
  return KeptStream{.spool = std::move(*spool), .facts = (*stream)->facts(), .content = (*stream)->raw_content()};
}

}  // namespace outfall::sources
