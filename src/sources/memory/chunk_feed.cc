// SPDX-License-Identifier: Apache-2.0
#include "sources/memory/chunk_feed.h"

#include <fmt/format.h>

namespace outfall::sources {

Error feed_stopped(const std::string& name) {
  return {.message = fmt::format("stopped while reading {}", name), .hint = "", .blame = Blame::interrupted};
}

}  // namespace outfall::sources
