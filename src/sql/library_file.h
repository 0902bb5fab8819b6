// SPDX-License-Identifier: Apache-2.0
//
// Shared libraries that are opened at run time: where they are looked for. They are opened locally, so that a host
// program with a library of its own of the same name keeps the two apart.
#pragma once

#include <string>
#include <string_view>

#include "outfall/error.h"

namespace outfall::sql {

struct LibraryFile {
  std::string_view of;  ///< what it is part of, for messages
  std::string_view file;
  std::string_view variable;    ///< of the environment, that names another one
  std::string_view built_with;  ///< where the build found it
};

struct OpenLibrary {
  std::string path;
  void* handle = nullptr;
};

/// Looked for in: the variable; beside the program or library that holds this code, in ../lib/outfall and ../lib of it;
/// where the build found it. Threads: safe.
///
/// Errors: usage: it is not there, or is none of this machine's.
Result<OpenLibrary> open_library(const LibraryFile& library);

}  // namespace outfall::sql
