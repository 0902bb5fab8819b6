// SPDX-License-Identifier: Apache-2.0
//
// schema.json: documents to the inferred tables and columns.
#include "schema/schema.h"

#include <algorithm>
#include <string>
#include <utility>

#include "colliding_keys.h"
#include "shaped_document.h"
#include "vector_file.h"

namespace outfall::vectors {
namespace {

constexpr Rule large_integer{"integer beyond 64 bits",
                             "dlt stops, or makes a bigint column that no database can fill; ours is a decimal"};
constexpr Rule number_to_bool{"number into bool column",
                              "dlt stores whether the number is zero, which loses it; ours goes to a variant column"};
constexpr Rule far_timestamp{"timestamp that no calendar has",
                             "dlt's normalize stops; ours keeps the value, in a variant column or as text"};
constexpr Rule colliding_keys{"two keys, one column",
                              "dlt keeps the last value without a word; ours is an error that names both keys"};
constexpr Rule key_of_other_type{
    "key value of another type",
    "dlt makes a variant of a primary key column, whose NOT NULL then fails; ours is an error"};

/// Whether some value in the document fits.
template <class Fits>
bool any_value(const Json& document, Fits fits) {
  if (fits(document)) return true;
  if (const Json::Array* array = document.as_array()) {
    return std::ranges::any_of(*array, [&](const Json& element) { return any_value(element, fits); });
  }
  const Json::Object* object = document.as_object();
  return object != nullptr &&
         std::ranges::any_of(*object, [&](const auto& member) { return any_value(member.value, fits); });
}

/// Whether a table of `tables` has a column that fits.
template <class Fits>
bool any_column(const Json& tables, Fits fits) {
  return std::ranges::any_of(*tables.as_array(), [&](const Json& table) {
    return std::ranges::any_of(*table.find("columns")->as_array(), fits);
  });
}

bool has_type(const Json& column, std::string_view type) {
  const Json* data_type = column.find("data_type");
  return data_type != nullptr && data_type->as_string() && *data_type->as_string() == type;
}

bool is_variant_of(const Json& column, std::string_view suffix) {
  return column.find("variant") != nullptr && column.find("name")->as_string()->ends_with(suffix);
}

/// The rule under which the result, tables or an error of ours, differs from the recorded one.
const Rule* rule_for(const Json& test_case, const Result<Json>& ours) {
  const Json& documents = field(test_case, "docs");
  const Json* recorded = test_case.find("tables");
  if (!ours) {
    const schema::Naming naming(NamingConvention::snake_case);
    const bool collides = std::ranges::any_of(
        *documents.as_array(), [&](const Json& document) { return has_colliding_keys(document, naming); });
    if (collides && ours.error().message.find("both become") != std::string::npos && recorded) return &colliding_keys;
    const bool has_key = !field(test_case, "primary_key").as_array()->empty();
    const bool variant_of_key =
        recorded && any_column(*recorded, [](const Json& column) { return column.find("variant") != nullptr; });
    const bool refused = ours.error().message.find("must be set in every row") != std::string::npos;
    return has_key && variant_of_key && refused ? &key_of_other_type : nullptr;
  }
  const bool has_large_integer = any_value(documents, [](const Json& value) { return value.as_number() != nullptr; });
  if (has_large_integer && any_column(*ours, [](const Json& column) { return has_type(column, "decimal"); })) {
    return &large_integer;
  }
  const auto number_variant = [](const Json& column) {
    return is_variant_of(column, "__v_bigint") || is_variant_of(column, "__v_double");
  };
  if (recorded && any_column(*recorded, [](const Json& column) { return has_type(column, "bool"); }) &&
      any_column(*ours, number_variant) && !any_column(*recorded, number_variant)) {
    return &number_to_bool;
  }
  if (recorded) return nullptr;
  const std::string& error = text_field(test_case, "error");
  return error == "OSError" || error == "OverflowError" ? &far_timestamp : nullptr;
}

/// Documents normalized in one load, or why they could not be.
Result<schema::Schema> normalize_case(const Json& test_case, std::size_t chunk_documents) {
  schema::Schema schema = schema::Schema::make("vectors", NamingConvention::snake_case);
  const std::string& disposition = text_field(test_case, "write_disposition");
  const Json::Array& keys = *field(test_case, "primary_key").as_array();
  if (!keys.empty()) {
    schema::Table table = schema::Table::root("tab", disposition, "tab");
    for (const Json& key : keys) {
      schema::Column column;
      column.name = *key.as_string();
      column.nullable = false;
      column.primary_key = true;
      table.columns.add(std::move(column));
    }
    schema.tables.add(std::move(table));
  }
  normalize::NormalizeOptions options;
  options.write_disposition = disposition;
  options.load_id = "LOADID";
  options.inputs = {{.name = "case", .table = "tab"}};
  options.shape.system_columns = normalize::SystemColumns::keep;  // dlt takes a row id from anywhere
  options.shape.root_key = disposition == "merge";
  if (const std::int64_t* nesting = field(test_case, "max_table_nesting").as_int()) {
    options.shape.max_nesting = static_cast<int>(*nesting);
  }
  std::vector<std::string> documents;
  for (const Json& document : *field(test_case, "docs").as_array()) documents.push_back(to_json(document));
  std::size_t next = 0;
  const auto read = [&]() -> Result<std::optional<normalize::Chunk>> {
    if (next == documents.size()) return std::nullopt;
    const std::size_t end = std::min(next + chunk_documents, documents.size());
    const auto from = documents.begin();
    normalize::Chunk chunk =
        make_chunk({from + static_cast<std::ptrdiff_t>(next), from + static_cast<std::ptrdiff_t>(end)});
    next = end;
    return chunk;
  };
  const auto forget = [](std::string_view, const ArrowSchema&, ArrowArray* batch) {
    batch->release(batch);
    return Status{};
  };
  const auto done = normalize::normalize(options, schema, read, [](normalize::Chunk) {}, forget);
  if (!done) return fail(done.error());
  return schema;
}

/// The tables of a schema as the cases write them: columns as a list, in order of names.
Json tables_of(const schema::Schema& schema) {
  std::vector<std::pair<std::string, Json>> tables;
  for (const schema::Table& table : schema.tables) {
    if (table.name.starts_with("_dlt")) continue;
    Json document = table.to_json();
    document.erase("x-normalizer");
    Json::Array columns;
    for (const schema::Column& column : table.columns) columns.push_back(column.to_json());
    document.set("columns", std::move(columns));
    tables.emplace_back(table.name, std::move(document));
  }
  std::ranges::sort(tables, {}, &std::pair<std::string, Json>::first);
  Json::Array sorted;
  for (auto& [name, document] : tables) sorted.push_back(std::move(document));
  return sorted;
}

Json sorted_by_name(const Json& recorded) {
  Json::Array tables = *recorded.as_array();
  std::ranges::sort(tables, {}, [](const Json& table) { return *table.find("name")->as_string(); });
  return tables;
}

Outcome run_schema(const Json& test_case) {
  const Json* recorded = test_case.find("tables");
  Outcome outcome = Passed{};
  for (const std::size_t chunk_documents : {std::size_t{100}, std::size_t{1}}) {
    const Result<schema::Schema> schema = normalize_case(test_case, chunk_documents);
    const Result<Json> ours = schema ? Result<Json>(tables_of(*schema)) : fail(schema.error());
    const std::string ours_text = ours ? to_canonical_json(*ours) : "error " + ours.error().message;
    const std::string recorded_text =
        recorded != nullptr ? to_canonical_json(sorted_by_name(*recorded)) : "error " + text_field(test_case, "error");
    const bool same = recorded != nullptr ? ours_text == recorded_text : !ours;
    if (same) continue;
    const Rule* rule = rule_for(test_case, ours);
    if (rule == nullptr) return differs("result", ours_text, recorded_text);
    outcome = ExpectedDifference{rule};
  }
  return outcome;
}

const Registration registration({"schema.json", run_schema});

}  // namespace
}  // namespace outfall::vectors
