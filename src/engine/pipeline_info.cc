// SPDX-License-Identifier: Apache-2.0
//
// Reads schema and state out of a ledger.
#include "outfall/pipeline_info.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <span>
#include <utility>

#include "base/json.h"
#include "base/report_json.h"
#include "engine/pipeline_names.h"
#include "ledger/data_dir.h"
#include "ledger/ledger.h"

namespace outfall {
namespace {

struct OpenPipeline {
  std::string key;
  std::string data_dir;
  ledger::PipelinePaths paths;
  ledger::Ledger ledger;
};

Result<OpenPipeline> open_one(const PipelineInfoOptions& options) {
  const Result<engine::PipelinesFound> found =
      engine::find_pipelines({.data_dir = options.data_dir, .state = options.state}, options.pipeline);
  if (!found) return fail(found.error());
  if (found->keys.size() != 1) {
    return fail(Error{.message = fmt::format("{} pipelines are called '{}'", found->keys.size(), options.pipeline),
                      .hint = fmt::format("name one of them in full: {}", fmt::join(found->keys, ", ")),
                      .blame = Blame::usage});
  }
  Result<ledger::PipelinePaths> paths = ledger::pipeline_paths(found->data_dir, found->keys.front());
  if (!paths) return fail(std::move(paths.error()));
  Result<ledger::Ledger> ledger = ledger::Ledger::open_read_only(paths->database);
  if (!ledger) return fail(std::move(ledger.error()));
  return OpenPipeline{.key = found->keys.front(),
                      .data_dir = found->data_dir,
                      .paths = std::move(*paths),
                      .ledger = std::move(*ledger)};
}

std::string text_in(const Json& object, std::string_view key) {
  const Json* found = object.find(key);
  const std::string* text = found == nullptr ? nullptr : found->as_string();
  return text == nullptr ? "" : *text;
}

std::span<const Json::Member> members_in(const Json& object, std::string_view key) {
  const Json* found = object.find(key);
  if (found == nullptr || !found->is_object()) return {};
  return *found->as_object();
}

std::string type_in(const Json& column) {
  std::string type = text_in(column, "data_type");
  const Json* precision = column.find("precision");
  const Json* scale = column.find("scale");
  if (type.empty() || precision == nullptr || precision->as_int() == nullptr) return type;
  type += fmt::format("({}", *precision->as_int());
  if (scale != nullptr && scale->as_int() != nullptr) type += fmt::format(",{}", *scale->as_int());
  return type + ")";
}

StoredTable table_of(const Json::Member& member) {
  StoredTable table{.name = member.key,
                    .parent = text_in(member.value, "parent"),
                    .write_disposition = text_in(member.value, "write_disposition")};
  for (const Json::Member& column : members_in(member.value, "columns")) {
    const Json* nullable = column.value.find("nullable");
    table.columns.push_back(
        {.name = column.key,
         .type = type_in(column.value),
         .nullable = nullable == nullptr || nullable->as_bool() == nullptr || *nullable->as_bool()});
  }
  return table;
}

std::vector<std::string> keys_of(const std::string& state) {
  std::vector<std::string> keys;
  const Result<Json> document = parse_json(state);
  if (!document || !document->is_object()) return keys;
  for (const Json::Member& member : *document->as_object()) {
    if (member.key != "sources") {
      keys.push_back(member.key);
      continue;
    }
    for (const Json::Member& source : members_in(*document, "sources")) keys.push_back("sources." + source.key);
  }
  return keys;
}

Status add_schema_and_state(ledger::Ledger& ledger, PipelineInfo& info) {
  const Result<std::optional<ledger::Binding>> binding = ledger.binding();
  if (!binding) return fail(binding.error());
  if (*binding) {
    info.known_as = (*binding)->name;
    info.meaning = (*binding)->meaning;
    auto remembered = ledger.destination_state((*binding)->destination);
    if (!remembered) return fail(std::move(remembered.error()));
    info.destination_state = std::move(*remembered);
  }
  const Result<std::optional<ledger::StoredSchema>> schema = ledger.stored_schema();
  if (!schema) return fail(schema.error());
  if (*schema) info.schemas.push_back((*schema)->name);
  const Result<std::string> state = ledger.stored_state();
  if (!state) return fail(state.error());
  info.state_keys = keys_of(*state);
  return {};
}

}  // namespace

Result<StoredSchema> stored_schema(const PipelineInfoOptions& options) {
  Result<OpenPipeline> pipeline = open_one(options);
  if (!pipeline) return fail(std::move(pipeline.error()));
  const Result<std::optional<ledger::StoredSchema>> stored = pipeline->ledger.stored_schema();
  if (!stored) return fail(stored.error());
  if (!*stored) {
    return fail(Error{.message = fmt::format("pipeline '{}' has no schema yet", pipeline->key),
                      .hint = "the first run that seals something makes it",
                      .blame = Blame::usage});
  }
  const Result<Json> document = parse_json((*stored)->document);
  if (!document) return fail(Error(document.error()).in("read the stored schema"));
  StoredSchema schema{.pipeline = pipeline->key,
                      .name = (*stored)->name,
                      .version_hash = (*stored)->version_hash,
                      .document = (*stored)->document};
  for (const Json::Member& table : members_in(*document, "tables")) schema.tables.push_back(table_of(table));
  return schema;
}

Result<PipelineInfo> pipeline_info(const PipelineInfoOptions& options) {
  Result<OpenPipeline> pipeline = open_one(options);
  if (!pipeline) return fail(std::move(pipeline.error()));
  PipelineInfo info{.data_dir = pipeline->data_dir, .folder = pipeline->paths.folder};
  if (Status added = add_schema_and_state(pipeline->ledger, info); !added) return fail(std::move(added.error()));
  // What others have shared was fetched a moment ago.
  Result<DataDirStatus> seen = status({.data_dir = pipeline->data_dir,
                                       .state = std::string(engine::shared_with_nobody),
                                       .pipeline = pipeline->key,
                                       .packages_max = 0,
                                       .runs_max = 1});
  if (!seen) return fail(std::move(seen.error()));
  info.status = std::move(seen->pipelines.front());
  return info;
}

std::string to_json(const PipelineInfo& info) {
  const auto text = [](const std::string& one) { return Json(one); };
  Json out = Json::object();
  out.set("pipeline", info.status.name);
  out.set("known_as", info.known_as);
  out.set("data_dir", info.data_dir);
  out.set("folder", info.folder);
  out.set("destination", info.status.destination);
  out.set("meaning", text_or_null(info.meaning));
  out.set("dataset", info.status.dataset);
  out.set("schemas", list_json(info.schemas, text));
  out.set("pending_packages",
          list_json(info.status.packages, [](const PackageStatus& package) { return Json(package.load_id); }));
  out.set("dead_letters", count_json(info.status.dead_letters));
  out.set("state_keys", list_json(info.state_keys, text));
  Json remembered = Json::object();
  for (const auto& [name, value] : info.destination_state) {
    const Result<Json> read = parse_json(value, Fractions::as_written);
    remembered.set(name, read ? *read : Json());
  }
  out.set("destination_state", std::move(remembered));
  return to_json(out);
}

}  // namespace outfall
