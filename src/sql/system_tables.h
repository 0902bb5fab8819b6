// SPDX-License-Identifier: Apache-2.0
//
// The tables in which a dataset says what is in it: `_dlt_version` (schemas), `_dlt_loads` (completed loads) and
// `_dlt_pipeline_state`. Made and read exactly as dlt does, so that either can continue what the other loaded.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "schema/schema.h"
#include "sql/connection.h"
#include "sql/stored_dataset.h"
#include "sql/transaction.h"

namespace outfall::sql {

/// A dataset at a connection.
struct Dataset {
  Connection& connection;
  std::string name;

  TableName table(std::string_view table) const;
};

/// The newest stored schema of that name. None: no dataset, no such table, or no such schema.
Result<std::optional<StoredSchema>> newest_schema(const Dataset& dataset, const std::string& schema_name);

/// The newest document of each stored schema, the one stored last first. None: no dataset, or no such table.
Result<std::vector<std::string>> newest_schemas(const Dataset& dataset);

/// The state that the pipeline's newest completed load left. None as above.
Result<std::optional<StoredState>> newest_state(const Dataset& dataset, const std::string& pipeline);

/// Whether the load is recorded as complete. False also when there is no dataset.
Result<bool> has_load(const Dataset& dataset, const std::string& load_id);

/// The same, once no transaction is left that could still record it: the server may be at work for a process that is
/// dead, and answer later.
Result<bool> has_load_for_good(const Dataset& dataset, const std::string& load_id);

/// What a transaction holds (Transaction::hold) that records the load.
std::string hold_of_load(const Dataset& dataset, const std::string& load_id);

/// What a transaction holds that takes rows of the table away and puts others in their place: two of them at once would
/// each put theirs.
std::string hold_of_rows(const Dataset& dataset, std::string_view table);

/// What a transaction holds that makes tables of the dataset, or alters them.
std::string hold_of_tables(const Dataset& dataset);

/// All loads that are recorded as complete. None also when there is no dataset.
Result<std::vector<std::string>> recorded_loads(const Dataset& dataset, std::string_view schema_name = "");

struct SchemaRow {
  const schema::Schema& schema;
  std::string version_hash;
  std::string document;  ///< JSON
  std::int64_t inserted_at_us;
};

/// Stores the schema unless one of this hash is there.
Status store_schema(Transaction& transaction, const Dataset& dataset, const SchemaRow& row);

struct LoadRow {
  std::string load_id;
  std::string schema_name;
  std::string schema_version_hash;
  std::int64_t inserted_at_us;
};

/// Records the load as complete.
Status store_load(Transaction& transaction, const Dataset& dataset, const LoadRow& row);

/// Microseconds since 1970 as a text that databases cast to a timestamp: "2024-04-14 08:32:00.000001+00:00".
std::string timestamp_text(std::int64_t microseconds);

}  // namespace outfall::sql
