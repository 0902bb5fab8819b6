// SPDX-License-Identifier: Apache-2.0
//
// Destinations as JSON documents. Fields are only ever added; what they mean is in docs/command-line.md.
#include "base/json.h"
#include "base/report_json.h"
#include "outfall/destination.h"

namespace outfall {
namespace {

/// What dlt calls a length without a limit.
constexpr std::int64_t any_length = 65536;

Json pair(int first, int second) {
  Json out = Json::array();
  out.push_back(first);
  out.push_back(second);
  return out;
}

Json configured_json(const ConfiguredDestination& destination) {
  Json out = Json::object();
  out.set("name", destination.name);
  out.set("address", text_or_null(destination.address));
  out.set("place", text_or_null(destination.place));
  out.set("problem", text_or_null(destination.problem));
  return out;
}

Json kind_json(const DestinationKind& kind) {
  Json out = Json::object();
  out.set("form", kind.form);
  out.set("what", kind.what);
  out.set("mode", name(kind.mode));
  return out;
}

Json texts_json(const std::vector<std::string>& texts) {
  return list_json(texts, [](const std::string& text) { return Json(text); });
}

template <class Word>
Json words_json(const std::vector<Word>& words) {
  return list_json(words, [](Word word) { return Json(name(word)); });
}

}  // namespace

std::string to_json(const DestinationCapabilities& capabilities) {
  const bool is_database = capabilities.mode == DeliveryMode::transactional;
  const Json length = capabilities.identifier_length_max == 0
                          ? Json(any_length)
                          : Json(static_cast<std::int64_t>(capabilities.identifier_length_max));
  Json out = Json::object();
  out.set("destination", capabilities.address);
  out.set("kind", capabilities.kind);
  out.set("mode", name(capabilities.mode));
  out.set("preferred_loader_file_format", is_database ? "arrow" : "jsonl");
  out.set("supported_loader_file_formats", texts_json({is_database ? "arrow" : "jsonl"}));
  out.set("naming_convention", name(capabilities.naming));
  out.set("max_table_nesting", capabilities.max_table_nesting ? Json(*capabilities.max_table_nesting) : Json());
  out.set("has_case_sensitive_identifiers", capabilities.case_sensitive_names);
  out.set("max_identifier_length", length);
  out.set("max_column_identifier_length", length);
  out.set("decimal_precision", pair(38, 9));
  out.set("wei_precision", is_database ? pair(38, 0) : pair(78, 0));
  out.set("supports_ddl_transactions", is_database);
  out.set("supports_transactions", is_database);
  out.set("supported_merge_strategies", words_json(capabilities.merge_strategies));
  out.set("supported_replace_strategies", words_json(capabilities.replace_strategies));
  out.set("supports_tz_aware_datetime", true);
  out.set("supports_naive_datetime", true);
  out.set("timestamp_precision", 6);
  out.set("max_parallel_load_jobs", capabilities.load_jobs_max ? Json(*capabilities.load_jobs_max) : Json());
  out.set("loader_parallelism_strategy", capabilities.load_jobs_max ? Json(name(capabilities.parallelism)) : Json());
  out.set("recommended_file_size", capabilities.recommended_file_size == 0
                                       ? Json()
                                       : Json(static_cast<std::int64_t>(capabilities.recommended_file_size)));
  out.set("supported_write_dispositions",
          capabilities.write_dispositions.empty() ? Json() : words_json(capabilities.write_dispositions));
  return to_json(out);
}

std::string to_json(const DestinationList& list) {
  Json out = Json::object();
  out.set("configured", list_json(list.configured, configured_json));
  out.set("kinds", list_json(list.kinds, kind_json));
  out.set("folders", texts_json(list.folders));
  return to_json(out);
}

std::string to_json(const DestinationFinding& finding) {
  Json out = Json::object();
  out.set("destination", finding.address);
  out.set("facts", texts_json(finding.facts));
  return to_json(out);
}

}  // namespace outfall
