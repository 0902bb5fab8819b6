// SPDX-License-Identifier: Apache-2.0
#include "destinations/function/function_destination.h"

#include <fmt/format.h>

#include <utility>

#include "destinations/function/function_writer.h"

namespace outfall::destinations::function {
namespace {

bool is_name(std::string_view name) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.";
  return !name.empty() && name.find_first_not_of(allowed) == std::string_view::npos;
}

/// A file of columns has nothing of a document but these.
bool takes_columns(const delivery::LaneOptions& lanes) {
  const bool is_lines = lanes.format == LoaderFileFormat::jsonl || lanes.format == LoaderFileFormat::typed_jsonl;
  return lanes.batch_size == 0 && !is_lines;
}

}  // namespace

Result<std::string> address_of(const OwnDestination& destination) {
  const std::string& name = destination.own_name();
  if (is_name(name)) return "custom:" + name;
  return fail(Error{.message = fmt::format("a custom destination cannot be called '{}'", name),
                    .hint = "give CustomOptions::name, or DatasetOptions::name, letters, digits, _, - and .",
                    .blame = Blame::usage});
}

FunctionDestination::FunctionDestination(std::string address, std::shared_ptr<CustomDestination> destination,
                                         const FunctionOptions& options)
    : UnaskedDestination(address + " cannot be queried: it is a function that takes rows"),
      address_(std::move(address)),
      destination_(std::move(destination)),
      options_(options),
      capabilities_{.naming = options.naming,
                    .max_table_nesting = options.max_table_nesting,
                    .takes_documents = destination_->options().keeps_documents && !takes_columns(options.lanes),
                    .recommended_file_size = options.recommended_file_size,
                    .raises_on_failed_jobs = options.raises_on_failed_jobs},
      opening_(options.timeout) {}

/// What the function has of its own may take its time to end.
FunctionDestination::~FunctionDestination() {
  const delivery::CallWatch::Call watched(watch().get(), [] { return "the function's end"; });
  destination_ = nullptr;
}

DeliveryMode FunctionDestination::mode() const {
  const bool knows_what_it_has = destination_->options().deduplicates || destination_->resolves();
  return knows_what_it_has ? DeliveryMode::idempotency_key : DeliveryMode::at_least_once;
}

Status FunctionDestination::open_once(const std::stop_token& stop) {
  if (is_open_) return {};
  if (stuck_) return fail(*stuck_);
  Result<Configuration> configuration = Configuration::load(options_.configuration);
  if (!configuration) return fail(std::move(configuration.error()));
  // A call that is left alone goes on with these.
  const auto given = std::make_shared<const Configuration>(std::move(*configuration));
  const auto opened = std::make_shared<Status>();
  const delivery::CallWatch::Call watched(watch().get(), [] { return "the function's open"; });
  const Outcome called = opening_.call(
      [given, opened, destination = destination_] {
        *opened = destination->open(*given);
        return Outcome::delivered();
      },
      "open", stop);
  if (opening_.is_stuck()) {
    stuck_ = Error{.message = fmt::format("open {}: {}", address_, called.reason),
                   .hint =
                       "give it more time (--timeout, BatchOptions::timeout), or let the first batch do what takes "
                       "long",
                   .remedy = Remedy::retry,
                   .blame = stop.stop_requested() ? Blame::interrupted : Blame::run};
    return fail(*stuck_);
  }
  Status answer = called.kind == Outcome::Kind::delivered ? std::move(*opened) : fail(called.reason);
  if (!answer) return fail(std::move(answer.error()).in("open " + address_));
  is_open_ = true;
  return {};
}

Result<std::optional<sql::StoredDataset>> FunctionDestination::inspect(const delivery::DatasetKey& key) {
  if (key.inspection != delivery::Inspection::before_a_load) return std::nullopt;
  if (Status opened = open_once(key.stop); !opened) return fail(std::move(opened.error()));
  return std::nullopt;
}

Result<std::optional<delivery::Intake>> FunctionDestination::intake(const delivery::LoadRequest& request) {
  if (Status opened = open_once(request.stop); !opened) return fail(std::move(opened.error()));
  Result<std::optional<schema::Schema>> before = delivery::schema_before(request);
  if (!before) return fail(std::move(before.error()));
  const auto introduction =
      std::make_shared<LoadIntroduction>(request.package.load_id, destination_->options().skip_dlt_columns_and_tables,
                                         std::move(*before), request.lanes == nullptr ? nullptr : request.lanes->board);
  const auto make_writer = [this, introduction]() -> Result<std::unique_ptr<delivery::Writer>> {
    return std::make_unique<FunctionWriter>(destination_, introduction, options_.timeout, options_.log, watch());
  };
  return delivery::Intake{.options = options_.lanes, .make_writer = make_writer};
}

Status FunctionDestination::abort_load(const delivery::LoadKey& key, const std::stop_token& stop) {
  if (Status opened = open_once(stop); !opened) return opened;
  if (stop.stop_requested()) return fail("the run was stopped");
  const auto introduction =
      std::make_shared<LoadIntroduction>(key.load_id, destination_->options().skip_dlt_columns_and_tables);
  const Outcome told = FunctionWriter(destination_, introduction, options_.timeout, options_.log, watch())
                           .tell({.kind = delivery::Event::Kind::abort_load, .load_id = key.load_id, .stop = stop});
  return told.kind == Outcome::Kind::delivered ? Status{} : fail(told.reason, told.hint);
}

}  // namespace outfall::destinations::function
