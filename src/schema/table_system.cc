// SPDX-License-Identifier: Apache-2.0
//
// The tables and columns that every dataset has, word for word as a dlt of engine version 11 stores them: the
// descriptions are part of the version hash.
#include "schema/table.h"

namespace outfall::schema {
namespace {

enum class Nulls { refused, allowed };

Column system_column(std::string_view name, DataType type, Nulls nulls = Nulls::refused) {
  Column column;
  column.name = name;
  column.type = type;
  column.nullable = nulls == Nulls::allowed;
  return column;
}

Column described(Column column, std::string_view description) {
  column.description = description;
  return column;
}

/// Load ids are short, and some destinations index only text of a known length.
Column load_id_of_64(std::string_view name, std::string_view description) {
  Column column = described(system_column(name, DataType::text), description);
  column.precision = 64;
  return column;
}

/// Unlike tables that were filled, these have their name first and no mark of data.
Table own_table(std::string_view name, std::string_view description) {
  Table table;
  table.name = name;
  table.write_disposition = "skip";
  table.resource = name;
  table.description = description;
  table.stored.set("name", name);
  table.stored.set("columns", nullptr);
  return table;
}

}  // namespace

Column id_column() {
  Column column = system_column(id_column_name, DataType::text);
  column.unique = true;
  column.row_key = true;
  return column;
}

Column load_id_column() {
  return system_column(load_id_column_name, DataType::text);
}

Column parent_id_column() {
  Column column = system_column(parent_id_column_name, DataType::text);
  column.parent_key = true;
  return column;
}

Column list_idx_column() {
  return system_column(list_idx_column_name, DataType::bigint);
}

Column root_id_column() {
  Column column = system_column(root_id_column_name, DataType::text);
  column.root_key = true;
  return column;
}

Table version_table() {
  using enum DataType;
  Table table = own_table(version_table_name, "Created by DLT. Tracks schema updates");
  table.columns.add(
      described(system_column("version", bigint), "Numeric version of the schema, incremented on each schema change"));
  table.columns.add(
      described(system_column("engine_version", bigint), "Version of the dlt schema engine that created this schema"));
  table.columns.add(
      described(system_column("inserted_at", timestamp), "Timestamp when this schema version was stored"));
  table.columns.add(described(system_column("schema_name", text), "Name of the schema"));
  table.columns.add(
      described(system_column("version_hash", text), "Unique hash of the schema content, used to detect changes"));
  table.columns.add(described(system_column("schema", text), "JSON representation of the complete schema definition"));
  return table;
}

Table loads_table() {
  using enum DataType;
  Table table = own_table(loads_table_name, "Created by DLT. Tracks completed loads");
  table.columns.add(load_id_of_64("load_id", "Unique identifier of the load operation"));
  table.columns.add(
      described(system_column("schema_name", text, Nulls::allowed), "Name of the schema associated with this load"));
  table.columns.add(described(system_column("status", bigint), "Status of the load operation (0 = success)"));
  table.columns.add(described(system_column("inserted_at", timestamp), "Timestamp when the load was completed"));
  table.columns.add(described(system_column("schema_version_hash", text, Nulls::allowed),
                              "Hash of the schema version used during this load"));
  return table;
}

Table pipeline_state_table() {
  using enum DataType;
  Table table;
  table.name = pipeline_state_table_name;
  table.write_disposition = "append";
  table.resource = pipeline_state_table_name;
  table.stored.set("columns", nullptr);
  table.stored.set("write_disposition", "append");
  table.stored.set("file_format", "preferred");
  table.columns.add(described(system_column("version", bigint), "Numeric version of the pipeline state"));
  table.columns.add(described(system_column("engine_version", bigint), "Version of the dlt state engine"));
  table.columns.add(described(system_column("pipeline_name", text), "Name of the pipeline this state belongs to"));
  table.columns.add(described(system_column("state", text), "Compressed JSON representation of the pipeline state"));
  table.columns.add(described(system_column("created_at", timestamp), "Timestamp when this state was created"));
  table.columns.add(described(system_column("version_hash", text, Nulls::allowed),
                              "Hash of the state content, used to detect changes"));
  table.columns.add(load_id_of_64(load_id_column_name, "Load identifier linking this row to its load operation"));
  table.columns.add(id_column());
  table.stored.set("name", pipeline_state_table_name);
  table.stored.set("resource", pipeline_state_table_name);
  table.mark_seen_data();
  return table;
}

}  // namespace outfall::schema
