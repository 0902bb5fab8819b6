// SPDX-License-Identifier: Apache-2.0
//
// The state is kept as its document: most of it belongs to sources, and must leave as it came.
#include "schema/pipeline_state.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/base64.h"
#include "base/hash.h"
#include "schema/document_fields.h"
#include "schema/stored_text.h"

namespace outfall::schema {
namespace {

constexpr std::string_view version_key = "_state_version";
constexpr std::string_view engine_version_key = "_state_engine_version";
constexpr std::string_view hash_key = "_version_hash";
constexpr std::string_view local_key = "_local";
constexpr std::string_view pipeline_key = "pipeline_name";
constexpr std::string_view schemas_key = "schema_names";
constexpr std::string_view announced_key = "outfall_schema_versions";

std::unexpected<Error> refuse(Error error) {
  return fail(std::move(error).in("pipeline state"));
}

Status check(const Json& document) {
  if (!document.is_object()) return fail(fmt::format("{} where an object belongs", document.kind()));
  std::int64_t version = -1;
  std::int64_t engine_version = -1;
  std::string hash;
  std::string pipeline;
  Status read = read_field(document, version_key, version);
  if (read) read = read_field(document, engine_version_key, engine_version);
  if (read) read = read_field(document, hash_key, hash);
  if (read) read = read_field(document, pipeline_key, pipeline);
  if (!read) return read;
  if (version < 0) return fail(fmt::format("it has no \"{}\"", version_key));
  if (pipeline.empty()) return fail(fmt::format("it has no \"{}\"", pipeline_key));
  if (engine_version != state_engine_version) {
    return fail(fmt::format("engine version {} is not {}", engine_version, state_engine_version),
                "run the pipeline once with dlt 1.31, which brings its state to version 4");
  }
  const Json* schemas = document.find(schemas_key);
  if (schemas && !schemas->is_null() && !schemas->is_array()) {
    return fail(fmt::format("\"{}\" is {} where an array belongs", schemas_key, schemas->kind()));
  }
  return {};
}

}  // namespace

PipelineState PipelineState::make(const StateIdentity& identity) {
  Json document;
  document.set(version_key, 0);
  document.set(engine_version_key, state_engine_version);
  document.set("default_schema_name", identity.default_schema_name);
  document.set("dataset_name", identity.dataset_name);
  document.set(schemas_key, Json::array());
  document.set(pipeline_key, identity.pipeline_name);
  document.set("destination_type", identity.destination_type);
  document.set("destination_name", nullptr);
  PipelineState state(std::move(document));
  if (!identity.default_schema_name.empty()) state.add_schema(identity.default_schema_name);
  return state;
}

Result<PipelineState> PipelineState::parse(std::string_view text) {
  Result<Json> document = parse_json(text);
  if (!document) return refuse(std::move(document).error());
  if (Status checked = check(*document); !checked) return refuse(std::move(checked).error());
  return PipelineState(*std::move(document));
}

Result<PipelineState> PipelineState::restore(std::string_view stored) {
  Result<std::string> text = unpack_text(stored);
  if (!text) return refuse(std::move(text).error());
  return parse(*text);
}

std::int64_t PipelineState::version() const {
  const Json* version = document_.find(version_key);
  return version && version->as_int() ? *version->as_int() : 0;
}

const std::string& PipelineState::pipeline_name() const {
  static const std::string none;
  const Json* name = document_.find(pipeline_key);
  return name && name->as_string() ? *name->as_string() : none;
}

std::string_view PipelineState::version_hash() const {
  const Json* hash = document_.find(hash_key);
  return hash && hash->as_string() ? std::string_view(*hash->as_string()) : std::string_view();
}

void PipelineState::add_schema(std::string_view name) {
  Json* schemas = document_.find(schemas_key);
  if (!schemas || !schemas->is_array()) schemas = &document_.set(schemas_key, Json::array());
  Json::Array& names = *schemas->as_array();
  const auto text_of = [](const Json& element) -> std::string_view {
    return element.as_string() ? std::string_view(*element.as_string()) : std::string_view();
  };
  if (std::ranges::find(names, name, text_of) != names.end()) return;
  names.emplace_back(name);
  std::ranges::sort(names, {}, text_of);
}

void PipelineState::announce_schema(std::string_view name, std::int64_t version) {
  Json* announced = document_.find(announced_key);
  if (!announced || !announced->is_object()) announced = &document_.set(announced_key, Json::object());
  announced->set(name, version);
}

std::string PipelineState::text() const {
  Json synced = document_;
  synced.erase(local_key);
  return to_json(synced);
}

std::string PipelineState::stored_text() const {
  return pack_text(text());
}

std::string PipelineState::compute_version_hash() const {
  Json hashed = document_;
  for (const std::string_view key : {version_key, engine_version_key, hash_key, local_key}) hashed.erase(key);
  return base64_encode(sha3_256(to_canonical_json(hashed)));
}

bool PipelineState::bump() {
  std::string now = compute_version_hash();
  if (now == version_hash()) return false;
  document_.set(version_key, version() + 1);
  document_.set(hash_key, std::move(now));
  return true;
}

}  // namespace outfall::schema
