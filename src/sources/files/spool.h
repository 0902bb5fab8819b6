// SPDX-License-Identifier: Apache-2.0
//
// Spool: what came through a pipe, kept in a file without a name so that it can be read twice. The file is gone with
// the process, whatever ends it.
#pragma once

#include <string>

#include "columnar/byte_stream.h"
#include "outfall/error.h"

namespace outfall::sources {

class Spool {
 public:
  /// Reads `from` to its end into a file in the preferred folder, or among the system's temporary files if there is no
  /// such folder.
  static Result<Spool> fill(columnar::ByteStream& from, const std::string& preferred);

  Spool(Spool&& other) noexcept;
  Spool& operator=(Spool&& other) noexcept;
  ~Spool();

  /// Opens the same bytes again, from their beginning.
  std::string path() const;

 private:
  explicit Spool(int descriptor) : descriptor_(descriptor) {}
  int descriptor_ = -1;
};

/// A pipe that was read to its end, and what came through it.
struct KeptStream {
  Spool spool;
  columnar::FileFacts facts;
  columnar::RawContent content;
};

/// Keeps what `pipe` gives in a spool in the preferred folder.
Result<KeptStream> keep_stream(columnar::ByteStreamOptions pipe, const std::string& preferred);

}  // namespace outfall::sources
