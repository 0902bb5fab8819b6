// SPDX-License-Identifier: Apache-2.0
#include "destinations/dataset/dataset_adapter.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/env.h"
#include "destinations/dataset/dataset_load.h"
#include "destinations/dataset/guarded.h"

namespace outfall::destinations::dataset {
namespace {

delivery::Capabilities capabilities_of(const DatasetOptions& options) {
  return {.identifier_length_max = options.max_identifier_length,
          .case_sensitive_names = options.case_sensitive_identifiers,
          .naming = options.naming_convention,
          .max_table_nesting = options.max_table_nesting,
          .recommended_file_size = options.recommended_file_size,
          .write_dispositions = options.write_dispositions,
          .merge_strategies = options.merge_strategies};
}

std::unexpected<Error> contradiction(const std::string& address, std::string_view what, std::string hint) {
  return fail(Error{
      .message = fmt::format("destination {}: {}", address, what), .hint = std::move(hint), .blame = Blame::usage});
}

/// A password that stands in secrets.toml is a value as any other to whoever needs it.
Result<std::string> setting(const Configuration& configuration, std::string_view key) {
  Result<std::string> text = configuration.text(key);
  if (text) return text;
  const Result<Secret> secret = configuration.secret(key);
  return secret ? Result<std::string>(secret->reveal()) : text;
}

}  // namespace

Result<std::unique_ptr<delivery::Destination>> DatasetAdapter::make(std::string address,
                                                                    std::shared_ptr<DatasetDestination> dataset,
                                                                    ConfigurationOptions configuration) {
  const DatasetOptions& options = dataset->options();
  const auto takes = [&options](WriteDisposition disposition) {
    return std::ranges::find(options.write_dispositions, disposition) != options.write_dispositions.end();
  };
  if (options.mode == DeliveryMode::none) {
    return contradiction(address, "it promises nothing, and takes whole loads",
                         "set DatasetOptions::mode to what it keeps (outfall/dataset_destination.h)");
  }
  if (options.write_dispositions.empty()) {
    return contradiction(address, "it has no write disposition", "append is the least that a destination can do");
  }
  if (takes(WriteDisposition::merge) == options.merge_strategies.empty()) {
    return contradiction(address, "the disposition merge and strategies for it go together",
                         "give DatasetOptions::write_dispositions and merge_strategies both, or neither");
  }
  return std::unique_ptr<delivery::Destination>(
      new DatasetAdapter(std::move(address), std::move(dataset), std::move(configuration)));
}

DatasetAdapter::DatasetAdapter(std::string address, std::shared_ptr<DatasetDestination> dataset,
                               ConfigurationOptions configuration)
    : address_(std::move(address)),
      dataset_(std::move(dataset)),
      configuration_(std::move(configuration)),
      capabilities_(capabilities_of(dataset_->options())) {}

Status DatasetAdapter::open() {
  if (is_open_) return {};
  const Result<Configuration> configuration = Configuration::load(configuration_);
  if (!configuration) return fail(configuration.error());
  const auto settings = [&configuration](std::string_view key) { return setting(*configuration, key); };
  if (Status opened = guarded(watch().get(), "open " + address_, [&] { return dataset_->open(settings); }); !opened)
    return opened;
  is_open_ = true;
  return {};
}

Status DatasetAdapter::check_configuration(const std::stop_token&) {
  return open();
}

Result<std::optional<delivery::Intake>> DatasetAdapter::intake(const delivery::LoadRequest&) {
  return std::nullopt;
}

void DatasetAdapter::close() {
  if (!is_open_) return;
  const auto closed = guarded(watch().get(), "close", [this]() -> Status {
    dataset_->close();
    return {};
  });
  if (!closed) is_open_ = false;
}

Result<std::optional<sql::StoredDataset>> DatasetAdapter::inspect(const delivery::DatasetKey& key) {
  if (Status opened = open(); !opened) return fail(std::move(opened.error()));
  auto schema = guarded(watch().get(), "stored_schema",
                        [&] { return dataset_->stored_schema(key.dataset, key.schema_name, ""); });
  if (!schema) return fail(std::move(schema.error()));
  auto state =
      guarded(watch().get(), "stored_state", [&] { return dataset_->stored_state(key.dataset, key.pipeline); });
  if (!state) return fail(std::move(state.error()));
  if (!*schema && !*state) {
    const auto loads = guarded(watch().get(), "loads", [&] { return dataset_->loads(key.dataset); });
    if (!loads) return fail(loads.error());
    if (loads->empty()) return std::nullopt;
  }
  sql::StoredDataset found;
  if (*schema) {
    found.schema = {.version = (*schema)->version,
                    .engine_version = (*schema)->engine_version,
                    .name = (*schema)->name,
                    .version_hash = (*schema)->version_hash,
                    .document = (*schema)->document};
  }
  if (*state) {
    found.state = {.version = (*state)->version,
                   .engine_version = (*state)->engine_version,
                   .pipeline = (*state)->pipeline,
                   .state = (*state)->state,
                   .version_hash = (*state)->version_hash,
                   .load_id = (*state)->load_id};
  }
  return found;
}

Result<std::vector<std::string>> DatasetAdapter::stored_schemas(const std::string& dataset, delivery::Inspection) {
  if (Status opened = open(); !opened) return fail(std::move(opened.error()));
  const auto schema = guarded(watch().get(), "stored_schema", [&] { return dataset_->stored_schema(dataset, "", ""); });
  if (!schema) return fail(schema.error());
  return *schema ? std::vector{(*schema)->document} : std::vector<std::string>();
}

Result<std::vector<schema::ColumnThere>> DatasetAdapter::columns(const std::string&, delivery::Inspection) {
  return std::vector<schema::ColumnThere>();
}

Result<std::uint64_t> DatasetAdapter::count_rows(const std::string& dataset, const std::string& table) {
  if (Status opened = open(); !opened) return fail(std::move(opened.error()));
  std::uint64_t rows = 0;
  const auto count = [&rows](std::string_view lines) -> Status {
    rows += static_cast<std::uint64_t>(std::ranges::count(lines, '\n'));
    return {};
  };
  if (Status read = guarded(watch().get(), "read", [&] { return dataset_->read(dataset, table, count); }); !read)
    return fail(std::move(read.error()));
  return rows;
}

Result<bool> DatasetAdapter::has_load(const std::string& dataset, const std::string& load_id) {
  if (Status opened = open(); !opened) return fail(std::move(opened.error()));
  return guarded(watch().get(), "has_load", [&] { return dataset_->has_load(dataset, load_id); });
}

Result<std::vector<std::string>> DatasetAdapter::recorded_loads(const std::string& dataset,
                                                                std::string_view schema_name, delivery::Inspection) {
  if (Status opened = open(); !opened) return fail(std::move(opened.error()));
  const auto loads = guarded(watch().get(), "loads", [&] { return dataset_->loads(dataset); });
  if (!loads) return fail(loads.error());
  std::vector<std::string> ids;
  for (const DatasetLoad& load : *loads) {
    if (schema_name.empty() || load.schema_name == schema_name) ids.push_back(load.load_id);
  }
  std::ranges::sort(ids);
  return ids;
}

Result<delivery::LoadSummary> DatasetAdapter::load(const delivery::LoadRequest& request) {
  return load_package(*dataset_, request, watch().get(), Env::system());
}

Status DatasetAdapter::abort_load(const delivery::LoadKey& key, const std::stop_token&) {
  if (Status opened = open(); !opened) return opened;
  return guarded(watch().get(), "abandon_load", [&] { return dataset_->abandon_load(key.dataset, key.load_id); });
}

std::unexpected<Error> DatasetAdapter::answers_no_queries() const {
  return fail(Error{.message = address_ + " answers no queries: it is a destination of a program's own",
                    .hint = "",
                    .blame = Blame::usage});
}

Result<std::unique_ptr<sql::TextCursor>> DatasetAdapter::query(const delivery::QueryRequest&) {
  return answers_no_queries();
}

Status DatasetAdapter::query_rows(const delivery::QueryRequest&, ArrowArrayStream*) {
  return answers_no_queries();
}

}  // namespace outfall::destinations::dataset
