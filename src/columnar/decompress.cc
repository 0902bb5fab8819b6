// SPDX-License-Identifier: Apache-2.0
//
// How damaged compressed files are reported.
#include "columnar/decompress.h"

#include <fmt/format.h>

namespace outfall::columnar {

Error truncated_error(const DamageSite& site) {
  return {.message = fmt::format("cannot read {}: the {} data ends too early, at byte {}", site.raw.name(), site.format,
                                 site.raw.bytes()),
          .hint = "the file is cut short: copy or download it again"};
}

Error corrupt_error(const DamageSite& site, std::string_view answer) {
  return {.message = fmt::format("cannot read {}: the {} data is corrupt near byte {} ({})", site.raw.name(),
                                 site.format, site.raw.bytes() - site.unread, answer),
          .hint = fmt::format("the file is damaged: copy or download it again ({} -t FILE checks it)", site.format)};
}

}  // namespace outfall::columnar
