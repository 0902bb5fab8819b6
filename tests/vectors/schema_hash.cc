// SPDX-License-Identifier: Apache-2.0
//
// schema_hash.json: stored schema documents, read, written back and hashed; and the tables of every dataset in them,
// which we must be able to make ourselves.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/hash.h"
#include "schema/schema.h"
#include "vector_file.h"

namespace outfall::vectors {
namespace {

using schema::Schema;
using schema::Table;

std::optional<Table> our_system_table(std::string_view name) {
  if (name == schema::version_table_name) return schema::version_table();
  if (name == schema::loads_table_name) return schema::loads_table();
  if (name == schema::pipeline_state_table_name) return schema::pipeline_state_table();
  return std::nullopt;
}

/// Up to 1.26 the columns of these tables had no description; such documents are kept as they are.
bool is_described(const Table& table) {
  return !table.columns.empty() && !table.columns[0].description.empty();
}

Outcome compare_system_tables(const Schema& read) {
  for (const Table& table : read.tables) {
    const std::optional<Table> ours = our_system_table(table.name);
    if (!ours || !is_described(table)) continue;
    if (ours->to_json() != table.to_json())
      return differs(table.name, to_json(ours->to_json()), to_json(table.to_json()));
  }
  return Passed{};
}

/// A schema with nothing of its own is what Schema::make gives.
Outcome compare_fresh(const Schema& read, std::string_view recorded) {
  const Schema made = Schema::make(read.name, read.naming().value());
  const bool nothing_own = read.tables == made.tables && read.settings == made.settings && read.version == 1;
  if (nothing_own && made.to_json() != recorded) return differs("a fresh schema", made.to_json(), recorded);
  return Passed{};
}

Outcome run_schema_hash(const Json& test_case) {
  const std::string recorded = to_json(field(test_case, "schema"));
  const std::string& recorded_hash = text_field(test_case, "version_hash");
  Result<Schema> read = Schema::parse(recorded);
  if (!read) return Failed{read.error().message};
  if (read->to_json() != recorded) return differs("document", read->to_json(), recorded);

  const std::string canonical = read->canonical_json();
  const std::string length = std::to_string(canonical.size());
  const std::string recorded_length = to_json(field(test_case, "canonical_length"));
  if (length != recorded_length) return differs("canonical length", length, recorded_length);
  const std::string digest = fmt::format("{:02x}", fmt::join(sha3_256(canonical), ""));
  const std::string& recorded_digest = text_field(test_case, "canonical_sha3_256");
  if (digest != recorded_digest) return differs("canonical hash", digest, recorded_digest);
  if (read->compute_version_hash() != recorded_hash) {
    return differs("version hash", read->compute_version_hash(), recorded_hash);
  }
  if (read->bump()) return Failed{"bump saw a change where there is none"};
  if (Outcome tables = compare_system_tables(*read); !std::holds_alternative<Passed>(tables)) return tables;
  return compare_fresh(*read, recorded);
}

const Registration registration({"schema_hash.json", run_schema_hash});

}  // namespace
}  // namespace outfall::vectors
