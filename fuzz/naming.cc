// SPDX-License-Identifier: Apache-2.0
//
// Any bytes as a name: every convention gives an identifier that is not empty, is text, keeps the limit, and is stable
// in the tag that stands for it.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/utf8.h"
#include "schema/naming.h"

namespace {

using outfall::schema::Naming;

void check(const Naming& naming, const std::string& name) {
  if (name.empty() || !outfall::is_valid_utf8(name)) std::abort();
  if (naming.limit() && outfall::utf8_length(name) > naming.limit()->length) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using enum outfall::NamingConvention;
  const std::string_view name(reinterpret_cast<const char*>(data), size);
  for (const outfall::NamingConvention convention : {snake_case, direct, duck_case, sql_ci_v1, sql_cs_v1}) {
    for (const std::size_t max_length : {0, 20, 100'000}) {
      const Naming naming(convention, max_length);
      check(naming, naming.normalize_identifier(name));
      check(naming, naming.normalize_path(name));
      for (const std::string_view part : naming.break_path(name)) {
        if (outfall::strip(part).empty()) std::abort();
      }
    }
  }
  return 0;
}
