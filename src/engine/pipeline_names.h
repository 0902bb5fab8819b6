// SPDX-License-Identifier: Apache-2.0
//
// Which pipelines a name means, for everything that looks from the outside.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "outfall/error.h"

namespace outfall::engine {

/// The pipeline of that name; if there is none, those that were keyed by their target under it (`users` means
/// `users-1a0a30a6`).
///
/// Errors: usage: there is none; names those that are there.
Result<std::vector<std::string>> pipelines_called(const std::string& name, const std::string& data_dir,
                                                  std::span<const std::string> pipelines);

}  // namespace outfall::engine
