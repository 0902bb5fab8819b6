// SPDX-License-Identifier: Apache-2.0
//
// naming.json: names and paths under the five conventions.

#include <array>

#include "base/utf8.h"
#include "schema/naming.h"
#include "vector_file.h"

namespace outfall::vectors {
namespace {

using schema::Naming;

constexpr Rule spelled_out{"no empty identifiers",
                           "a name of separators alone becomes `_` and one `x` for each of its characters, where dlt "
                           "makes it empty and loses its values"};

bool is_spelled_out(std::string_view ours, std::string_view raw) {
  return ours == "_" + std::string(utf8_length(strip(raw)), 'x');
}

Naming naming_of(const Json& test_case) {
  std::optional<std::size_t> max;
  if (const std::int64_t* limit = field(test_case, "max").as_int()) max = static_cast<std::size_t>(*limit);
  return Naming(naming_convention(text_field(test_case, "naming")).value(), max);
}

Outcome run_naming(const Json& test_case) {
  const Naming naming = naming_of(test_case);
  const std::string& raw = text_field(test_case, "in");

  Json parts = Json::array();
  for (const std::string_view part : naming.break_path(raw)) parts.push_back(part);
  const Json& recorded_parts = field(test_case, "break_path");
  if (parts != recorded_parts) return differs("break_path", to_json(parts), to_json(recorded_parts));

  struct Answer {
    std::string_view function;
    std::string ours;
  };
  const std::array answers{
      Answer{"normalize_identifier", naming.normalize_identifier(raw)},
      Answer{"normalize_table_identifier", naming.normalize_table_identifier(raw)},
      Answer{"normalize_path", naming.normalize_path(raw)},
      Answer{"normalize_tables_path", naming.normalize_tables_path(raw)},
  };
  bool differing = false;
  for (const Answer& answer : answers) {
    const std::string& recorded = text_field(test_case, answer.function);
    if (answer.ours == recorded) continue;
    if (!recorded.empty() || !is_spelled_out(answer.ours, raw)) return differs(answer.function, answer.ours, recorded);
    differing = true;
  }
  if (differing) return ExpectedDifference{&spelled_out};
  return Passed{};
}

const Registration registration({"naming.json", run_naming});

}  // namespace
}  // namespace outfall::vectors
